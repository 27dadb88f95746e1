"""Single frames of a clip as small pictures for the page, and which of them show something."""

import base64
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError
from video2music.video.part import SHORTEST_S, Part

JPEG_QUALITY = 82

EVEN = 10.0
"""Spread of the brightness, of 255, up to which a picture shows nothing, as in a fade from black."""


def jpeg(image: NDArray[np.uint8]) -> str:
    """Return a picture as JPEG in base64.

    Args:
        image: (height, width, 3) uint8 RGB.
    """
    import cv2

    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return base64.b64encode(data.tobytes()).decode("ascii")


def is_even(image: NDArray[np.uint8]) -> bool:
    """Say whether a picture shows nothing.

    Args:
        image: (height, width, 3) uint8 RGB.
    """
    return float(image.std()) <= EVEN


def telling_picture(
    clip: Path, seconds: Iterable[float], shorter_side: int, otherwise: NDArray[np.uint8] | None = None
) -> str:
    """Return the first of several frames that shows something, as JPEG in base64.

    Args:
        clip: the video.
        seconds: at which the frames stand, the best one first.
        shorter_side: of the picture, in pixels.
        otherwise: (height, width, 3) uint8 RGB, a frame to show rather than a more even one.

    Returns:
        The picture; the least even one where none shows anything; empty where none can be read.
    """
    best = otherwise
    for second in seconds:
        frame = frame_at(clip, second, shorter_side)
        if frame is None or (best is not None and frame.std() <= best.std()):
            continue
        best = frame
        if not is_even(frame):
            break
    return "" if best is None else jpeg(best)


def frame_at(clip: Path, second: float, shorter_side: int) -> NDArray[np.uint8] | None:
    """Return the frame that stands at a second; None where it cannot be read any more.

    Args:
        clip: the video.
        second: after its first frame.
        shorter_side: of the picture, in pixels.
    """
    from video2music.video.reader import VideoReader

    try:
        with VideoReader(clip, Part(second, second + SHORTEST_S)) as frames:
            frame = next(iter(frames), None)
            return None if frame is None else frame.shown(shorter_side)
    except RefusalError:
        return None
