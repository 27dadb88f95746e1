"""Swelling and fading between the strokes: ringing notes follow the loudness too."""

from itertools import groupby

import numpy as np

from video2music.music.figures import Expression
from video2music.music.score import BEATS_PER_CHORD, Score

CONTROLLER = 11
_FULL = 127
_SOFTEST_LOUDNESS = 1e-4
_DECIBELS_PER_DECADE = 40.0  # of the controller's value (General MIDI recommendation; SoundFont 2.01, section 8.4.6)


def expression_curve(score: Score, settings: Expression) -> list[tuple[float, int]]:
    """Return when the controller "expression" takes which value.

    The published curve from loudness to velocity is so flat that a change of 10 dB is heard as 3, and notes that ring
    on from the step before blur it further. The controller adds a share of the change, the same for every piece.

    Args:
        score: loudness per step, taken for the middle of each step.
        settings: share, range and time grid.

    Returns:
        Beats and values from 1 to 127, the first at beat 0, each different from the one before.
    """
    steps = len(score.loudness)
    beats = np.arange(0, score.beat_of_step(max(steps, 1)), settings.grid_beats)
    middles = score.beat_of_step(0) + (np.arange(steps) + 0.5) * BEATS_PER_CHORD
    loudness = np.interp(beats, middles, np.maximum(score.loudness, _SOFTEST_LOUDNESS))
    decibels = settings.share * 20 * np.log10(loudness / settings.full_loudness)
    values = np.rint(_FULL * 10 ** (np.clip(decibels, settings.lowest_db, 0) / _DECIBELS_PER_DECADE))
    runs = groupby(zip(beats.tolist(), values.astype(int).tolist(), strict=True), key=lambda point: point[1])
    return [next(run) for _, run in runs]
