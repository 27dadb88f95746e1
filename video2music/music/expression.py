"""Swelling and fading between the strokes: ringing notes follow the loudness too, and held sounds grow."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from video2music.music.ensemble import Part, Swell
from video2music.music.form import Step
from video2music.music.performance import Expression
from video2music.music.score import BEATS_PER_CHORD, Score

EXPRESSION, VOLUME, PAN, BALANCE, REVERB = 11, 7, 10, 8, 91
"""Controllers of General MIDI."""

_FULL = 127
_USUAL_VOLUME, _MIDDLE = 100, 64
_BALANCE = 24  # of 63; panning alone moves instruments that were recorded in stereo by one side only
_SOFTEST_LOUDNESS = 1e-4
_DECIBELS_PER_DECADE = 40.0  # of the controller's value (General MIDI recommendation; SoundFont 2.01, section 8.4.6)


def settings_of(part: Part) -> list[tuple[float, int, int]]:
    """Return the controllers that place a part in the room, as beat 0, number and value.

    Args:
        part: its loudness, position and reverb.
    """
    volume = round(_USUAL_VOLUME * 10 ** (part.level_db / _DECIBELS_PER_DECADE))
    pan = round(_MIDDLE + part.pan * (_MIDDLE - 1))
    room = [(PAN, pan), (BALANCE, round(_MIDDLE + part.pan * _BALANCE)), (REVERB, round(part.reverb * _FULL))]
    return [(0.0, VOLUME, min(volume, _FULL)), *((0.0, number, value) for number, value in room)]


def expression_curve(
    score: Score, settings: Expression, shape_db: NDArray[np.float64] | None = None
) -> list[tuple[float, int, int]]:
    """Return when the controller "expression" takes which value.

    The published curve from loudness to velocity is so flat that a change of 10 dB is heard as 3, and notes that ring
    on from the step before blur it further. The controller adds a share of the change, the same for every piece.

    Args:
        score: loudness per step, taken for the middle of each step.
        settings: share, range and time grid.
        shape_db: one change per beat of `expression_beats`, 0 or less, that is added.

    Returns:
        Beats, the controller, and values from 1 to 127, the first at beat 0, each different from the one before.
    """
    steps = len(score.loudness)
    beats = expression_beats(score, settings)
    middles = score.beat_of_step(0) + (np.arange(steps) + 0.5) * BEATS_PER_CHORD
    loudness = np.interp(beats, middles, np.maximum(score.loudness, _SOFTEST_LOUDNESS))
    decibels = settings.share * 20 * np.log10(loudness / settings.full_loudness)
    decibels = np.clip(decibels, settings.lowest_db, 0) + (0.0 if shape_db is None else shape_db)
    values = np.rint(_FULL * 10 ** (decibels / _DECIBELS_PER_DECADE)).clip(1, _FULL)
    runs = groupby(zip(beats.tolist(), values.astype(int).tolist(), strict=True), key=lambda point: point[1])
    return [(beat, EXPRESSION, value) for beat, value in (next(run) for _, run in runs)]


def expression_beats(score: Score, settings: Expression) -> NDArray[np.float64]:
    """Return the beats at which the controller may change, none after the end of the clip."""
    end = min(score.beat_of_step(max(len(score.chords), 1)), score.duration_s / score.beat_s)
    return np.arange(0, max(end, settings.grid_beats), settings.grid_beats)


def shape_of(
    part: Part, steps: Sequence[Step], beats: NDArray[np.float64], *, closing_beat: float, fade_db: float
) -> NDArray[np.float64]:
    """Return how much softer a part is than its loudness at every beat, in decibels, 0 or less.

    The way home and the final chord are softer whatever the loudness; velocities leave that to the controller.

    Args:
        part: its swell, and whether its sounds are held.
        steps: the plan.
        beats: in order.
        closing_beat: where the final chord begins.
        fade_db: of held sounds from there to the last beat.
    """
    shape = np.zeros(len(beats))
    if part.swell is not None:
        for begin, end in _spans(part.swell, steps):
            inside = (beats >= begin) & (beats < end)
            shape[inside] = part.swell.from_db * (1 - (beats[inside] - begin) / (end - begin))
    if part.sustained and len(beats):
        after = beats >= closing_beat
        shape[after] = fade_db * (beats[after] - closing_beat) / max(beats[-1] - closing_beat, 1.0)
    way_home = np.zeros(len(beats))
    for step in steps:
        way_home[beats >= step.beat] = step.softer_db
    return shape + way_home


def _spans(swell: Swell, steps: Sequence[Step]) -> list[tuple[float, float]]:
    """List the beats between which a swell grows: those of every chord, or of every phrase up to its end or a cut."""
    if swell.over == "chord":
        return [(step.beat, step.change_beat) for step in steps if step.position == 0]
    if not steps:
        return []
    begins = sorted({step.phrase_beats[0] for step in steps} | {step.beat for step in steps if step.cut})
    ends = [*begins[1:], max(step.phrase_beats[1] for step in steps)]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if end > begin]
