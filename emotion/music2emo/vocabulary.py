"""The chords the recogniser knows, what they consist of, and the tokens the student network reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError

ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
NO_CHORD, UNKNOWN = "N", "X"

INTERVALS = {
    "min": (0, 3, 7), "maj": (0, 4, 7), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "min6": (0, 3, 7, 9), "maj6": (0, 4, 7, 9), "min7": (0, 3, 7, 10), "minmaj7": (0, 3, 7, 11),
    "maj7": (0, 4, 7, 11), "7": (0, 4, 7, 10), "dim7": (0, 3, 6, 9), "hdim7": (0, 3, 6, 10),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7),
}  # fmt: skip
"""Semitones above the root, by quality, in the order of the chord network's classes."""

QUALITIES = tuple(INTERVALS)
CHORD_CLASSES = len(ROOTS) * len(QUALITIES) + 2
UNKNOWN_CLASS, NO_CHORD_CLASS = CHORD_CLASSES - 2, CHORD_CLASSES - 1

ATTRIBUTE_TOKENS = {
    "N": 0, "maj": 1, "dim": 2, "sus4": 3, "min7": 4, "min": 5, "sus2": 6, "aug": 7, "dim7": 8, "maj6": 9,
    "hdim7": 10, "7": 11, "min6": 12, "maj7": 13,
}  # fmt: skip
"""Row of the student's quality embedding; the published table forgot minmaj7."""

NEAREST_QUALITY = {"minmaj7": "min"}
"""What stands in for a quality without a token: the triad below the seventh."""


class ChordTokenError(RefusalError):
    """A chord for which the published system has no token; it stops there."""


def chord_label(index: int) -> str:
    """Return the label of a chord class, 0..169: "C:min", "C" for a major triad, "X", "N"."""
    if index >= UNKNOWN_CLASS:
        return NO_CHORD if index == NO_CHORD_CLASS else UNKNOWN
    root, quality = divmod(index, len(QUALITIES))
    name = QUALITIES[quality]
    return ROOTS[root] if name == "maj" else f"{ROOTS[root]}:{name}"


def root_and_quality(label: str) -> tuple[int, str] | None:
    """Split a chord label.

    Args:
        label: as `chord_label` returns it.

    Returns:
        Pitch class of the root, 0..11, and the quality; None for "N" and "X".
    """
    if label in {NO_CHORD, UNKNOWN}:
        return None
    root, _, quality = label.partition(":")
    return ROOTS.index(root), quality or "maj"


def pitch_classes(label: str) -> NDArray[np.float64]:
    """Return which of the 12 pitch classes a chord holds, (12,), 0 or 1."""
    present = np.zeros(12)
    parts = root_and_quality(label)
    if parts is not None:
        root, quality = parts
        present[[(root + step) % 12 for step in INTERVALS[quality]]] = 1.0
    return present


def chord_tokens(labels: list[str], shift: int, *, as_published: bool = False) -> NDArray[np.int64]:
    """Turn chord labels into the student's tokens, transposed to C major or A minor.

    Args:
        labels: one label per chord change.
        shift: semitones to transpose down, 0..11.
        as_published: refuse minor chords with a major seventh instead of reading them as minor.

    Returns:
        (chords, 2): row of the root embedding (0 none, 1 C ... 12 B) and of the quality embedding.

    Raises:
        ChordTokenError: `as_published`, and the published table has no token for a chord.
    """
    tokens = np.zeros((len(labels), 2), dtype=np.int64)
    for row, label in enumerate(labels):
        parts = root_and_quality(label)
        if parts is None:
            continue
        root, quality = parts
        if as_published and quality not in ATTRIBUTE_TOKENS:
            raise ChordTokenError(
                "The published system has no token for this chord and stops here",
                where=label,
                remedy="Leave out as_published",
            )
        known = NEAREST_QUALITY.get(quality, quality)
        tokens[row] = (root - shift) % 12 + 1, ATTRIBUTE_TOKENS[known]
    return tokens
