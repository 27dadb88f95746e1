"""Whether music follows its curves: how hard notes are struck against loudness, how many sound against note density."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pretty_midi
from numpy.typing import NDArray
from scipy.stats import spearmanr

from video2music.music.ending import closing_step
from video2music.music.score import Score

_AUDIBLE_S = 0.02
"""Notes that reach less far into a step, as a late release does, do not count as sounding in it."""

_ROUNDING_S = 2e-3
"""What the ticks of a MIDI file may shift."""


@dataclass(frozen=True)
class Following:
    """How a piece follows its score, step by step.

    Attributes:
        velocity: rank correlation of the mean velocity of the notes that begin in a step with its loudness.
        density: rank correlation of the number of notes that sound in a step with its note density.
    """

    velocity: float
    density: float


def following(score: Score, midi: pretty_midi.PrettyMIDI, *, parts: Iterable[str] | None = None) -> Following:
    """Measure how a piece follows the curves of its score, from its beginning to the final chord.

    The final chord is left out: it rings on the tonic whatever the curves say. So are steps of which less than half
    lies in the clip and, for velocities, those in which nothing begins. A curve that does not move gives nan.

    Args:
        score: as it was arranged.
        midi: the arrangement.
        parts: names of the parts to listen to; None listens to all of them.
    """
    bounds, heard = _bounds(score), _notes(midi, parts)
    velocity, sounding = velocities(bounds, heard), sounding_notes(bounds, heard)
    counted = (np.arange(len(velocity)) < max(1, closing_step(score.end_step))) & (np.diff(bounds) > score.step_s / 2)
    struck = counted & ~np.isnan(velocity)
    return Following(
        velocity=rank_correlation(velocity[struck], score.loudness[struck]),
        density=rank_correlation(sounding[counted], score.note_density[counted]),
    )


def velocities(bounds_s: NDArray[np.float64], notes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean velocity of the notes that begin in each span, (spans,); nan where none does.

    Args:
        bounds_s: (spans + 1,) ascending times in seconds.
        notes: (notes, 3) start and end in seconds, and velocity.
    """
    span = np.searchsorted(bounds_s, notes[:, 0] + _ROUNDING_S, side="right") - 1
    inside = (span >= 0) & (span < len(bounds_s) - 1)
    count = np.bincount(span[inside], minlength=len(bounds_s) - 1)
    total = np.bincount(span[inside], weights=notes[inside, 2], minlength=len(bounds_s) - 1)
    means: NDArray[np.float64] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def sounding_notes(bounds_s: NDArray[np.float64], notes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many notes sound in each span, as the note density of the training data counts them, (spans,).

    Args:
        bounds_s: (spans + 1,) ascending times in seconds.
        notes: (notes, 3) start and end in seconds, and velocity.
    """
    begun = notes[None, :, 0] < bounds_s[1:, None] - _ROUNDING_S
    lasting = np.maximum(notes[None, :, 1], notes[None, :, 0] + _AUDIBLE_S) >= bounds_s[:-1, None] + _AUDIBLE_S
    counts: NDArray[np.float64] = (begun & lasting).sum(axis=1).astype(np.float64)
    return counts


def rank_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return Spearman's rank correlation, nan where one of the two does not move."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)


def _bounds(score: Score) -> NDArray[np.float64]:
    beats = np.array([score.beat_of_step(step) for step in range(len(score.chords) + 1)])
    return np.clip(beats * score.beat_s, 0.0, score.duration_s)


def _notes(midi: pretty_midi.PrettyMIDI, parts: Iterable[str] | None) -> NDArray[np.float64]:
    wanted = None if parts is None else frozenset(parts)
    rows = [
        (note.start, note.end, note.velocity)
        for track in midi.instruments
        if wanted is None or track.name in wanted
        for note in track.notes
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)
