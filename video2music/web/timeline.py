"""What was heard in a piece of music on one time axis: the sound, valence, arousal and the chords."""

import numpy as np
from numpy.typing import NDArray

from emotion.prediction import HIGHEST, LOWEST, ChordSpan, Prediction
from video2music.web.curves import bars, boxes, held, line, thinned
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
from video2music.web.lanes import WIDTH, lane, moments, name_over, picture, timeline
from video2music.web.waveform import Waveform
from video2music.web.words import clock

BARS = 180
CURVE_POINTS = 240

NAMED_SHARE = 0.022
"""A chord must hold this share of the time before its name has room above its box."""

INVITATION = "Click anywhere to play from there"
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
    valence = curve_plot(VALENCE, curve.time_s, curve.valence, duration_s)
    arousal = curve_plot(AROUSAL, curve.time_s, curve.arousal, duration_s)
    chords = [(c.start_s, heard_chord_words(c, prediction.key)) for c in prediction.chords[:MOST_CHORDS]]
    return timeline(
        "Over time",
        (
            lane("Sound", wave_plot(waveform)),
            lane("Valence", valence, high=VALENCE.high, low=VALENCE.low),
            lane("Arousal", arousal, high=AROUSAL.high, low=AROUSAL.low),
            *([lane("Chords", chord_plot(prediction, duration_s))] if prediction.chords else []),
        ),
        player="#player audio",
        moments=moments(
            duration_s,
            curves={"valence": (curve.time_s, curve.valence), "arousal": (curve.time_s, curve.arousal)},
            told={"_chord": chords},
        ),
        name="Moment of the music",
        before=f'<p class="readout" aria-hidden="true">{INVITATION}</p>',
        after=chord_legend(prediction.chords),
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
    points = held(time_s / duration_s * WIDTH, HIGHEST - np.clip(values, LOWEST, HIGHEST), WIDTH)
    middle = HIGHEST - MIDDLE
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
        name_over(c.start_s, c.duration_s, duration_s, heard_chord_words(c, prediction.key))
        for c in prediction.chords
        if c.duration_s >= NAMED_SHARE * duration_s and chord_kind(c) is not None
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
