"""How much the picture moves in each second: as published, and independently of the frame rate."""

from collections import deque

import cv2
import numpy as np

from video2music.video.reader import Frame, Image

LAG_S = 0.2
"""Distance of the compared frames: a whole number of frames at 5, 10, 15, 25, 30, 50 and 60 frames per second."""
CLOCK_S = 0.01
"""Rounding of containers' clocks, and a little more."""
GROWTH = 0.5
"""The difference of two frames grows with about this power of the time between them (0.1 to 0.4 s, measured)."""
SCALE = 0.40
"""Published motion at 25 to 30 frames per second divided by the difference of small frames LAG_S apart.

It differs from clip to clip; `python -m benchmarks.frame_rates CLIPS` prints what remains, 1 being perfect.
"""


class PublishedMotion:
    """Motion as published (Kang et al. 2024, released code).

    At the first frame that is at least one second after the whole second of the previous sample: the mean over pixels
    and channels of the absolute difference to the frame just before, 8-bit RGB at full resolution. A second in which
    no frame is sampled has none: nothing changed in it.
    """

    def __init__(self) -> None:
        self._previous: Frame | None = None
        self._sampled_s = 0
        self._values: dict[int, float] = {}

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        if self._previous is not None and frame.time_s - self._sampled_s >= 1:
            self._sampled_s = int(frame.time_s)
            self._values[self._sampled_s] = difference(frame.full(), self._previous.full())
        self._previous = frame

    def take(self, second: int) -> float:
        """Return and forget the motion of a second that is over, 0 to 255."""
        return self._values.pop(second, 0.0)


def difference(image: Image, other: Image) -> float:
    """Return the mean absolute difference of two images of the same shape, 0 to 255; 0 where the shapes differ."""
    if image.shape != other.shape:
        return 0.0
    return float(sum(cv2.mean(cv2.absdiff(image, other))) / image.shape[2])  # OpenCV has 0 for the channels left over


class SteadyMotion:
    """Motion that does not depend on the frame rate, on the scale of the published one at 25 to 30 frames per second.

    Each small frame is compared with the one that stood LAG_S earlier, so that the number of frames in between and
    repeated frames do not matter. A second has the mean of its comparisons without the highest quarter, so that a cut
    (which marks a fifth of them) does not count as motion.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, Image]] = deque()
        self._values: dict[int, list[float]] = {}
        self._latest = 0.0
        self._newest_s: dict[int, float] = {}
        self._stands_since_s = 0.0

    def add(self, time_s: float, image: Image) -> None:
        """Look at the next small frame, (height, width, 3) uint8."""
        recent = self._recent
        while len(recent) > 1 and recent[1][0] <= time_s - LAG_S + CLOCK_S:
            recent.popleft()
        # before LAG_S has passed the first frame has to do; a clip may be shorter than that
        lag_s = time_s - recent[0][0] if recent else 0.0
        if lag_s > 0:
            value = difference(image, recent[0][1]) * SCALE * (LAG_S / lag_s) ** GROWTH
            self._values.setdefault(int(time_s), []).append(value)
        recent.append((time_s, image))
        self._newest_s[int(time_s)] = time_s

    def take(self, second: int) -> float:
        """Return and forget the motion of a second that is over, 0 to 255."""
        values = sorted(self._values.pop(second, []))
        self._stands_since_s = self._newest_s.pop(second, self._stands_since_s)
        if values:
            self._latest = float(np.mean(values[: len(values) - len(values) // 4]))
        elif second - self._stands_since_s > LAG_S:
            self._latest = 0.0  # no new frame for a while: the picture stands still
        # otherwise this is the last, short second of a clip, in which no frame begins: it is like the one before
        return self._latest
