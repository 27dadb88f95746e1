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
    return Curve(*(pooled(row, points) for row in (curve.time_s, curve.valence, curve.arousal)))


def pooled(rows: NDArray[np.floating], points: int) -> NDArray[np.float64]:
    """Return fewer rows, each the mean of its neighbours.

    Args:
        rows: (T, ...), at least one.
        points: the most that are returned.
    """
    return np.array([part.mean(axis=0) for part in np.array_split(rows, min(points, len(rows)))], dtype=np.float64)


def held(across: NDArray[np.float64], heights: NDArray[np.float64], width: float) -> list[tuple[float, float]]:
    """Return the points of a curve, with its first and last height held to both ends of the picture.

    Args:
        across: (n,) ascending, at least one; clipped to the picture.
        heights: (n,).
        width: of the picture.
    """
    inside = np.clip(across, 0, width)
    return list(zip([0.0, *inside, width], [heights[0], *heights, heights[-1]], strict=True))


def stairs(starts: NDArray[np.float64], heights: NDArray[np.float64], width: float) -> list[tuple[float, float]]:
    """Return the corners of a curve that keeps each height until the next one begins.

    Args:
        starts: (n,) ascending, at least one; clipped to the picture.
        heights: (n,).
        width: of the picture.
    """
    edges = np.clip([*starts, width], 0, width)
    return list(zip(np.repeat(edges, 2)[1:-1], np.repeat(heights, 2), strict=True))


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
