"""Draw the three example clips, so that the page can be tried without a video of one's own.

    python assets/examples/make.py [-o FOLDER]

A calm evening by the sea, a tense walk through a wood at night, and an exciting ride. Everything is drawn by
the lines below, so the clips are free of rights. The same numbers give the same clips.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(HEIGHT, WIDTH, 3), RGB."""

Colour = tuple[int, int, int]

WIDTH, HEIGHT, RATE = 640, 360, 24
QUALITY = "29"  # constant rate factor of H.264
GATES: tuple[Colour, ...] = ((255, 60, 60), (255, 214, 40), (40, 120, 255))
BEAMS: tuple[Colour, ...] = ((255, 150, 60), (255, 110, 120), (255, 120, 84))
ROWS, COLUMNS = (axis.astype(np.float32) for axis in np.mgrid[0:HEIGHT, 0:WIDTH])


def main() -> None:
    """Draw all clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    options = parser.parse_args()
    for name, frames in (("calm", sea()), ("tense", wood()), ("exciting", ride())):
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        encode(folder / "clip.mp4", frames)


def encode(path: Path, frames: Iterator[Picture]) -> None:
    """Write frames as H.264 in mp4.

    Args:
        path: of the file.
        frames: pictures in order, RATE a second.
    """
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": QUALITY, "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def scenes(*parts: tuple[float, Callable[[float], Picture]]) -> Iterator[Picture]:
    """Yield the frames of scenes that follow each other with hard cuts.

    Args:
        *parts: length of a scene in seconds, and what it shows so many seconds after its beginning.
    """
    ends = list(accumulate(length for length, _ in parts))
    for (length, draw), end in zip(parts, ends, strict=True):
        first, last = round((end - length) * RATE), round(end * RATE)
        for frame in range(last - first):
            yield draw(frame / RATE)


def blend(top: Colour, bottom: Colour, position: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return colours between two, by a position from 0 to 1."""
    share = np.clip(position, 0, 1)[..., None]
    mixed: NDArray[np.float32] = np.float32(top) * (1 - share) + np.float32(bottom) * share
    return mixed


