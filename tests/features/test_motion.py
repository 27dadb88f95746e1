"""Motion as published and independent of the frame rate."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from video2music.features.motion import PublishedMotion, SteadyMotion, difference
from video2music.video.reader import VideoReader

Make = Callable[..., Path]
Image = NDArray[np.uint8]


def published_motion(path: Path, seconds: int) -> list[float]:
    motion = PublishedMotion()
    with VideoReader(path) as reader:
        for frame in reader:
            motion.add(frame)
    return [motion.take(second) for second in range(seconds)]


def reference_motion(path: Path) -> dict[int, float]:
    """The released algorithm, read through OpenCV instead of PyAV."""
    capture = cv2.VideoCapture(str(path))
    values, previous, sampled_s = {0: 0.0}, None, 0
    while True:
        read, image = capture.read()
        if not read:
            return values
        time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if previous is not None and time_s - sampled_s >= 1:
            sampled_s = int(time_s)
            values[sampled_s] = float(cv2.absdiff(image, previous).mean())
        previous = image


@pytest.mark.parametrize(("fps", "size"), [(25, (128, 96)), (12, (322, 182)), (1.5, (128, 96))])
def test_published_motion_is_that_of_the_released_algorithm(make_clip: Make, fps: float, size: tuple[int, int]) -> None:
    path = make_clip("moving.mp4", seconds=4.0, fps=fps, size=size, sound=False)
    expected = reference_motion(path)
    assert max(expected.values()) > 1
    np.testing.assert_allclose(published_motion(path, 4), [expected.get(second, 0.0) for second in range(4)], atol=1e-4)


def test_second_without_a_sample_has_no_motion(make_clip: Make) -> None:
    path = make_clip("slow.mp4", seconds=8.0, fps=0.5, scenes=1, sound=False)
    motion = published_motion(path, 8)
    assert [value > 0 for value in motion] == [False, False, True, False, True, False, True, False]


def steady(times_s: NDArray[np.float64], images: list[Image], seconds: int) -> list[float]:
    motion = SteadyMotion()
    for time_s, image in zip(times_s, images, strict=True):
        motion.add(float(time_s), image)
    return [motion.take(second) for second in range(seconds)]


def drifting(time_s: float) -> Image:
    """A soft pattern that moves by 30 pixels a second."""
    y, x = np.mgrid[0:90, 0:160]
    wave = 128 + 60 * np.sin((x - 30 * time_s) / 12) + 40 * np.cos((y + 11 * time_s) / 9)
    return np.repeat(np.clip(wave, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("fps", [60, 24, 15, 12, 10, 5])
def test_steady_motion_does_not_depend_on_the_frame_rate(fps: int) -> None:
    def at(rate: int) -> NDArray[np.float64]:
        times_s = np.arange(4 * rate) / rate
        return np.array(steady(times_s, [drifting(time_s) for time_s in times_s], 4))

    np.testing.assert_allclose(at(fps)[1:], at(30)[1:], rtol=0.12)


def test_steady_motion_ignores_repeated_frames() -> None:
    times_s = np.arange(240) / 60
    smooth = steady(times_s, [drifting(time_s) for time_s in times_s], 4)
    repeated = steady(times_s, [drifting(int(time_s * 12) / 12) for time_s in times_s], 4)
    np.testing.assert_allclose(repeated[1:], smooth[1:], rtol=0.12)


def test_steady_motion_does_not_count_a_cut() -> None:
    times_s = np.arange(75) / 25
    images = [drifting(0.3 * time_s) if time_s < 1.5 else 255 - drifting(0.3 * time_s) for time_s in times_s]
    motion = steady(times_s, images, 3)
    assert motion[1] == pytest.approx((motion[0] + motion[2]) / 2, rel=0.3)


def test_steady_motion_sees_more_in_faster_movement() -> None:
    times_s = np.arange(75) / 25
    slow, fast = (steady(times_s, [drifting(speed * time_s) for time_s in times_s], 3) for speed in (0.2, 1.0))
    assert np.all(np.array(fast) > 3 * np.array(slow))


def test_steady_motion_stands_still_between_rare_frames() -> None:
    times_s = np.array([0.0, 2.5, 5.0])
    motion = steady(times_s, [drifting(time_s) for time_s in times_s], 8)
    assert [value > 0 for value in motion] == [False, False, True, False, False, True, False, False]


def test_short_last_second_is_like_the_one_before() -> None:
    times_s = np.arange(101) / 25 * 0.999  # the last frame begins at 3.996 s, the clip ends at 4.036 s
    motion = steady(times_s, [drifting(time_s) for time_s in times_s], 5)
    assert motion[4] == motion[3] > 0


def test_difference_of_images() -> None:
    black, grey = np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 3), 30, np.uint8)
    assert difference(black, grey) == pytest.approx(30)
    assert difference(black, np.zeros((2, 2, 3), np.uint8)) == 0
