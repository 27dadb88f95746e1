"""How a piece finds home: the last harmony becomes the tonic, and the one before it leads there."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, chord_id, root_and_quality
from video2music.music.score import Score

_ROOM_FOR_A_CADENCE = 5  # steps; shorter pieces keep every chord but the last
_LEADS_HOME = {
    1: {"maj", "maj7"},  # Neapolitan, from a semitone above
    2: {"min", "min7", "hdim7", "dim"},
    5: {"maj", "min", "maj6", "min6", "maj7", "min7", "sus2"},
    7: {"maj", "min", "7", "sus4", "min7", "aug", "maj6"},
    10: {"maj", "maj6", "7", "maj7"},
    11: {"dim", "dim7", "hdim7"},
}
"""Qualities that can stand before the tonic, by semitones of the root above it; the tonic itself leads nowhere."""


def closing_step(steps: float) -> int:
    """Return the step at which the final chord begins.

    Args:
        steps: length of the piece in chord steps, more than 0.

    Returns:
        The latest step that leaves the chord one and a half steps to ring; one step in pieces shorter than five steps;
        0 in pieces shorter than two.
    """
    time_to_ring = 1.5 if steps >= _ROOM_FOR_A_CADENCE else 1.0
    return max(0, math.floor(steps - time_to_ring + 1e-6))


def resolve(score: Score) -> Score:
    """Let a score end on the tonic of its key; doing it twice changes nothing more. Silence stays silence.

    The chords from the closing step on become the tonic. In pieces of five steps and more the chord before becomes the
    dominant seventh unless it leads home already.

    Args:
        score: may have more or fewer steps than its duration needs; they are cut, or the last one is held.

    Returns:
        A score whose steps fill its duration.
    """
    key = parse_key(score.key)
    steps, count = score.end_step, score.steps
    chords = [*score.chords[:count], *[score.chords[-1] if score.chords else "N"] * (count - len(score.chords))]
    if score.chords and all(parse_chord(chord) == NO_CHORD for chord in chords):
        return _as_long(score, chords)
    closing = closing_step(steps)
    chords[closing:] = [key.spell(key.tonic_chord)] * (count - closing)
    if steps >= _ROOM_FOR_A_CADENCE and not _leads_home(parse_chord(chords[closing - 1]), key):
        chords[closing - 1] = key.spell(chord_id((key.pitch_class + 7) % 12, "7"))
    return _as_long(score, chords)


def _as_long(score: Score, chords: Sequence[str]) -> Score:
    density, loudness = (_fit(values, len(chords)) for values in (score.note_density, score.loudness))
    return replace(score, chords=tuple(chords), note_density=density, loudness=loudness)


def _leads_home(chord: int, key: Key) -> bool:
    if chord == NO_CHORD:
        return False
    root, quality = root_and_quality(chord)
    return quality in _LEADS_HOME.get((root - key.pitch_class) % 12, ())


def _fit(values: np.ndarray, count: int) -> np.ndarray:
    """Cut to a number of steps, or hold the last value."""
    if not len(values):
        return np.zeros(count, dtype=np.float32)
    return np.pad(values[:count], (0, max(0, count - len(values))), mode="edge")
