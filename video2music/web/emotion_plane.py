"""The picture of both scales at once: where the whole piece lies, how sure that is, and the way it takes over time."""

from html import escape
from itertools import pairwise

from emotion.prediction import HIGHEST, LOWEST, Prediction
from video2music.web.curves import line, thinned
from video2music.web.emotion_words import MIDDLE, path_words

PATH_POINTS = 30
"""More would make a tangle of any piece longer than a minute."""

FAINTEST = 0.25
"""Opacity at the start of the path; it grows to 1 at the end."""

CORNERS = (
    ("tense, angry", "left top"),
    ("happy, lively", "right top"),
    ("sad, gloomy", "left bottom"),
    ("relaxed, tender", "right bottom"),
)
"""What people call the four quarters."""

ENDS = (("excited", "top"), ("calm", "bottom"), ("unpleasant", "left"), ("pleasant", "right"))

KEY = (
    ("whole", "the whole piece"),
    ("sure", "80 % interval"),
    ("way", "its way over time"),
    ("start", "start"),
    ("end", "end"),
)
"""Signs of the picture and their meaning."""


def plane(prediction: Prediction) -> str:
    """Draw valence to the right and arousal upwards, both from 1 to 9.

    Args:
        prediction: what the recogniser said.

    Returns:
        A figure; the words are HTML, so that they are read at any width.
    """
    ends = "".join(f'<span class="axis-end {place}">{word}</span>' for word, place in ENDS)
    corners = "".join(f'<span class="corner {place}">{word}</span>' for word, place in CORNERS)
    numbers = "".join(
        f'<span class="number {axis}" style="--at:{100 * (value - LOWEST) / (HIGHEST - LOWEST):g}%">{value:g}</span>'
        for axis in ("across", "up")
        for value in (LOWEST, MIDDLE, HIGHEST)
    )
    moving = len(prediction.curve.time_s) > 1
    absent = set() if moving else {"way", "start", "end"}
    if not interval_shape(prediction):
        absent.add("sure")
    shown = [(sign, words) for sign, words in KEY if sign not in absent]
    key = "".join(f'<li><i class="sign {sign}"></i>{words}</li>' for sign, words in shown)
    return f"""
<figure class="plane">
  <div class="field" role="img" aria-label="{escape(path_words(prediction), quote=True)}">
    <svg viewBox="{LOWEST:g} {LOWEST:g} {HIGHEST - LOWEST:g} {HIGHEST - LOWEST:g}" aria-hidden="true" focusable="false">
      <path class="cross" d="M{MIDDLE:g} 1V9M1 {MIDDLE:g}H9"/>
      {interval_shape(prediction)}{way(prediction) if moving else ""}
      <circle class="whole" cx="{prediction.valence:.3f}" cy="{height_of(prediction.arousal):.3f}" r="0.17"/>
      <circle class="moment" r="0.13"/>
    </svg>
    <div class="words" aria-hidden="true">{corners}{ends}{numbers}</div>
  </div>
  <figcaption><ul class="key">{key}</ul></figcaption>
</figure>"""


def height_of(arousal: float) -> float:
    """Return the distance from the top of the picture at which an arousal is drawn: SVG counts downwards."""
    return LOWEST + HIGHEST - arousal


def interval_shape(prediction: Prediction) -> str:
    """Draw an ellipse that touches the ends of both intervals; nothing where one is unknown."""
    across, up = prediction.valence_interval, prediction.arousal_interval
    if across is None or up is None:
        return ""
    middle, top = (across[0] + across[1]) / 2, height_of((up[0] + up[1]) / 2)
    return (
        f'<ellipse class="sure" cx="{middle:.3f}" cy="{top:.3f}" '
        f'rx="{(across[1] - across[0]) / 2:.3f}" ry="{(up[1] - up[0]) / 2:.3f}"/>'
    )


def way(prediction: Prediction) -> str:
    """Draw the way over time, growing stronger towards its end, with both ends marked."""
    curve = thinned(prediction.curve, PATH_POINTS)
    points = [(float(v), height_of(float(a))) for v, a in zip(curve.valence, curve.arousal, strict=True)]
    steps = "".join(
        f'<path d="{line(step)}" stroke-opacity="{FAINTEST + (1 - FAINTEST) * index / max(1, len(points) - 2):.2f}"/>'
        for index, step in enumerate(pairwise(points))
    )
    (first, last), half = (points[0], points[-1]), 0.11
    return (
        f'<g class="way">{steps}</g><circle class="start" cx="{first[0]:.3f}" cy="{first[1]:.3f}" r="0.12"/>'
        f'<rect class="end" x="{last[0] - half:.3f}" y="{last[1] - half:.3f}" width="{2 * half}" height="{2 * half}"/>'
    )
