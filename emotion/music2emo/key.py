"""The key of a chord sequence: pitch-class durations against the Aarden-Essen profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion.music2emo.vocabulary import pitch_classes
from emotion.prediction import ChordSpan

MAJOR_PROFILE = np.array(
    [17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587, 0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122]
)
MINOR_PROFILE = np.array(
    [18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362, 0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623]
)
"""How long each degree sounds in melodies of the Essen collection (Aarden 2003), tonic first."""

MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""Usual spelling of each tonic."""

A = 9


@dataclass(frozen=True)
class Key:
    """A key and how well the music fits it.

    Attributes:
        tonic: pitch class, 0 = C.
        minor: minor instead of major.
        correlation: Pearson correlation with the profile, -1..1.
        margin: how far the next best key is behind, 0..2.
    """

    tonic: int
    minor: bool
    correlation: float
    margin: float

    @property
    def shift(self) -> int:
        """Semitones above C major or A minor, 0..11."""
        return (self.tonic - A) % 12 if self.minor else self.tonic

    def __str__(self) -> str:
        """The usual name, "Bb major"."""
        names = MINOR_NAMES if self.minor else MAJOR_NAMES
        return f"{names[self.tonic]} {'minor' if self.minor else 'major'}"


def find_key(chords: Sequence[ChordSpan]) -> Key | None:
    """Find the key in which a chord sequence fits best.

    Args:
        chords: chords with their durations.

    Returns:
        The key, or None where no chord sounds, or all twelve tones sound equally long.
    """
    histogram = sum((chord.duration_s * pitch_classes(chord.label) for chord in chords), np.zeros(12))
    if np.ptp(histogram) <= 0:
        return None
    profiles = np.stack([np.roll(profile, tonic) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for tonic in range(12)])
    fits = np.array([np.corrcoef(histogram, profile)[0, 1] for profile in profiles])
    order = np.argsort(-fits, kind="stable")
    best = int(order[0])
    return Key(best % 12, best >= 12, float(fits[best]), float(fits[best] - fits[order[1]]))
