"""Scene cuts, and for each second how long its scene has lasted."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector
from scenedetect.scene_manager import compute_downscale_factor

from video2music.video.reader import Frame, Image

COUNTER_RATE = 25.0
"""Only a unit for PySceneDetect's frame counter: times are taken from the frames themselves."""


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
        self.cuts_s: list[float] = []

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        image = frame.upright(frame.full(order="bgr24"))
        height, width = image.shape[:2]
        factor = compute_downscale_factor(max(width, height))
        if factor > 1:
            size = max(1, round(width / factor)), max(1, round(height / factor))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
        self._times_s.append(frame.time_s)
        counter = FrameTimecode(len(self._times_s) - 1, COUNTER_RATE)
        self.cuts_s += [self._times_s[cut.frame_num] for cut in self._detector.process_frame(counter, image)]


class SteadyCuts:
    """Finds cuts that do not depend on the frame rate."""

    def __init__(self) -> None:
        self._detector = AdaptiveDetector()
        self._times_s: list[float] = []
        self._cuts_s: list[float] = []

    def add(self, time_s: float, image: Image) -> None:
        """Look at the next small frame, (height, width, 3) uint8 BGR."""
        self._times_s.append(time_s)
        counter = FrameTimecode(len(self._times_s) - 1, COUNTER_RATE)
        self._cuts_s += [self._times_s[cut.frame_num] for cut in self._detector.process_frame(counter, image)]

    def finish(self) -> list[float]:
        """Return the times of all cuts, in seconds."""
        return self._cuts_s
