"""Training of the chord network on MuVi-Sync, with chord corpora beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from video2music.harmony.vocabulary import CHORD_COUNT
from video2music.models.amt import AffectiveMultimodalTransformer, AmtConfig
from video2music.models.inputs import FeatureBatch
from video2music.models.loading import save_amt
from video2music.training.batching import chunks, drop_groups, stretched
from video2music.training.corpora import KeyFinder, Progression, load_progressions, sample_grid
from video2music.training.dataset import Song, chord_batch, feature_batch, load_split
from video2music.training.inputs import learn_inputs
from video2music.training.loop import LoopOptions, Progress, Run, resume_path, train
from video2music.training.losses import chord_loss, two_part_loss

OURS = AmtConfig(
    d_model=128,
    heads=4,
    feed_forward=384,
    encoder_layers=1,
    decoder_layers=4,
    dropout=0.2,
    inner_dropout=0.0,
    semantic_components=48,
    always_full=False,
    absolute_positions=False,
    cross_attention=False,
    norm_first=True,
    hold_steps=12,
    copy_width=64,
    unused_tensors=False,
)
"""The configuration whose weights ship."""

POOL = 8
"""Batches of similar length are cut from so many batches' worth of songs in random order."""


@dataclass(frozen=True)
class AmtTrainingOptions:
    """How the chord network is trained.

    Attributes:
        loop: seed, epochs, rates.
        config: sizes and choices of the network.
        corpora: folders with chord files beside MuVi-Sync; none is fine.
        corpus_share: pieces of the corpora per piece of MuVi-Sync in the first epoch; it falls to none at the end.
        emotion_loss: share of the paper's emotion loss, 0 for likelihood alone; the paper uses 0.6.
        smoothing: label smoothing.
        batch_songs: songs per batch.
        group_dropout: chance that a song loses its semantic, scene offset, motion and emotion inputs, each by itself.
        video_dropout: chance that a song loses all four.
        stretch: largest change of speed as a factor, for half of the songs.
    """

    loop: LoopOptions = field(default_factory=lambda: LoopOptions(epochs=24, learning_rate=1.5e-3, averaging=0.995))
    config: AmtConfig = OURS
    corpora: tuple[Path, ...] = ()
    corpus_share: float = 3.0
    emotion_loss: float = 0.0
    smoothing: float = 0.0
    batch_songs: int = 16
    group_dropout: tuple[float, float, float, float] = (0.7, 0.2, 0.2, 0.4)
    video_dropout: float = 0.2
    stretch: float = 1.2


@dataclass(frozen=True)
class AmtBatch:
    """One batch: chords (batch, T), keys (batch,), videos."""

    chords: Tensor
    minor: Tensor
    features: FeatureBatch


