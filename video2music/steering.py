"""How the emotion of the picture shapes the music besides its chords: mode, tempo, density, loudness and register.

The networks compose music that follows the movement of the picture from second to second, but they hardly tell a calm
video from an excited one. What listeners hear as arousal is known: fast, dense, loud and high music is exciting, slow,
sparse, soft and low music is calm, major is pleasant and minor is not (Gabrielsson and Lindstroem 2010, "The role of
structure in the musical expression of emotions"). The table below says by how much each follows the picture.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from video2music.features.video_features import EMOTIONS, FloatArray, VideoFeatures
from video2music.harmony.key import Key, parse_key
from video2music.models.generation import Dynamics
from video2music.models.sampling import Sampling
from video2music.music.score import BEATS_PER_CHORD, WIDEST_REGISTER
from video2music.scales import ENCODERS

NEUTRAL_VALENCE = 5.0
"""Middle of the scale of 1 to 9."""

PLEASANT = frozenset({"exciting", "relaxing"})
"""Emotions that call for a major key unless the person chose one."""

PUBLISHED_BPM = 120.0

ORDINARY = 0.25
"""Standard deviations of arousal within which a picture is neither calm nor lively."""

SHORTEST_HOLD = 2
"""Steps that a chord may always last: shorter limits would force a change at every strong beat."""

SMOOTHING_S = 5
"""Seconds over which arousal is averaged before it moves density and loudness."""


@dataclass(frozen=True)
class Table:
    """How far music moves with one standard deviation of the picture's arousal, and in register of its valence.

    Attributes:
        tempo_bpm: at ordinary arousal.
        tempo_factor: on the tempo.
        slowest_bpm: lower end of the tempo.
        fastest_bpm: upper end.
        density: factor on the notes that sound in a second, at ordinary arousal.
        density_factor: on that.
        loudness_db: added to the loudness.
        note_length: of struck notes at ordinary arousal, see Score.
        note_length_factor: on that.
        shortest: lower end of the note length.
        register: semitones by which the voices lie higher, by valence.
        brightness: logarithmic bonus of bright chords over neutral ones, by valence, see Sampling.
    """

    tempo_bpm: float
    tempo_factor: float
    slowest_bpm: float
    fastest_bpm: float
    density: float
    density_factor: float
    loudness_db: float
    note_length: float
    note_length_factor: float
    shortest: float
    register: float
    brightness: float


TABLE = Table(
    tempo_bpm=120.0,
    tempo_factor=1.18,
    slowest_bpm=72.0,
    fastest_bpm=160.0,
    density=1.3,
    density_factor=1.3,
    loudness_db=3.0,
    note_length=0.4,
    note_length_factor=0.5,
    shortest=0.14,
    register=4.0,
    brightness=0.6,
)
"""At ordinary arousal the recogniser hears about what listeners said of ordinary music; see docs/results.md."""


@dataclass(frozen=True)
class Steering:
    """What the picture asks of the music.

    Attributes:
        tempo_bpm: beats per minute.
        density: (T,) factor on note density, per second of the video.
        loudness_db: (T,) decibels added to the loudness, per second of the video.
        register: semitones by which the voices lie higher than usual, see Score.
        note_length: factor on how long struck notes are held, see Score.
        brightness: pull towards bright chords, see Sampling.
        arousal: place of the whole video among other videos, in standard deviations of arousal.
    """

    tempo_bpm: float
    density: FloatArray
    loudness_db: FloatArray
    register: float
    note_length: float
    brightness: float
    arousal: float

    def shape(self, dynamics: Dynamics) -> Dynamics:
        """Return density and loudness as the picture's arousal asks for them; both per second, (T,)."""
        louder = 10 ** (self.loudness_db / 20)
        return replace(
            dynamics,
            note_density=(dynamics.note_density * self.density).astype(np.float32),
            loudness=np.clip(dynamics.loudness * louder, 0, 1).astype(np.float32),
        )

    def steered(self, sampling: Sampling) -> Sampling:
        """Return how chords are drawn, one per two beats: as bright as the picture, and held no longer in seconds."""
        step_s = BEATS_PER_CHORD * 60 / self.tempo_bpm
        longest = max(SHORTEST_HOLD, round(sampling.hold_limit_s / step_s))
        return replace(sampling, brightness=self.brightness, hold_limit_s=longest)

    def to_json(self) -> dict[str, Any]:
        """Return the means over the video, and a sentence, as `result.json` holds them."""
        return {
            "words": self.words,
            "arousal": round(self.arousal, 2),
            "tempo": round(self.tempo_bpm, 2),
            "density_factor": round(float(self.density.mean()), 3),
            "register": round(self.register, 2),
            "brightness": round(self.brightness, 2),
            "note_length": round(self.note_length, 3),
            "loudness_db": round(float(self.loudness_db.mean()), 2),
        }

    @property
    def words(self) -> str:
        """What was done and why, in a sentence."""
        pace = f"at {self.tempo_bpm:.0f} beats per minute"
        if abs(self.arousal) < ORDINARY:
            return f"The picture is neither calm nor lively: an ordinary number of notes, {pace}."
        if self.arousal < 0:
            return f"The picture is calmer than most: fewer, softer and longer notes, {pace}."
        return f"The picture is livelier than most: more, louder and shorter notes, {pace}."


def steer(features: VideoFeatures, *, engine: str = "embedded", table: Table = TABLE) -> Steering:
    """Decide how the picture's arousal shapes tempo, note density and loudness.

    Args:
        features: what was seen.
        engine: name of the one that saw it.
        table: how far each moves.
    """
    scale = ENCODERS[engine].arousal
    course = scale.place(_smoothed(features.arousal)).astype(np.float32)
    place = float(scale.place(features.arousal.mean()))
    pleasure = float(ENCODERS[engine].valence.place(features.valence.mean()))
    tempo = table.tempo_bpm * table.tempo_factor**place
    return Steering(
        tempo_bpm=float(round(min(max(tempo, table.slowest_bpm), table.fastest_bpm))),
        density=(table.density * table.density_factor**course).astype(np.float32),
        loudness_db=table.loudness_db * course,
        register=min(max(table.register * pleasure, -WIDEST_REGISTER), WIDEST_REGISTER),
        note_length=min(max(table.note_length * table.note_length_factor**place, table.shortest), 1.0),
        brightness=table.brightness * pleasure,
        arousal=place,
    )


def unsteered(features: VideoFeatures) -> Steering:
    """Return what the published system does for every picture: 120 beats per minute and nothing shaped."""
    ones = np.ones(features.seconds, dtype=np.float32)
    return Steering(
        PUBLISHED_BPM, density=ones, loudness_db=0 * ones, register=0.0, note_length=1.0, brightness=0.0, arousal=0.0
    )


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


def _smoothed(values: FloatArray) -> FloatArray:
    """Average over SMOOTHING_S seconds; the ends keep their own value beyond the video."""
    around = SMOOTHING_S // 2
    padded = np.pad(values, around, mode="edge")
    return np.convolve(padded, np.full(SMOOTHING_S, 1 / SMOOTHING_S), mode="valid").astype(np.float32)
