"""Tempo: the same piece on another grid of beats, with its chords still on strong beats and its length unchanged."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from video2music.errors import ScoreError
from video2music.music.score import Score

SLOWEST_TEMPO, FASTEST_TEMPO = 60.0, 180.0
"""Beats per minute that a person may choose."""


def check_tempo(tempo_bpm: float) -> float:
    """Return a tempo that a person chose, or refuse it.

    Args:
        tempo_bpm: beats per minute.

    Raises:
        ScoreError: it is slower than 60 or faster than 180.
    """
    if not SLOWEST_TEMPO <= tempo_bpm <= FASTEST_TEMPO:
        limits = f"Choose a tempo from {SLOWEST_TEMPO:g} to {FASTEST_TEMPO:g} beats per minute"
        raise ScoreError(f"The tempo is {tempo_bpm:g}", remedy=limits)
    return tempo_bpm


def second_of_steps(duration_s: float, tempo_bpm: float, *, pickup_beats: float = 0.0) -> NDArray[np.int64]:
    """Return which second of the video lies in the middle of every step of a piece.

    Rows of features taken by this index are one per two beats, so that a network that learned one chord a second writes
    as many chords a bar at every tempo.

    Args:
        duration_s: of the video, above 0.
        tempo_bpm: beats per minute.
        pickup_beats: beats before the first bar line, 0 or more and less than 4.

    Returns:
        (steps,) indices of seconds, 0 to ceil(duration_s) - 1.
    """
    empty = np.zeros(0, dtype=np.float32)
    grid = Score((), empty, empty, "C major", 0, duration_s, tempo_bpm, pickup_beats)
    bounds = np.minimum(_bounds(grid, grid.steps), duration_s)
    middles = np.minimum((bounds[:-1] + bounds[1:]) / 2, duration_s - 1e-6)
    seconds: NDArray[np.int64] = np.floor(np.maximum(middles, 0.0)).astype(np.int64)
    return seconds


def at_tempo(score: Score, tempo_bpm: float, *, pickup_beats: float = 0.0) -> Score:
    """Lay a piece on another grid of beats; what happens when, in seconds, stays as near as the strong beats allow.

    Every new step takes the chord that sounds longest in it, of two equally long ones the later; note density and
    loudness are the means of what they were in its time. At slow tempos chords shorter than a step may be left out, so
    start from the score as it was composed rather than from one that was already laid out anew.

    Args:
        score: any score, also one that `resolve` has not seen.
        tempo_bpm: new tempo, 20 to 400.
        pickup_beats: beats before the first bar line, 0 or more and less than 4.

    Returns:
        A score of the same duration, key, seed and cuts.

    Raises:
        ScoreError: the tempo or pickup cannot be played.
    """
    empty = np.zeros(0, dtype=np.float32)
    grid = replace(
        score, chords=(), note_density=empty, loudness=empty, tempo_bpm=float(tempo_bpm), pickup_beats=pickup_beats
    )
    if not score.chords:
        return grid
    starts = [step for step, symbol in enumerate(score.chords) if step == 0 or symbol != score.chords[step - 1]]
    old, new = _bounds(score, len(score.chords)), _bounds(grid, grid.steps)
    sounding = _shares(new, old[[*starts, -1]])
    longest = sounding.shape[1] - 1 - np.argmax(np.round(sounding[:, ::-1], 9), axis=1)
    weights = _shares(new, old)
    return replace(
        grid,
        chords=tuple(score.chords[starts[chord]] for chord in longest),
        note_density=(weights @ score.note_density).astype(np.float32),
        loudness=(weights @ score.loudness).astype(np.float32),
    )


def _bounds(score: Score, steps: int) -> NDArray[np.float64]:
    """Return the times in seconds between which the steps lie, (steps + 1,), none before the clip."""
    return np.array([max(0.0, score.beat_of_step(step) * score.beat_s) for step in range(steps + 1)])


def _shares(new: NDArray[np.float64], old: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which share of every new span lies in every old one, (new, old); after the last old one, all in that."""
    first = np.maximum(new[:-1, None], old[None, :-1])
    last = np.minimum(new[1:, None], old[None, 1:])
    overlap = np.maximum(0.0, last - first)
    overlap[overlap.sum(axis=1) <= 0, -1] = 1.0
    shares: NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return shares