class AmtTask:
    """Next chords of MuVi-Sync and of the corpora.

    Args:
        songs: training songs, their semantic vectors already projected.
        unseen: songs that decide when to stop.
        progressions: pieces of the corpora in C major or A minor, with their mode.
        options: of the training.
    """

    def __init__(
        self,
        songs: Sequence[Song],
        unseen: Sequence[Song],
        progressions: Sequence[tuple[Progression, bool]],
        options: AmtTrainingOptions,
    ) -> None:
        self.songs, self.progressions, self.options = songs, progressions, options
        self.unseen = [make_batch(chunk) for chunk in chunks(sorted(unseen, key=lambda s: s.seconds), 25)]

    def steps(self, epoch: int) -> int:
        """Return the number of batches of an epoch."""
        pools = divmod(len(self.songs) + self._pieces(epoch), POOL * self.options.batch_songs)
        return pools[0] * POOL + math.ceil(pools[1] / self.options.batch_songs)

    def batches(self, epoch: int, generator: torch.Generator) -> Sequence[Sequence[Song]]:
        """Return all songs once and, in early epochs, pieces of the corpora at random speeds and phases."""
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        songs = [self._varied(song, rng) for song in self.songs]
        songs += [self._piece(rng) for _ in range(self._pieces(epoch))]
        order = rng.permutation(len(songs))
        pools = chunks([songs[i] for i in order], POOL * self.options.batch_songs)
        made = [group for pool in pools for group in chunks(_by_length(pool), self.options.batch_songs)]
        return [made[i] for i in rng.permutation(len(made))]

    def loss(self, network: AffectiveMultimodalTransformer, batch: Any, generator: torch.Generator) -> Tensor:  # noqa: ANN401  the loop knows no type
        """Return the loss of one batch, with input groups dropped at random."""
        made = make_batch(batch)
        features = drop_groups(made.features, self.options.group_dropout, self.options.video_dropout, generator)
        logits = network(made.chords[:, :-1], made.minor, features)
        return two_part_loss(
            logits,
            made.chords[:, 1:],
            features,
            emotion_share=self.options.emotion_loss,
            smoothing=self.options.smoothing,
        )

    @torch.inference_mode()
    def validate(self, network: AffectiveMultimodalTransformer) -> float:
        """Return nats per chord on unseen songs, averaged over all inputs present and the semantic group missing."""
        total, steps = 0.0, 0
        for batch in self.unseen:
            targets = batch.chords[:, 1:]
            count = int((targets < CHORD_COUNT).sum())
            for features in (batch.features, batch.features.without("semantic")):
                total += count * float(chord_loss(network(batch.chords[:, :-1], batch.minor, features), targets))
                steps += count
        return total / steps

    def _pieces(self, epoch: int) -> int:
        left = 1 - epoch / max(1, self.options.loop.epochs - 1)
        return int(len(self.songs) * self.options.corpus_share * left) if self.progressions else 0

    def _varied(self, song: Song, rng: np.random.Generator) -> Song:
        if rng.random() < 0.5:  # half of the songs keep their speed
            return song
        limit = np.log(self.options.stretch)
        return stretched(song, float(np.exp(rng.uniform(-limit, limit))))

    def _piece(self, rng: np.random.Generator) -> Song:
        progression, minor = self.progressions[int(rng.integers(len(self.progressions)))]
        tempo = float(np.exp(rng.uniform(-0.35, 0.35)))
        chords = sample_grid(progression, tempo=tempo, phase_s=rng.uniform(0, 1))
        return Song(progression.name, minor, chords, int(progression.ends_s[-1] / tempo) + 1)


def make_batch(songs: Sequence[Song]) -> AmtBatch:
    """Pad songs to a batch."""
    chords, minor = chord_batch(songs)
    return AmtBatch(chords, minor, feature_batch(songs))


def _by_length(songs: Sequence[Song]) -> list[Song]:
    return sorted(songs, key=lambda song: song.seconds)


def train_amt(
    data: Path, out: Path, options: AmtTrainingOptions, *, resume: bool = False, progress: Progress | None = None
) -> Run:
    """Train the chord network and write its weights.

    Args:
        data: MuVi-Sync in its published layout.
        out: safetensors file to write.
        options: how.
        resume: continue an interrupted run that left its state beside `out`.
        progress: told the stage and the fraction done.

    Returns:
        The run with its scores.
    """
    songs, unseen = load_split(data, "train"), load_split(data, "val")
    with torch.random.fork_rng():
        torch.manual_seed(options.loop.seed)
        network = AffectiveMultimodalTransformer(options.config)
    if network.inputs is not None:
        songs, unseen = learn_inputs(network.inputs, songs, unseen)
    progressions = []
    if options.corpora:
        finder = KeyFinder(songs)
        progressions = [finder.normalise(progression) for progression in load_progressions(options.corpora)]
    run = train(
        network, AmtTask(songs, unseen, progressions, options), out, options.loop, resume=resume, progress=progress
    )
    network.load_state_dict(run.best_tensors)
    save_amt(out, network, {"seed": str(options.loop.seed), "validation_nats": f"{run.best:.4f}"})
    resume_path(out).unlink(missing_ok=True)
    return run
