"""What a person wants instead of what is seen: a mood, or more or less valence and arousal, for all of it or a section.

The video's mood is the default, not a cage. A direction bends what was seen before anything is composed, so mode, chord
qualities, tempo, register, density, loudness and ensemble all follow it together.
"""

import difflib
import math
import re
from dataclasses import dataclass, replace

import numpy as np

from emotion.errors import RefusalError
from video2music.features.video_features import EMOTIONS, FloatArray, VideoFeatures
from video2music.scales import ENCODERS, Scale

PLACES = {
    "exciting": (1.0, 1.5),
    "fearful": (-1.3, 0.8),
    "tense": (-1.0, 1.0),
    "sad": (-1.2, -1.2),
    "relaxing": (1.0, -1.5),
    "neutral": (0.0, 0.0),
}
"""Valence and arousal of each mood among videos, in standard deviations: the circumplex (Russell 1980)."""

SURENESS = 0.7
"""Probability that a directed mood gets; what was seen shares the rest."""

KEPT_COURSE = 0.5
"""How much of the rise and fall of what was seen stays where a mood is directed."""

LARGEST_SHIFT = 3.0

_SECTION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*:\s*(\S+)\s*")


class DirectionError(RefusalError):
    """A direction that cannot be followed."""


@dataclass(frozen=True)
class Section:
    """A mood for a part of the video.

    Attributes:
        start_s: where it begins, in seconds.
        end_s: where it ends.
        mood: one of EMOTIONS.

    Raises:
        DirectionError: there is no such mood, or the section has no length.
    """

    start_s: float
    end_s: float
    mood: str

    def __post_init__(self) -> None:
        _check_mood(self.mood)
        if not 0 <= self.start_s < self.end_s < math.inf:
            raise DirectionError(
                "A section must end after it begins",
                where=f"{self.start_s:g}-{self.end_s:g}:{self.mood}",
                remedy="Write it as 0-12:tense, in seconds",
            )


@dataclass(frozen=True)
class Direction:
    """What a person wants; the default wants what is seen.

    Attributes:
        mood: one of EMOTIONS for the whole piece; None follows the video.
        valence: added to the valence, in standard deviations among videos, -3 darker to 3 brighter.
        arousal: the same for arousal, -3 calmer to 3 livelier.
        sections: moods for parts, in order of time; they go before `mood`.

    Raises:
        DirectionError: there is no such mood, a shift is out of range, or sections overlap.
    """

    mood: str | None = None
    valence: float = 0.0
    arousal: float = 0.0
    sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        if self.mood is not None:
            _check_mood(self.mood)
        for name, shift in (("valence", self.valence), ("arousal", self.arousal)):
            if not -LARGEST_SHIFT <= shift <= LARGEST_SHIFT:
                raise DirectionError(
                    f"The shift of {name} is {shift:g}", remedy=f"Choose from -{LARGEST_SHIFT:g} to {LARGEST_SHIFT:g}"
                )
        for before, after in zip(self.sections, self.sections[1:], strict=False):
            if after.start_s < before.end_s:
                raise DirectionError(
                    "Sections overlap, or are not in order of time",
                    where=f"{after.start_s:g}-{after.end_s:g}:{after.mood}",
                    remedy="Let each begin where the one before has ended",
                )

    @property
    def wanted(self) -> bool:
        """Whether anything differs from what is seen."""
        return self != Direction()

    def to_json(self) -> dict[str, object]:
        """Return the direction as `result.json` holds it."""
        return {
            "mood": self.mood,
            "valence": self.valence,
            "arousal": self.arousal,
            "sections": [{"start_s": s.start_s, "end_s": s.end_s, "mood": s.mood} for s in self.sections],
        }


def section_starts(direction: object) -> list[tuple[float, str]]:
    """Return when which mood begins.

    Args:
        direction: what `to_json` returned, perhaps edited by hand.

    Returns:
        Seconds and moods; empty where there are no sections, or what is there cannot be read.
    """
    try:
        sections = [Section(float(s["start_s"]), float(s["end_s"]), s["mood"]) for s in direction["sections"]]  # type: ignore[index]  # a file may hold anything
    except (DirectionError, KeyError, TypeError, ValueError):
        return []
    return [(section.start_s, section.mood) for section in sections]


def parse_section(text: str) -> Section:
    """Read a section such as "0-12:tense".

    Raises:
        DirectionError: it is written otherwise, or cannot be.
    """
    found = _SECTION.fullmatch(text)
    if found is None:
        raise DirectionError("A section cannot be read", where=text, remedy="Write it as 0-12:tense, in seconds")
    return Section(float(found[1]), float(found[2]), found[3])


def direct(features: VideoFeatures, direction: Direction, *, engine: str = "embedded") -> VideoFeatures:
    """Return what the composer shall see.

    Args:
        features: what was seen.
        direction: what is wanted.
        engine: name of the one that saw it; its scale says what much and little is.

    Returns:
        The features with emotion, valence and arousal bent; motion, cuts and semantics stay.

    Raises:
        DirectionError: a section begins after the end of the video.
    """
    for section in direction.sections:
        if section.start_s >= features.duration_s:
            raise DirectionError(
                f"A section begins at {section.start_s:g} s, and the video lasts {features.duration_s:.1f} s",
                remedy="Choose a time inside the video",
            )
    if direction.mood is not None:
        features = _in_mood(features, slice(None), direction.mood, engine)
    for section in direction.sections:
        rows = slice(int(section.start_s), max(int(section.start_s) + 1, round(section.end_s)))
        features = _in_mood(features, rows, section.mood, engine)
    return _shifted(features, direction, engine) if direction.valence or direction.arousal else features


def _in_mood(features: VideoFeatures, rows: slice, mood: str, engine: str) -> VideoFeatures:
    """Put a mood over some seconds."""
    emotion, valence, arousal = features.emotion.copy(), features.valence.copy(), features.arousal.copy()
    emotion[rows] *= 1 - SURENESS
    emotion[rows, EMOTIONS.index(mood)] += SURENESS
    for track, scale, place in zip((valence, arousal), _scales(engine), PLACES[mood], strict=True):
        seen = track[rows]
        track[rows] = np.clip(scale.value(place) + KEPT_COURSE * (seen - seen.mean()), 1, 9)
    return replace(features, emotion=emotion, valence=valence, arousal=arousal)


def _shifted(features: VideoFeatures, direction: Direction, engine: str) -> VideoFeatures:
    """Shift both axes, and the probabilities of the moods along with them."""
    shifts = np.array([direction.valence, direction.arousal])
    pull = np.array([PLACES[mood] for mood in EMOTIONS]) @ shifts
    emotion = features.emotion * np.exp(pull - pull.max())
    tracks: list[FloatArray] = [
        np.clip(track + shift * scale.spread, 1, 9).astype(np.float32)
        for track, shift, scale in zip((features.valence, features.arousal), shifts, _scales(engine), strict=True)
    ]
    weighed = (emotion / emotion.sum(axis=1, keepdims=True)).astype(np.float32)
    return replace(features, emotion=weighed, valence=tracks[0], arousal=tracks[1])


def _scales(engine: str) -> tuple[Scale, Scale]:
    return ENCODERS[engine].valence, ENCODERS[engine].arousal


def _check_mood(mood: str) -> None:
    if mood not in EMOTIONS:
        near = difflib.get_close_matches(mood, EMOTIONS, n=1, cutoff=0.0)
        raise DirectionError(
            "There is no such mood", where=mood, remedy=f"Did you mean {near[0]}? There are {', '.join(EMOTIONS)}"
        )
