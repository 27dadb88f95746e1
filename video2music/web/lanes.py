"""What every timeline of the page is made of: pictures on one time axis, and what is told of a moment.

The page's script (assets/timeline.js) finds a timeline by its class, the player that it belongs to in `data-player`,
and what it tells in `data-moments`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from video2music.web.words import clock

WIDTH = 1000.0
"""Units across the pictures; they are stretched to the width of the page."""

MOST_MARKS = 7
STEPS_S = (0.1, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Distances between the marks of the time axis that a person counts in."""

Told = Sequence[tuple[float, str]]
"""From which second on which words hold, in order."""


def timeline(
    title: str,
    lanes: Iterable[str],
    *,
    player: str,
    moments: str,
    name: str,
    saved: str = "",
    before: str = "",
    after: str = "",
) -> str:
    """Put lanes on one time axis, with the place that the keyboard moves along it.

    Args:
        title: heading.
        lanes: made by `lane`.
        player: selector of the audio or video element that is followed.
        moments: made by `moments`.
        name: what the keyboard moves, for those who cannot see it.
        saved: file name of an image of it.
        before: HTML between heading and lanes.
        after: HTML below.
    """
    duration_s = json.loads(moments)["duration"]
    return f"""
<div class="timeline" data-player="{player}" data-saved="{escape(saved, quote=True)}"
  data-moments="{escape(moments, quote=True)}">
  <h2>{title}</h2>
  {before}
  <div class="lanes">
    {"".join(lanes)}
    {lane("", axis_plot(duration_s))}
    <div class="cursor" role="slider" tabindex="0" aria-label="{escape(name, quote=True)}"
      aria-valuemin="0" aria-valuemax="{duration_s:g}" aria-valuenow="0" aria-valuetext="0:00"></div>
  </div>
  {after}
</div>"""


def moments(
    duration_s: float,
    *,
    curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]] | None = None,
    told: Mapping[str, Told] | None = None,
) -> str:
    """Return what the page's script says about the moment under the cursor, as JSON.

    Args:
        duration_s: where the time axis ends.
        curves: by name, times and values; the script says the value between them.
        told: by name, the words that hold from some second on; a name that begins with "_" is not said itself.
    """
    drawn = {
        name: [np.round(time_s, 2).tolist(), np.round(values, 2).tolist()]
        for name, (time_s, values) in (curves or {}).items()
    }
    said = {
        name: [[round(start_s, 2), words] for start_s, words in changes(rows)] for name, rows in (told or {}).items()
    }
    found = {"duration": round(duration_s, 3), "curves": drawn, "told": said}
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def changes(told: Told) -> list[tuple[float, str]]:
    """Return only the moments at which the words become others."""
    kept: list[tuple[float, str]] = []
    for start_s, words in told:
        if not kept or kept[-1][1] != words:
            kept.append((start_s, words))
    return kept


def lane(name: str, plot: str, *, high: str = "", low: str = "", tells: tuple[str, Told] | None = None) -> str:
    """Lay out one picture with its name beside it.

    Args:
        name: of the lane; empty for the time axis.
        plot: the picture.
        high: meaning of its upper end.
        low: meaning of its lower end.
        tells: what is written beside the picture: its name in `moments`, and its words.
    """
    ends = f'<span class="high">{high}</span><span class="low">{low}</span>' if high else ""
    told = telling(*tells, kind="told") if tells else ""
    kind = name.lower() or "axis"
    return f'<div class="lane {kind}"><p><b>{name}</b>{told}{ends}</p><div class="plot">{plot}</div></div>'


def telling(name: str, told: Told, *, kind: str) -> str:
    """Make a place where the page's script writes what holds at the moment; at first it holds the beginning.

    Args:
        name: in `moments`.
        told: its words.
        kind: class of the place.
    """
    first = escape(told[0][1]) if told else ""
    return f'<span class="{kind}" data-tells="{name}" aria-hidden="true">{first}</span>'


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


def name_over(start_s: float, length_s: float, duration_s: float, words: str) -> str:
    """Place a name over the box that begins at a second; it is hidden where it does not fit."""
    left, width = 100 * start_s / duration_s, 100 * length_s / duration_s
    return f'<span style="left:{left:.3f}%;width:{width:.3f}%"><b>{escape(words)}</b></span>'


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
