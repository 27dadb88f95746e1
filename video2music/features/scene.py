"""Scene cuts, and for each second how long its scene has lasted."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector
from scenedetect.scene_manager import compute_downscale_factor

from video2music.features.motion import difference
from video2music.video.reader import Frame, Image

COUNTER_RATE = 25.0
"""Only a unit for PySceneDetect's frame counter: times are taken from the frames themselves."""
STEADY_RATE = 5.0
"""Frames per second on which frame-rate-independent cuts are found: what a 5 fps clip has."""
STEADY_THRESHOLD = 2.0
"""A fifth of a second holds more motion than a frame, so a cut stands out less than by the published 3.0."""
STEADY_WINDOW = 3
"""Samples before and after that a cut is compared with."""
STEADY_SCENE = 3
"""Shortest scene in samples: 0.6 s, as the published 15 frames at 25 frames per second."""
CLOCK_S = 0.01
"""Rounding of containers' clocks, and a little more."""


def scene_offsets(cuts_s: NDArray[np.float32], seconds: int) -> NDArray[np.float32]:
    """Count for each second how many seconds of its scene came before it.

    A second s belongs to the first scene whose end, rounded up, exceeds s (Kang et al. 2024, released code).

    Args:
        cuts_s: (C,) times of the cuts in seconds, ascending.
        seconds: number of seconds T of the video.

    Returns:
        (T,) float32, 0 in the first second of each scene. The networks are fed this plus one.
    """
    ends = np.ceil(np.asarray(cuts_s, dtype=float))
    scene = np.searchsorted(ends, np.arange(seconds), side="right")
    first = np.searchsorted(scene, scene, side="left")
    return (np.arange(seconds) - first).astype(np.float32)


class PublishedCuts:
    """Finds cuts as published: every frame, shrunk as PySceneDetect shrinks it, through `AdaptiveDetector`.

    Attributes:
        cuts_s: times of the cuts found so far, in seconds.
    """

    def __init__(self) -> None:
        self._detector = AdaptiveDetector()
        self._times_s: list[float] = []
        self._size: tuple[int, int] | None = None
        self.cuts_s: list[float] = []

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        image = frame.upright(frame.full(order="bgr24"))
        height, width = image.shape[:2]
        factor = compute_downscale_factor(max(width, height))
        size = max(1, round(width / factor)), max(1, round(height / factor))
        # a picture that changes its size midway is compared at its first one
        self._size = self._size or (size if factor > 1 else (width, height))
        if self._size != (width, height):
            image = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
        self._times_s.append(frame.time_s)
        counter = FrameTimecode(len(self._times_s) - 1, COUNTER_RATE)
        self.cuts_s += [self._times_s[cut.frame_num] for cut in self._detector.process_frame(counter, image)]


class SteadyCuts:
    """Finds cuts that do not depend on the frame rate.

    `AdaptiveDetector` sees one frame per fifth of a second, whatever the frame rate; a cut that it finds is then placed
    at the frame in between that differs most from the one before it.
    """

    def __init__(self) -> None:
        self._detector = AdaptiveDetector(STEADY_THRESHOLD, STEADY_SCENE, STEADY_WINDOW)
        self._samples_s: list[float] = []
        self._cell = -1
        self._previous: Image | None = None
        self._changes: deque[tuple[float, float]] = deque()
        self._cuts_s: list[float] = []

    def add(self, time_s: float, image: Image) -> None:
        """Look at the next small frame, (height, width, 3) uint8 BGR."""
        if self._previous is not None:
            self._changes.append((time_s, difference(image, self._previous)))
        self._previous = image
        cell = int((time_s + CLOCK_S) * STEADY_RATE)
        if cell == self._cell:
            return
        self._cell = cell
        self._samples_s.append(time_s)
        counter = FrameTimecode(len(self._samples_s) - 1, STEADY_RATE)
        self._cuts_s += [self._exact_s(cut.frame_num) for cut in self._detector.process_frame(counter, image)]
        oldest_s = self._samples_s[max(0, len(self._samples_s) - 2 * self._detector.window_width)]
        while self._changes and self._changes[0][0] < oldest_s:
            self._changes.popleft()

    def _exact_s(self, sample: int) -> float:
        """Return the time of the greatest change between a sample and the one before it."""
        begin_s, end_s = self._samples_s[sample - 1], self._samples_s[sample]
        between = [(change, -time_s) for time_s, change in self._changes if begin_s < time_s <= end_s]
        return -max(between)[1] if between else end_s

    def finish(self) -> list[float]:
        """Return the times of all cuts, in seconds."""
        return self._cuts_s