def finished(picture: NDArray[np.float32]) -> Picture:
    """Return a picture in whole numbers."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def glow(x: float, y: float, radius: float) -> NDArray[np.float32]:
    """Return light around a point: 1 there, falling off like a bell."""
    light: NDArray[np.float32] = np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / (2 * radius**2))
    return light


# Calm: a sun that sinks slowly, long waves, then the same evening from above a beach.


def sea() -> Iterator[Picture]:
    """Yield twelve seconds of evening by the sea."""
    return scenes((6.5, evening), (5.5, beach))


def evening(second: float) -> Picture:
    """Draw a low sun over long waves."""
    horizon, sun = 190, 128 + 2.2 * second
    sky = blend((104, 148, 196), (255, 204, 160), ROWS / horizon)
    sky += (glow(320, sun, 110) * 60)[..., None] * np.float32((1.0, 0.8, 0.4))
    disc = np.clip((30 - np.hypot(COLUMNS - 320, ROWS - sun)) / 2, 0, 1)[..., None]
    sky = sky * (1 - disc) + np.float32((255, 240, 205)) * disc
    depth = np.clip((ROWS - horizon) / (HEIGHT - horizon), 1e-3, 1)
    swell = np.sin(18 / (depth + 0.25) + 0.012 * COLUMNS + 0.8 * second) * np.sin(
        0.02 * COLUMNS - 0.5 * second + 9 * depth
    )
    water = blend((196, 168, 150), (46, 96, 128), depth) + (swell * 14 * (0.3 + depth))[..., None]
    path = np.exp(-(((COLUMNS - 320) / (24 + 150 * depth)) ** 2)) * (0.55 + 0.45 * swell)
    water += (path * 95)[..., None] * np.float32((1.0, 0.82, 0.55))
    return finished(np.where((horizon > ROWS)[..., None], sky, water))


def beach(second: float) -> Picture:
    """Draw waves that run up a beach, seen from above."""
    line = 190 + 26 * math.sin(0.75 * second) + 10 * np.sin(COLUMNS / 90 + 0.4 * second) + 5 * np.sin(COLUMNS / 37)
    beyond = (ROWS - line) / 60
    water = blend((28, 110, 140), (122, 196, 196), (ROWS - 20) / 190)
    water += (6 * np.sin(ROWS / 9 + COLUMNS / 70 + second))[..., None]
    sand = blend((196, 168, 128), (238, 214, 172), (ROWS - 200) / 140)
    foam = np.exp(-((beyond * 3.2) ** 2)) * (0.75 + 0.25 * np.sin(COLUMNS / 6 + ROWS / 5))
    picture = np.where((beyond < 0)[..., None], water, sand)
    return finished(picture * (1 - 0.8 * foam[..., None]) + 255 * 0.8 * foam[..., None])


# Tense: trunks in blue mist, a light that fails again and again, and something between the trees.


def wood() -> Iterator[Picture]:
    """Yield eleven seconds in a wood at night."""
    return scenes(
        (3.0, lambda second: trees(second, seed=3, walk=26)),
        (2.0, lambda second: trees(second, seed=8, walk=-40)),
        (2.0, lambda second: eyes(second, seed=12)),
        (2.0, lambda second: trees(second, seed=5, walk=80)),
        (2.0, lambda second: eyes(second + 2.0, seed=17)),
    )


def trees(second: float, seed: int, walk: float) -> Picture:
    """Draw trunks as silhouettes before lit mist, the nearer the darker."""
    rng = np.random.default_rng(seed)
    picture = blend((122, 146, 172), (52, 66, 86), ROWS / HEIGHT)
    picture += (glow(330, 140, 130) * 70)[..., None] * np.float32((0.8, 0.95, 1.1))
    picture += (12 * np.sin(COLUMNS / 90 + seed + 0.9 * second) * np.sin(ROWS / 40 - 0.6 * second))[..., None]
    for layer in range(4):
        near = (layer + 1) / 4
        bark = blend((104, 124, 148), (16, 20, 28), np.full_like(ROWS, near**0.6))
        for _ in range(10 - 2 * layer):
            place, width = rng.uniform(-160, WIDTH + 160), rng.uniform(7, 17) * near * 2.2
            lean, phase = rng.normal(0, 22), rng.uniform(0, 6)
            middle = place - walk * second * near + lean * (ROWS / HEIGHT - 0.5) + 3 * np.sin(ROWS / 31 + phase)
            root = 40 * near * np.clip(ROWS / HEIGHT - 0.8, 0, 1) ** 2 * 25
            trunk = np.clip((width + root - np.abs(COLUMNS - middle)) / 2, 0, 1)[..., None]
            picture = picture * (1 - trunk) + bark * trunk
    shade = 0.62 + 0.38 * np.exp(-((np.hypot(COLUMNS - 320, ROWS - 170) / 330) ** 2))
    return finished(picture * (flicker(second + seed) * shade)[..., None])


def flicker(second: float) -> float:
    """Return the brightness of a light that trembles and, twice a second, nearly goes out for a moment."""
    trembling = 0.86 + 0.09 * math.sin(31 * second) + 0.05 * math.sin(53 * second)
    return trembling * (0.5 if 0.5 < (2 * second) % 1 < 0.63 else 1.0)


def eyes(second: float, seed: int) -> Picture:
    """Draw two eyes among the trees that come nearer."""
    near = 1 + 0.42 * second
    picture = trees(second, seed, walk=6).astype(np.float32) * np.float32((0.85, 0.72, 0.78))
    picture *= (1 - 0.85 * np.clip(1.4 * glow(320, 190, 62 * near), 0, 1))[..., None]
    for side in (-1, 1):
        x, y = 320 + side * 30 * near + 4 * math.sin(31 * second), 172 + 3 * math.sin(17 * second)
        lid = np.clip(3 * (1 - (np.abs(ROWS - y) / (9 * near)) - ((COLUMNS - x) / (19 * near)) ** 2), 0, 1)[..., None]
        iris = np.exp(-((COLUMNS - x) ** 2) / (2 * (2.6 * near) ** 2))[..., None]
        picture = picture * (1 - lid) + lid * (np.float32((255, 74, 30)) * (1 - iris))
    return finished(picture)


# Exciting: a road that rushes by under a bright sky, and confetti at every finish.


def ride() -> Iterator[Picture]:
    """Yield ten seconds of a ride."""
    return scenes(
        (1.6, lambda second: road(second, 0)),
        (1.4, lambda second: confetti(second, 0)),
        (1.4, lambda second: road(second, 1)),
        (1.6, lambda second: confetti(second, 1)),
        (1.4, lambda second: road(second, 2)),
        (2.6, lambda second: confetti(second, 2)),
    )


def road(second: float, look: int) -> Picture:
    """Draw a road towards hills, seen from a fast car."""
    skies: tuple[tuple[Colour, Colour], ...] = (
        ((84, 190, 255), (206, 240, 255)), ((255, 150, 80), (255, 232, 150)), ((214, 120, 255), (255, 190, 220)),
    )  # fmt: skip
    horizon = 150 + 14 * math.sin(5 * second + look)
    picture = blend(*skies[look], ROWS / horizon)
    hills = horizon - 26 - 20 * np.sin(COLUMNS / 75 + 2.4 * second + look) - 9 * np.sin(COLUMNS / 29)
    picture = np.where((hills < ROWS)[..., None], np.float32((255, 176, 74)), picture)
    depth = np.clip((ROWS - horizon) / (HEIGHT - horizon), 1e-3, 1)
    travel = 3.2 / depth + 26 * second
    bend = 320 + 90 * math.sin(1.8 * second + look) * (1 - depth) ** 2
    across = (COLUMNS - bend) / (36 + 330 * depth)
    stripes = np.sin(travel) > 0
    verge = np.where(stripes[..., None], np.float32((255, 226, 120)), np.float32((250, 196, 84)))
    kerb = np.where(stripes[..., None], np.float32((250, 250, 250)), np.float32((230, 40, 40)))
    lane = np.where(
        ((np.abs(across) < 0.03) & stripes)[..., None], np.float32((255, 255, 250)), np.float32((168, 156, 170))
    )
    ground = np.where((np.abs(across) > 1.12)[..., None], verge, np.where((np.abs(across) > 1)[..., None], kerb, lane))
    shown = finished(np.where((horizon <= ROWS)[..., None], ground, picture))
    for number in range(3):
        place = (number / 3 + 1.25 * second) % 1
        middle = 320 + 60 * math.sin(1.8 * second + look) * (1 - place)
        arch(shown, (middle, horizon), place**2.2, GATES[number])
    return shown


def arch(picture: Picture, beginning: tuple[float, float], place: float, colour: Colour) -> None:
    """Draw a gate over the road into a picture.

    Args:
        picture: is drawn on.
        beginning: (column, row) where the road comes from.
        place: 0 there, 1 at the viewer.
        colour: of the gate.
    """
    middle, horizon = beginning
    foot, reach = horizon + place * 1.25 * (HEIGHT - horizon), 42 + 560 * place
    left, right, top = middle - reach, middle + reach, foot - 1.1 * reach
    corners = np.array([(left, foot), (left, top), (right, top), (right, foot)]).astype(np.int32)
    cv2.polylines(picture, [corners], isClosed=False, color=colour, thickness=round(2 + 26 * place))


def confetti(second: float, look: int) -> Picture:
    """Draw a finish: beams of sunlight that turn, and confetti that flies at the viewer."""
    angle = np.arctan2(ROWS - 210, COLUMNS - 320)
    beams = (np.sin(9 * angle + 7 * second) > 0)[..., None]
    picture = finished(np.where(beams, np.float32((255, 214, 64)), np.float32(BEAMS[look])))
    rng = np.random.default_rng(12 + look)
    for _ in range(150):
        turn, birth, tint, size = rng.uniform(0, 2 * math.pi), rng.uniform(), rng.uniform(0, 180), rng.uniform(5, 12)
        age = (1.4 * second + birth) % 1
        middle = (320 + 460 * age**1.6 * math.cos(turn), 210 + 460 * age**1.6 * math.sin(turn) + 50 * age**2)
        sheet = (size * (0.4 + 2.2 * age), size * (0.4 + 2.2 * age) * abs(math.sin(9 * second + 20 * birth)))
        corners = cv2.boxPoints((middle, sheet, math.degrees(turn) + 300 * second)).astype(np.int32)
        colour = cv2.cvtColor(np.array([[[tint, 220, 255]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0].tolist()
        cv2.fillConvexPoly(picture, corners, colour, cv2.LINE_AA)
    return picture


if __name__ == "__main__":
    main()
