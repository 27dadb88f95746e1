"""The whole way from a clip to a piece, readable top to bottom."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from emotion.errors import RefusalError
from video2music.engines import Engine, find_engine
from video2music.features.video_features import EMOTIONS, VideoFeatures
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_primer
from video2music.harmony.vocabulary import attribute_id, quality_of, transpose
from video2music.music.score import Score
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer

if TYPE_CHECKING:
    from video2music.features.eye import Eye
    from video2music.models.amt import AffectiveMultimodalTransformer
    from video2music.models.dynamics import DynamicsNetwork
    from video2music.models.sampling import Sampling
    from video2music.music.synthesis import Synthesizer
    from video2music.video.mixing import Original

SAMPLE_RATE = 44_100
"""Hz; what mp4 players and audio CDs expect."""

LARGEST_SEED = 2**31 - 1

IMPORT_FIRST = "Download the authors' checkpoint and run: python -m video2music import-weights FILE"

NEUTRAL_VALENCE = 5.0
"""Middle of the scale of 1 to 9."""

PLEASANT = frozenset({"exciting", "relaxing"})
"""Emotions that call for a major key unless the person chose one."""


@dataclass(frozen=True)
class Composer:
    """Everything that is loaded once and composes for many clips.

    Attributes:
        engine: which networks these are.
        eye: turns frames into emotion, valence, arousal and semantics.
        amt: writes the chords.
        dynamics: writes note density and loudness.
        synthesizer: plays notes.
        weights: SHA-256 of the weight files, by name.
    """

    engine: Engine
    eye: "Eye"
    amt: "AffectiveMultimodalTransformer"
    dynamics: "DynamicsNetwork"
    synthesizer: "Synthesizer"
    weights: dict[str, str]

    def analyze(self, clip: Path | str, *, progress: Progress | None = None) -> VideoFeatures:
        """Read the four kinds of features from a clip in one decoding pass.

        Args:
            clip: a video file.
            progress: told how far the reading is.

        Raises:
            VideoReadError: the file is not a video that can be read.
        """
        from video2music.features.extraction import extract_features

        return extract_features(Path(clip), self.eye, progress=progress)

    def compose(
        self,
        clip: Path | str,
        *,
        key: str | None = None,
        primer: str | None = None,
        seed: int | None = None,
        original: "Original" = "replace",
        music_level_db: float = 0.0,
        affect: float | None = None,
        as_published: bool = False,
        progress: Progress | None = None,
    ) -> Piece:
        """Compose music for a clip.

        Args:
            clip: a video file of 0.1 s or more.
            key: for example "A minor" or "Bb major"; None picks the mode from the video's emotion.
            primer: chords to begin with, in that key, for example "Am F C G".
            seed: of the draw, 0 to LARGEST_SEED; the same seed, clip and version give the same chords. None draws one.
            original: "replace" drops the clip's own sound, "mix" keeps it under the music.
            music_level_db: gain of the music when the original sound is kept.
            affect: 0 to 1, how strongly the qualities of the chords follow the emotion of each second; None for a
                cautious default. What it does to the chords is measured in docs/results.md.
            as_published: reproduce the known errors of the published rendering and sampling.
            progress: told stage and fraction.

        Returns:
            The piece, not yet written anywhere.

        Raises:
            RefusalError: the clip, key, primer or seed cannot be used; the message says why.
        """
        from video2music.music.arrangement import arrange
        from video2music.music.mastering import master

        wanted_key = None if key is None else parse_key(key)
        sampling = choose_sampling(affect=affect, as_published=as_published)
        if primer is not None:  # a primer that cannot be read is refused before the video is
            parse_primer(primer, wanted_key or parse_key("C major"))
        timer = StageTimer(progress)
        with timer.stage("analyze", "Watching the video") as tell:
            features = self.analyze(clip, progress=tell)
        score = self.write_score(
            features,
            key=wanted_key,
            primer=primer,
            seed=seed,
            as_published=as_published,
            sampling=sampling,
            timer=timer,
        )
        with timer.stage("arrange", "Arranging the notes"):
            midi = arrange(score, as_published=as_published)
        with timer.stage("synthesize", "Playing the music"):
            sound = self.synthesizer.render(midi, sample_rate=SAMPLE_RATE, duration_s=features.duration_s)
        with timer.stage("master", "Setting the loudness"):
            mastered = master(sound, SAMPLE_RATE)
        return Piece(
            source=Path(clip),
            features=features,
            score=score,
            midi=midi,
            audio=mastered.audio,
            sample_rate=SAMPLE_RATE,
            engine=self.engine.name,
            primer=primer,
            loudness_lufs=mastered.loudness_lufs,
            true_peak_dbtp=mastered.true_peak_dbtp,
            original=original,
            music_level_db=music_level_db,
            timings_s=timer.seconds,
            weights=self.weights,
        )

    def write_score(
        self,
        features: VideoFeatures,
        *,
        key: Key | None = None,
        primer: str | None = None,
        seed: int | None = None,
        as_published: bool = False,
        sampling: "Sampling | None" = None,
        timer: StageTimer | None = None,
    ) -> Score:
        """Compose chords, note density and loudness for a video that was already seen.

        Args:
            features: what was seen.
            key: tonic and mode; None picks the mode from the video's emotion.
            primer: chords to begin with, in that key.
            seed: of the draw; None draws one.
            as_published: sample as the published system does.
            sampling: how chords are drawn; None for the default.
            timer: collects the seconds of the stages.

        Raises:
            ChordParseError: the primer holds a chord outside the vocabulary.
        """
        from video2music.models.generation import predict_dynamics
        from video2music.music.ending import resolve

        timer = timer or StageTimer()
        key = key or key_for(features)
        seed = secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed
        with timer.stage("chords", "Writing the chords") as tell:
            chords = self._draw_chords(
                features,
                key=key,
                primer=primer or "",
                seed=seed,
                as_published=as_published,
                sampling=sampling or choose_sampling(as_published=as_published),
                progress=tell,
            )
        with timer.stage("dynamics", "Shaping density and loudness"):
            dynamics = predict_dynamics(self.dynamics, features)
        score = Score(
            chords=tuple(key.spell(transpose(chord, key.shift)) for chord in chords),
            note_density=dynamics.note_density,
            loudness=dynamics.loudness,
            key=str(key),
            seed=seed,
            duration_s=features.duration_s,
        )
        return score if as_published else resolve(score)

    def _draw_chords(
        self,
        features: VideoFeatures,
        *,
        key: Key,
        primer: str,
        seed: int,
        as_published: bool,
        sampling: "Sampling",
        progress: Progress,
    ) -> tuple[int, ...]:
        """Draw one chord per second, in C major or A minor."""
        import torch

        from video2music.models.generation import generate_chords

        # The published system read a primer in C and, by mistake, a major chord in it as "no chord".
        primer_ids = parse_primer(primer, parse_key("C major") if as_published else key)
        return generate_chords(
            self.amt,
            features,
            mode=key.mode,
            primer=primer_ids,
            primer_attributes=[0 if quality_of(chord) == "maj" else attribute_id(chord) for chord in primer_ids]
            if as_published
            else None,
            generator=torch.Generator().manual_seed(seed),
            sampling=sampling,
            progress=progress,
        )


def choose_sampling(*, affect: float | None = None, as_published: bool = False) -> "Sampling":
    """Return how chords are drawn.

    Args:
        affect: 0 to 1, how strongly chord qualities follow the emotion; None for the default.
        as_published: the published limits instead of ours.

    Raises:
        RefusalError: the strength is outside of 0 to 1.
    """
    from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling

    sampling = PUBLISHED_SAMPLING if as_published else Sampling()
    if affect is None:
        return sampling
    if not 0 <= affect <= 1:
        raise RefusalError(f"The affect strength is {affect:g}", remedy="Choose a number from 0 to 1")
    return replace(sampling, affect=affect)


def key_for(features: VideoFeatures) -> Key:
    """Pick the mode that fits the video's emotion, on the tonic that has no accidentals.

    Western listeners hear major as pleasant and minor as unpleasant (survey, section on musical features): the
    strongest emotion over the whole video decides, and where that is neutral, the mean valence.

    Args:
        features: what was seen.
    """
    strongest = EMOTIONS[int(features.emotion.mean(axis=0).argmax())]
    pleasant = strongest in PLEASANT or (strongest == "neutral" and float(features.valence.mean()) >= NEUTRAL_VALENCE)
    return parse_key("C major" if pleasant else "A minor")


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
    from video2music.music.synthesis import Synthesizer, find_sound_font

    chosen = find_engine(engine)
    synthesizer = Synthesizer(find_sound_font(None if sound_font is None else Path(sound_font)))
    remedy = IMPORT_FIRST if chosen.published else None
    amt = find_weights(chosen.amt_weights, remedy=remedy)
    dynamics = find_weights(chosen.dynamics_weights, remedy=remedy)
    return Composer(
        engine=chosen,
        eye=load_eye(chosen.name, device=device),
        amt=load_amt(amt),
        dynamics=load_dynamics(dynamics),
        synthesizer=synthesizer,
        weights={path.stem: file_sha256(path) for path in (amt, dynamics)},
    )
