"""Training of the dynamics network on MuVi-Sync."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from video2music.errors import DatasetError
from video2music.models.dynamics import SPREAD_KNOTS, DynamicsConfig, DynamicsNetwork, expected_dynamics
from video2music.models.inputs import FeatureBatch
from video2music.models.loading import save_dynamics
from video2music.training.batching import chunks, drop_groups, resampled
from video2music.training.dataset import FloatArray, Song, feature_batch, load_split
from video2music.training.inputs import learn_inputs
from video2music.training.loop import LoopOptions, Progress, Run, resume_path, train
from video2music.training.losses import dynamics_loss

OURS = DynamicsConfig(hidden=48, layers=2, dropout=0.3, semantic_components=32, always_full=False, unused_tensors=False)
"""The configuration whose weights ship."""


LENGTH_JITTER_S = 20.0
"""Songs are sorted by their length plus up to so many seconds, so that batches differ between epochs."""


@dataclass(frozen=True)
class DynamicsTrainingOptions:
    """How the dynamics network is trained.

    Attributes:
        loop: seed, epochs, rates.
        config: sizes and choices of the network.
        batch_songs: songs per batch.
        group_dropout: chance that a song loses its semantic, scene offset, motion and emotion inputs, each by itself.
        motion_jitter: standard deviation of a song's logarithmic change of motion, since other cameras and sizes give
            other motion.
        input_noise: standard deviation of noise on the projected semantic vectors, as a share of their own.
    """

    loop: LoopOptions = field(
        default_factory=lambda: LoopOptions(
            epochs=40, learning_rate=3e-3, patience=12, averaging=0.98, weight_decay=0.1
        )
    )
    config: DynamicsConfig = OURS
    batch_songs: int = 24
    group_dropout: tuple[float, float, float, float] = (0.6, 0.1, 0.1, 0.2)
    motion_jitter: float = 0.2
    input_noise: float = 0.3


@dataclass(frozen=True)
class DynamicsBatch:
    """One batch: videos and (batch, T, 2) note density and loudness."""

    features: FeatureBatch
    targets: Tensor


def song_targets(song: Song) -> FloatArray:
    """Return (T, 2) note density and loudness of a song that has both."""
    if song.note_density is None or song.loudness is None:
        remedy = "Make the data set again with basic-pitch installed"
        raise DatasetError("The note density of a song is not known", where=song.name, remedy=remedy)
    return np.stack([song.note_density, song.loudness], axis=1)


def make_batch(songs: Sequence[Song]) -> DynamicsBatch:
    """Pad songs to a batch."""
    features = feature_batch(songs)
    targets = torch.zeros(len(songs), features.steps, 2)
    for row, song in enumerate(songs):
        targets[row, : song.seconds] = torch.from_numpy(song_targets(song))
    return DynamicsBatch(features, targets)


class DynamicsTask:
    """Note density and loudness of MuVi-Sync.

    Args:
        songs: training songs, their semantic vectors already projected.
        unseen: songs that decide when to stop.
        options: of the training.
    """

    def __init__(self, songs: Sequence[Song], unseen: Sequence[Song], options: DynamicsTrainingOptions) -> None:
        self.songs, self.options = songs, options
        self.unseen = [make_batch([song]) for song in unseen]

    def steps(self, epoch: int) -> int:  # noqa: ARG002  every epoch has as many
        """Return the number of batches of an epoch."""
        return -(-len(self.songs) // self.options.batch_songs)

    def batches(self, epoch: int, generator: torch.Generator) -> Sequence[Sequence[Song]]:  # noqa: ARG002  the generator decides
        """Return all songs once, those of a batch resampled to their middle length so that nothing is padded."""
        jitter = torch.rand(len(self.songs), generator=generator).numpy() * LENGTH_JITTER_S
        lengths = np.array([song.seconds for song in self.songs])
        order = np.argsort(lengths + jitter, kind="stable")
        groups = chunks([self.songs[i] for i in order], self.options.batch_songs)
        groups = [[resampled(song, group[len(group) // 2].seconds) for song in group] for group in groups]
        return [groups[i] for i in torch.randperm(len(groups), generator=generator).tolist()]

    def loss(self, network: DynamicsNetwork, batch: Any, generator: torch.Generator) -> Tensor:  # noqa: ANN401  the loop knows no type
        """Return the squared error of one batch, with inputs varied and groups dropped at random."""
        made = make_batch(batch)
        features = drop_groups(made.features, self.options.group_dropout, 0.0, generator)
        jitter = torch.exp(self.options.motion_jitter * torch.randn(len(batch), 1, generator=generator))
        features = replace(features, motion=features.motion * jitter)
        if features.semantic is not None and network.inputs is not None:
            noise = torch.randn(features.semantic.shape, generator=generator)
            scale = network.inputs.scale[: network.inputs.components]
            features = replace(features, semantic=features.semantic + self.options.input_noise * noise * scale)
        return self._error(network, DynamicsBatch(features, made.targets))

    @torch.inference_mode()
    def validate(self, network: DynamicsNetwork) -> float:
        """Return the scaled squared error on unseen songs, averaged over all inputs and the semantic group missing."""
        total, seconds = 0.0, 0
        for batch in self.unseen:
            for features in (batch.features, batch.features.without("semantic")):
                total += batch.features.steps * float(self._error(network, replace(batch, features=features)))
                seconds += batch.features.steps
        return total / seconds

    def _error(self, network: DynamicsNetwork, batch: DynamicsBatch) -> Tensor:
        predicted = network(batch.features)
        if network.inputs is None:
            return dynamics_loss(predicted, batch.targets, batch.features.valid)
        scale = network.target_scale
        return dynamics_loss(predicted / scale, batch.targets / scale, batch.features.valid)


def fit_spread(network: DynamicsNetwork, songs: Sequence[Song]) -> None:
    """Set the curve from the quantiles of predictions to the quantiles of real songs.

    Args:
        network: trained; its buffer `spread` is written.
        songs: songs it was not trained on, so that the predictions are as narrow as they will be in use.
    """
    batches = [feature_batch([song]) for song in songs]
    seen = [expected_dynamics(network, variant) for b in batches for variant in (b, b.without("semantic"))]
    predicted = np.concatenate(seen)
    real = np.concatenate([song_targets(song) for song in songs])
    ranks = np.linspace(0.0, 1.0, SPREAD_KNOTS)
    ranks[[0, -1]] = 0.005, 0.995
    knots = [[np.quantile(predicted[:, c], ranks), np.quantile(real[:, c], ranks)] for c in range(real.shape[1])]
    network.spread.copy_(torch.tensor(np.array(knots), dtype=torch.float32))


def train_dynamics(
    data: Path, out: Path, options: DynamicsTrainingOptions, *, resume: bool = False, progress: Progress | None = None
) -> Run:
    """Train the dynamics network and write its weights.

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
        network = DynamicsNetwork(options.config)
    if network.inputs is not None:
        songs, unseen = learn_inputs(network.inputs, songs, unseen)
        targets = np.concatenate([song_targets(song) for song in songs])
        network.target_mean.copy_(torch.from_numpy(targets.mean(axis=0)))
        network.target_scale.copy_(torch.from_numpy(targets.std(axis=0)))
    run = train(network, DynamicsTask(songs, unseen, options), out, options.loop, resume=resume, progress=progress)
    network.load_state_dict(run.best_tensors)
    if network.inputs is not None:
        fit_spread(network, unseen)
    save_dynamics(out, network, {"seed": str(options.loop.seed), "validation_scaled_error": f"{run.best:.4f}"})
    resume_path(out).unlink(missing_ok=True)
    return run
