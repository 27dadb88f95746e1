"""Everything that has a time, on one time axis: the sound, valence, arousal and the chords."""

import json
from html import escape

import numpy as np
from numpy.typing import NDArray

from emotion.prediction import HIGHEST, LOWEST, ChordSpan, Curve, Prediction
from video2music.web.curves import bars, boxes, line, thinned
from video2music.web.emotion_words import (
    AROUSAL,
    CHORD_KINDS,
    MIDDLE,
    VALENCE,
    Axis,
    chord_kind,
    heard_chord_words,
    range_words,
)
from video2music.web.waveform import Waveform
from video2music.web.words import clock

WIDTH = 1000.0
"""Units across the pictures; they are stretched to the width of the page."""

BARS = 180
CURVE_POINTS = 240
MOST_MARKS = 7
STEPS_S = (0.1, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Distances between the marks of the time axis that a person counts in."""

NAMED_SHARE = 0.022
"""A chord must hold this share of the time before its name has room above its box."""

INVITATION = "Press anywhere to hear it from there"
"""Stands where the read-out will be."""

MOST_CHORDS = 400
"""Chord changes that the read-out knows; more would only weigh on the page."""


def timeline_picture(prediction: Prediction, waveform: Waveform) -> str:
    """Draw waveform, valence, arousal and chords below one another.

    Args:
        prediction: what the recogniser said.
        waveform: how loud the sound is.
    """
    duration_s = max(prediction.duration_s, 1e-3)
    curve = thinned(prediction.curve, CURVE_POINTS)
    lanes = (
        lane("Sound", "", "", wave_plot(waveform)),
        lane("Valence", VALENCE.high, VALENCE.low, curve_plot(VALENCE, curve.time_s, curve.valence, duration_s)),
        lane("Arousal", AROUSAL.high, AROUSAL.low, curve_plot(AROUSAL, curve.time_s, curve.arousal, duration_s)),
        *([lane("Chords", "", "", chord_plot(prediction, duration_s))] if prediction.chords else []),
        lane("", "", "", axis_plot(duration_s)),
    )
    return f"""
<div class="timeline" data-moments="{moments(prediction, curve, duration_s)}">
  <h3>Over time</h3>
  <p class="readout" aria-hidden="true">{INVITATION}</p>
  {"".join(lanes)}
  {chord_legend(prediction.chords)}
</div>"""


def moments(prediction: Prediction, curve: Curve, duration_s: float) -> str:
    """Return what the page's script says about the moment under the pointer, as JSON for an attribute."""
    told = {
        "duration": round(duration_s, 3),
        "time": np.round(curve.time_s, 2).tolist(),
        "valence": np.round(curve.valence, 2).tolist(),
        "arousal": np.round(curve.arousal, 2).tolist(),
        "chords": [
            [round(c.start_s, 2), heard_chord_words(c, prediction.key)] for c in prediction.chords[:MOST_CHORDS]
        ],
    }
    return escape(json.dumps(told, separators=(",", ":")), quote=True)


def lane(name: str, high: str, low: str, plot: str) -> str:
    """Lay out one picture with its name and the meaning of its upper and lower end beside it."""
    ends = f'<span class="high">{high}</span><span class="low">{low}</span>' if high else ""
    return f'<div class="lane {name.lower() or "axis"}"><p><b>{name}</b>{ends}</p><div class="plot">{plot}</div></div>'


def picture(height: float, words: str, shapes: str) -> str:
    """Wrap shapes into a picture that is stretched to its place; lines keep their width.

    Args:
        height: units from top to bottom.
        words: what the picture shows, for those who cannot see it.
        shapes: SVG.
    """
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" preserveAspectRatio="none" role="img" focusable="false" '
        f'aria-label="{escape(words, quote=True)}">{shapes}</svg>'
    )


def wave_plot(waveform: Waveform) -> str:
    """Draw the loudness as bars."""
    words = f"Loudness over {clock(waveform.duration_s)}"
    return picture(100, words, f'<path class="bars" d="{bars(waveform.bars(BARS), WIDTH, 100)}"/>')


def curve_plot(axis: Axis, time_s: NDArray[np.float64], values: NDArray[np.float64], duration_s: float) -> str:
    """Draw a curve around the middle of its scale, held to both ends of the sound.

    Args:
        axis: its scale.
        time_s: (T,) seconds.
        values: (T,) 1..9.
        duration_s: length of the sound.
    """
    heights = HIGHEST - np.clip(values, LOWEST, HIGHEST)
    across = np.clip(time_s / duration_s, 0, 1) * WIDTH
    middle = HIGHEST - MIDDLE
    points = list(zip([0.0, *across, WIDTH], [heights[0], *heights, heights[-1]], strict=True))
    area = f"{line([(0.0, middle), *points, (WIDTH, middle)])}Z"
    shapes = f'<path class="area" d="{area}"/><path class="middle" d="M0 {middle:g}H{WIDTH:g}"/>'
    return picture(HIGHEST - LOWEST, range_words(axis, values), f'{shapes}<path class="curve" d="{line(points)}"/>')


def chord_plot(prediction: Prediction, duration_s: float) -> str:
    """Draw a box for each chord, and its name where there is room for it."""
    kinds: dict[str, list[tuple[float, float]]] = {kind: [] for kind in CHORD_KINDS}
    for chord in prediction.chords:
        if (kind := chord_kind(chord)) is not None:
            kinds[kind].append((chord.start_s / duration_s * WIDTH, max(0.4, chord.duration_s / duration_s * WIDTH)))
    shapes = "".join(f'<path class="{kind}" d="{boxes(spans, 10)}"/>' for kind, spans in kinds.items() if spans)
    names = "".join(
        chord_name(c, prediction.key, duration_s) for c in prediction.chords if c.duration_s >= NAMED_SHARE * duration_s
    )
    return (
        picture(10, "Chords; the list below names them", shapes)
        + f'<div class="names" aria-hidden="true">{names}</div>'
    )


def chord_legend(chords: tuple[ChordSpan, ...]) -> str:
    """Say which colour stands for which kind of chord, for the kinds that occur."""
    heard = {chord_kind(chord) for chord in chords}
    signs = "".join(f'<li><i class="sign {kind}"></i>{kind}</li>' for kind in CHORD_KINDS if kind in heard)
    return f'<ul class="key" aria-hidden="true">{signs}</ul>' if signs else ""


def chord_name(chord: ChordSpan, key: str | None, duration_s: float) -> str:
    """Place the name of a chord over its box; no chord has no name."""
    if chord_kind(chord) is None:
        return ""
    left, width = (100 * seconds / duration_s for seconds in (chord.start_s, chord.duration_s))
    return f'<span style="left:{left:.3f}%;width:{width:.3f}%"><b>{escape(heard_chord_words(chord, key))}</b></span>'


def axis_plot(duration_s: float) -> str:
    """Write the times below the pictures; where the marks stand within seconds, all are written as such."""
    marks = time_marks(duration_s)
    fine = any(mark != int(mark) for mark in marks)
    words = "".join(
        f'<span style="left:{100 * mark / duration_s:.3f}%">{f"{mark:.1f} s" if fine else clock(mark)}</span>'
        for mark in marks
    )
    return f'<div class="marks" aria-hidden="true">{words}</div>'


def time_marks(duration_s: float) -> list[float]:
    """Return the moments that are marked: round ones, few, none so late that its words would stick out."""
    step = next((step for step in STEPS_S if duration_s / step < MOST_MARKS), 7200 * np.ceil(duration_s / 36000))
    return [float(mark) for mark in np.arange(0, 0.97 * duration_s, step)]
