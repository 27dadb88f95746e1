"""Curves made ready for drawing: fewer points, and paths of an SVG picture."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from emotion.prediction import Curve

WIDEST_GAP = 2.0


def thinned(curve: Curve, points: int) -> Curve:
    """Return a curve of fewer points, each the mean of its neighbours, so that hours of music stay drawable.

    Args:
        curve: any number of points, at least one.
        points: the most that are returned.
    """
    parts = [np.array_split(row, min(points, len(row))) for row in (curve.time_s, curve.valence, curve.arousal)]
    return Curve(*(np.array([part.mean() for part in row]) for row in parts))


def line(points: Iterable[tuple[float, float]]) -> str:
    """Return the path through points, for the attribute `d`."""
    return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in points)


def bars(levels: NDArray[np.float64], width: float, height: float) -> str:
    """Return the path of bars that stand around a middle line, for the attribute `d`.

    Args:
        levels: (n,) 0..1.
        width: of all bars together.
        height: of a bar of level 1.
    """
    step = width / max(1, len(levels))
    tall = np.maximum(levels, 0.02) * height
    return "".join(
        f"M{index * step:.2f} {(height - size) / 2:.2f}h{0.62 * step:.2f}v{size:.2f}h-{0.62 * step:.2f}z"
        for index, size in enumerate(tall)
    )


def boxes(spans: Iterable[tuple[float, float]], height: float) -> str:
    """Return the path of boxes side by side, for the attribute `d`, with gaps that leave most of each narrow one.

    Args:
        spans: left end and width of each.
        height: of all.
    """
    drawn = ((left, width - min(WIDEST_GAP, 0.2 * width)) for left, width in spans)
    return "".join(f"M{left:.2f} 0h{width:.2f}v{height:g}h-{width:.2f}z" for left, width in drawn)
