"""The whole way from a clip to a piece, readable top to bottom."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from video2music.direction import direct
from video2music.engines import Engine, find_engine
from video2music.features.video_features import VideoFeatures
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_primer
from video2music.harmony.vocabulary import attribute_id, quality_of, transpose
from video2music.listening import Hearing, Listener
from video2music.matching import PICTURE, WISH
from video2music.music.score import Score
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.rendering import SAMPLE_RATE, chosen_ensemble, render
from video2music.steering import Steering, key_for, steer, unsteered
from video2music.variations import numbered, variation_seeds
from video2music.video.part import Part
from video2music.wishes import LARGEST_SEED, Wishes

if TYPE_CHECKING:
    from video2music.features.eye import Eye
    from video2music.models.amt import AffectiveMultimodalTransformer
    from video2music.models.dynamics import DynamicsNetwork
    from video2music.models.melody import MelodyNetwork
    from video2music.music.synthesis import Synthesizer

__all__ = ["SAMPLE_RATE", "Composer", "load"]

IMPORT_FIRST = "Download the authors' checkpoint and run: python -m video2music import-weights FILE"


@dataclass(frozen=True)
class Composer:
    """Everything that is loaded once and composes for many clips.

    Attributes:
        engine: which networks these are.
        eye: turns frames into emotion, valence, arousal and semantics.
        amt: writes the chords.
        dynamics: writes note density and loudness.
        melody: writes tunes.
        synthesizer: plays notes.
        weights: SHA-256 of the weight files, by name.
        listener: recognises the emotion of the finished music.
    """

    engine: Engine
    eye: "Eye"
    amt: "AffectiveMultimodalTransformer"
    dynamics: "DynamicsNetwork"
    melody: "MelodyNetwork"
    synthesizer: "Synthesizer"
    weights: dict[str, str]
    listener: Listener = field(default_factory=Listener)

    def analyze(self, clip: Path | str, *, part: Part | None = None, progress: Progress | None = None) -> VideoFeatures:
        """Read the four kinds of features from a clip in one decoding pass.

        Args:
            clip: a video file.
            part: what of it to watch, as if it were a clip of its own; None is all of it.
            progress: told how far the reading is.

        Raises:
            VideoReadError: the file is not a video that can be read.
        """
        from video2music.features.extraction import extract_features

        return extract_features(Path(clip), self.eye, part=part, progress=progress)

    def compose(
        self,
        clip: Path | str,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Piece:
        """Compose music for a clip.

        Args:
            clip: a video file of 0.1 s or more.
            progress: told stage and fraction.
            **wishes: the fields of Wishes, such as key, seed, tempo_bpm, ensemble or direction.

        Returns:
            The piece, not yet written anywhere.

        Raises:
            RefusalError: the clip or a wish cannot be used; the message says why.
        """
        asked, timer = Wishes(**wishes), StageTimer(progress)
        return self.compose_seen(clip, self._watch(clip, asked, timer), asked, timer)

    def compose_variations(
        self,
        clip: Path | str,
        count: int,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Iterator[Piece]:
        """Compose several pieces for a clip, which is watched once; only the piece at hand is in memory.

        Args:
            clip: a video file of 0.1 s or more.
            count: 1 to MOST_VARIATIONS.
            progress: told stage and fraction.
            **wishes: see Wishes; the first piece has the wished seed, the others have seeds that follow from it.

        Returns:
            The pieces in the order of their seeds, made one after another as they are asked for; save_variations in
            `variations` ranks them by their match.

        Raises:
            RefusalError: the clip, the count or a wish cannot be used; the message says why.
        """
        asked = Wishes(**wishes)
        return self._vary(clip, variation_seeds(asked.seed, count), asked, progress)

    def _vary(
        self, clip: Path | str, seeds: Sequence[int], wishes: Wishes, progress: Progress | None
    ) -> Iterator[Piece]:
        watching = StageTimer(progress)
        features = self._watch(clip, wishes, watching)
        for number, seed in enumerate(seeds, start=1):
            timer = StageTimer(progress and numbered(progress, number, len(seeds)), seconds=watching.seconds)
            yield self.compose_seen(clip, features, replace(wishes, seed=seed), timer)

    def write_score(
        self, features: VideoFeatures, wishes: Wishes | None = None, timer: StageTimer | None = None
    ) -> Score:
        """Compose chords, note density, loudness and a tune for a video that was already seen.

        Args:
            features: what was seen, or what the composer shall see instead.
            wishes: key, primer, seed, tempo and how chords are drawn; the video decides what is left open.
            timer: collects the seconds of the stages.
        """
        from video2music.models.generation import predict_dynamics
        from video2music.models.melody_for_score import with_melody
        from video2music.music.cuts import acknowledge_cuts, changes_for_cuts, cuts_to_meet, grid_for_cuts
        from video2music.music.ending import resolve
        from video2music.music.tempo import second_of_steps

        wishes, timer = wishes or Wishes(), timer or StageTimer()
        key = wishes.parsed_key or key_for(features)
        seed = secrets.randbelow(LARGEST_SEED + 1) if wishes.seed is None else wishes.seed
        steering = self.steering(features, wishes)
        cuts_s = cuts_to_meet(features.cuts_s.tolist(), features.duration_s) if wishes.meets_cuts else ()
        tempo_bpm, pickup_beats = grid_for_cuts(features.duration_s, steering.tempo_bpm, cuts_s, wishes.tempo_leeway)
        second = second_of_steps(features.duration_s, tempo_bpm, pickup_beats=pickup_beats)
        with timer.stage("dynamics", "Shaping density and loudness"):
            dynamics = steering.shape(predict_dynamics(self.dynamics, features))
        silent = Score(
            chords=("N",) * len(second),
            note_density=dynamics.note_density[second],
            loudness=dynamics.loudness[second],
            key=str(key),
            seed=seed,
            duration_s=features.duration_s,
            tempo_bpm=tempo_bpm,
            pickup_beats=pickup_beats,
            cuts_s=cuts_s,
            register=steering.register,
            note_length=steering.note_length,
        )
        with timer.stage("chords", "Writing the chords") as tell:
            first = silent.first_heard_step
            changes = frozenset(step - first for step in changes_for_cuts(silent))
            seen, asked = features.at(second[first:]), replace(wishes, seed=seed)
            drawn = self._draw_chords(seen, key, asked, steering, changes=changes, progress=tell)
        chords = tuple(key.spell(transpose(chord, key.shift)) for chord in (*drawn[:first], *drawn))
        score = replace(silent, chords=chords)
        if not wishes.as_published:
            score = acknowledge_cuts(score, cuts_s) if cuts_s else resolve(score)
        if not wishes.sings:
            return score
        with timer.stage("melody", "Writing the melody"):
            return with_melody(score, self.melody)

    def steering(self, features: VideoFeatures, wishes: Wishes | None = None) -> Steering:
        """Return how the picture shapes the music; a wish goes before it.

        Args:
            features: what was seen.
            wishes: a tempo of one's own, or nothing steered at all, as published.
        """
        wishes = wishes or Wishes()
        steering = unsteered(features) if wishes.as_published else steer(features, eye=self.engine.name)
        return steering if wishes.tempo_bpm is None else replace(steering, tempo_bpm=wishes.tempo_bpm)

    def _watch(self, clip: Path | str, wishes: Wishes, timer: StageTimer) -> VideoFeatures:
        with timer.stage("analyze", "Watching the video") as tell:
            return self.analyze(clip, part=wishes.part, progress=tell)

    def compose_seen(
        self,
        clip: Path | str,
        features: VideoFeatures,
        wishes: Wishes | None = None,
        timer: StageTimer | None = None,
    ) -> Piece:
        """Compose, play and judge one piece for a video that was already seen.

        Args:
            clip: the video file, read again only when the piece is saved.
            features: what was seen in it, or in the part of it that is wished for.
            wishes: what is left open is decided by the video.
            timer: collects the seconds of the stages.
        """
        from video2music.music.rendition import Rendition

        wishes, timer = wishes or Wishes(), timer or StageTimer()
        wanted = direct(features, wishes.direction, eye=self.engine.name)
        composed = self.write_score(wanted, wishes, timer)
        ensemble = chosen_ensemble(wishes.sounding_ensemble, wanted.emotion, wanted.motion, eye=self.engine.name)
        rendition = Rendition(ensemble=ensemble, melody=wishes.sings, transpose=wishes.transpose)
        rendered = render(composed, rendition, self.synthesizer, timer, lufs=wishes.lufs)
        mastered = rendered.mastered
        return Piece(
            source=Path(clip),
            features=features,
            score=rendered.score,
            midi=rendered.midi,
            audio=mastered.audio,
            sample_rate=SAMPLE_RATE,
            engine=self.engine.name,
            primer=wishes.primer,
            loudness_lufs=mastered.loudness_lufs,
            true_peak_dbtp=mastered.true_peak_dbtp,
            original=wishes.original,
            music_level_db=wishes.music_level_db,
            lufs=wishes.lufs,
            part=wishes.part,
            direction=wishes.direction,
            steering=None
            if wishes.as_published
            else replace(self.steering(wanted, wishes), tempo_bpm=rendered.score.tempo_bpm),
            hearing=self._listen(wanted, mastered.audio, wishes, timer),
            timings_s=timer.seconds,
            weights=self.weights,
            composed=rendered.composed,
            rendition=rendition,
            synthesizer=self.synthesizer,
            gain_db=mastered.gain_db,
            limiting=mastered.limiting,
        )

    def _listen(
        self, features: VideoFeatures, audio: NDArray[np.float32], wishes: Wishes, timer: StageTimer
    ) -> Hearing:
        if not wishes.match:
            return Hearing()
        with timer.stage("listen", "Listening to the result") as tell:
            against = WISH if wishes.direction.wanted else PICTURE
            return self.listener.hear(
                features, audio, SAMPLE_RATE, eye=self.engine.name, against=against, progress=tell
            )

    def _draw_chords(
        self,
        features: VideoFeatures,
        key: Key,
        wishes: Wishes,
        steering: Steering,
        *,
        changes: frozenset[int],
        progress: Progress,
    ) -> tuple[int, ...]:
        """Draw one chord per row of the features, in C major or A minor, another one at each of the changes."""
        import torch

        from video2music.models.generation import generate_chords

        # The published system read a primer in C and, by mistake, a major chord in it as "no chord".
        published = wishes.as_published
        primer = parse_primer(wishes.primer or "", parse_key("C major") if published else key)
        return generate_chords(
            self.amt,
            features,
            mode=key.mode,
            primer=primer,
            primer_attributes=[0 if quality_of(chord) == "maj" else attribute_id(chord) for chord in primer]
            if published
            else None,
            generator=torch.Generator().manual_seed(wishes.seed or 0),
            sampling=steering.steered(wishes.sampling),
            changes=changes,
            progress=progress,
        )


def load(
    engine: str = "embedded",
    *,
    sound_font: Path | str | None = None,
    device: str | None = None,
) -> Composer:
    """Load an engine; the result composes for any number of clips.

    Args:
        engine: "embedded" (no network, the default), "clip" or "paper".
        sound_font: an .sf2 or .sf3 file; None searches the usual places.
        device: where the image encoder runs, for example "cpu" or "cuda"; None picks a GPU if there is one.

    Raises:
        UnknownEngineError: there is no such engine.
        WeightsNotFoundError: its weights are nowhere to be found; the message lists where.
        SoundFontNotFoundError: there is no sound font.
    """
    from emotion.weights import file_sha256, find_weights
    from video2music.features.eye import load_eye
    from video2music.models.loading import load_amt, load_dynamics
    from video2music.models.melody import load_melody
    from video2music.music.synthesis import Synthesizer, find_sound_font

    chosen = find_engine(engine)
    synthesizer = Synthesizer(find_sound_font(None if sound_font is None else Path(sound_font)))
    remedy = IMPORT_FIRST if chosen.published else None
    amt = find_weights(chosen.amt_weights, remedy=remedy)
    dynamics = find_weights(chosen.dynamics_weights, remedy=remedy)
    melody = find_weights("melody")
    return Composer(
        engine=chosen,
        eye=load_eye(chosen.name, device=device),
        amt=load_amt(amt),
        dynamics=load_dynamics(dynamics),
        melody=load_melody(melody),
        synthesizer=synthesizer,
        weights={path.stem: file_sha256(path) for path in (amt, dynamics, melody)},
    )
