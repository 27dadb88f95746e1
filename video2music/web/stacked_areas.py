"""The six emotions as areas on top of one another, told apart by place, colour, texture and, where it fits, name."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import EMOTIONS
from video2music.web.curves import held, line, pooled
from video2music.web.lanes import WIDTH, picture
from video2music.web.words import mood_shares

POINTS = 240

HEIGHT = 100.0

NAME_SHARE, NAME_HEIGHT = 0.13, 19.0
"""Room that a name needs within its area: a share of the width, and of HEIGHT."""

TEXTURES = {
    "exciting": '<path d="M-2 10L10 -2M4 16L16 4"/>',
    "fearful": '<circle cx="3" cy="3" r="1.3"/><circle cx="9" cy="9" r="1.3"/>',
    "tense": '<path d="M-2 2L10 14M4 -4L16 8"/>',
    "sad": '<path d="M0 3H12M0 9H12"/>',
    "relaxing": '<path d="M3 0V12"/>',
}
"""What lies over the colour, on a tile of 12 by 12; the sixth emotion is plain."""


def emotion_plot(emotion: NDArray[np.floating], duration_s: float) -> str:
    """Draw the emotions of a video as stacked areas, the first one on top.

    Args:
        emotion: (T, 6) shares of each second in the order of EMOTIONS; rows sum to 1.
        duration_s: length of the video.
    """
    rows = pooled(emotion, POINTS)
    across = (np.arange(len(rows)) + 0.5) * len(emotion) / len(rows) / duration_s * WIDTH
    edges = np.cumsum(np.column_stack([np.zeros(len(rows)), rows]), axis=1).T / rows.sum(axis=1) * HEIGHT
    lines = [held(across, edge, WIDTH) for edge in edges]
    shapes = textures()
    for name, (upper, lower) in zip(EMOTIONS, pairwise(lines), strict=True):
        outline = f"{line([*upper, *reversed(lower)])}Z"
        shapes += f'<path class="mood {name}" d="{outline}"/>'
        if name in TEXTURES:
            shapes += f'<path d="{outline}" fill="url(#texture-{name})"/>'
    shapes += "".join(f'<path class="edge" d="{line(points)}"/>' for points in lines[1:-1])
    words = f"Mood seen, on average {mood_shares(emotion.mean(axis=0), len(EMOTIONS))}"
    return picture(HEIGHT, words, shapes) + f'<div class="moods" aria-hidden="true">{mood_names(edges)}</div>'


def textures() -> str:
    """Return the definitions of the textures; pictures are mostly shown narrower than drawn, so tiles are wide."""
    tiles = "".join(
        f'<pattern id="texture-{name}" class="texture" width="12" height="12" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale(2 1)">{tile}</pattern>'
        for name, tile in TEXTURES.items()
    )
    return f"<defs>{tiles}</defs>"


def mood_names(edges: NDArray[np.float64]) -> str:
    """Write the name of each emotion into its area where it has most room, if that is enough.

    Args:
        edges: (7, n) upper ends of the areas, and the bottom, in HEIGHT.
    """
    count = edges.shape[1]
    half = round(NAME_SHARE / 2 * count)
    middles = np.arange(half, max(half + 1, count - half))
    inside = np.clip(middles[:, None] + np.arange(-half, half + 1), 0, count - 1)
    names = ""
    for name, (upper, lower) in zip(EMOTIONS, pairwise(edges), strict=True):
        top, bottom = upper[inside].max(axis=1), lower[inside].min(axis=1)
        best = int(np.argmax(bottom - top))
        if bottom[best] - top[best] >= NAME_HEIGHT:
            left, height = 100 * (middles[best] + 0.5) / count, (top[best] + bottom[best]) / 2
            names += f'<span style="left:{left:.1f}%;top:{height:.1f}%">{name}</span>'
    return names


def mood_legend() -> str:
    """Say which colour and texture stands for which emotion, in the order of the areas."""
    signs = "".join(f"<li>{mood_sign(name)}{name}</li>" for name in EMOTIONS)
    return f'<ul class="key" aria-hidden="true">{signs}</ul>'


def mood_sign(name: str) -> str:
    """Draw a small piece of the area of an emotion."""
    texture = f'<rect width="24" height="16" fill="url(#texture-{name})"/>' if name in TEXTURES else ""
    shape = f'<rect class="mood {name}" width="24" height="16"/>'
    return f'<svg class="sign" viewBox="0 0 24 16" focusable="false">{shape}{texture}</svg>'
