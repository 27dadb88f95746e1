"""Which seconds of a video look like an earlier one, so that a large network need not look again."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE, FIELDS = 64, 8
"""Pixels to which a picture is shrunk before it is compared, and fields to each side in which it is."""

STILL = 4.0
"""Mean absolute difference, 0 to 255, up to which a field counts as unchanged.

Chosen on real clips: `python -m benchmarks.clip_savings FOLDER` prints what it saves and what it costs."""


def standing_pictures(pictures: NDArray[np.uint8], *, still: float = STILL) -> NDArray[np.intp]:
    """Return for each picture the number of the one that stands for it: an earlier one in which no field differs much.

    The comparison is with the picture that was looked at, not with the one before, so that slow changes add up.

    Args:
        pictures: (n, height, width, 3) uint8 RGB, consecutive seconds, n at least 1.
        still: mean absolute difference up to which a field is unchanged.

    Returns:
        (n,) numbers that never fall, the first is 0; a picture that stands for itself has its own.
    """
    small = [_shrunk(picture) for picture in pictures]
    standing = np.zeros(len(pictures), dtype=np.intp)
    for number in range(1, len(pictures)):
        before = standing[number - 1]
        standing[number] = before if _change(small[number], small[before]) <= still else number
    return standing


def _shrunk(picture: NDArray[np.uint8]) -> NDArray[np.int16]:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.int16)


def _change(small: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """Return the mean absolute difference of the field that differs most: a small thing may matter."""
    side = SIDE // FIELDS
    fields = np.abs(small - other).reshape(FIELDS, side, FIELDS, side * 3).mean(axis=(1, 3))
    return float(fields.max())
