"""Seconds that look like an earlier one are told from those that do not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from video2music.features.stillness import STILL, standing_pictures


def video(*brightness: float) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 3, (len(brightness), 90, 160, 3))
    return (np.array(brightness)[:, None, None, None] + noise).astype(np.uint8)


def test_noise_is_no_change() -> None:
    np.testing.assert_array_equal(standing_pictures(video(80, 80, 80)), [0, 0, 0])


def test_another_scene_stands_for_itself() -> None:
    np.testing.assert_array_equal(standing_pictures(video(80, 80, 120, 120, 80)), [0, 0, 2, 2, 4])


def test_slow_changes_add_up() -> None:
    step = STILL * 0.6
    np.testing.assert_array_equal(standing_pictures(video(*(80 + step * n for n in range(6)))), [0, 0, 2, 2, 4, 4])


def test_a_small_thing_is_seen() -> None:
    pictures = video(80, 80)
    pictures[1, 10:20, 10:20] = 255
    np.testing.assert_array_equal(standing_pictures(pictures), [0, 1])


@pytest.mark.parametrize("size", [(1, 1), (9, 300), (336, 597)])
def test_any_size(size: tuple[int, int]) -> None:
    np.testing.assert_array_equal(standing_pictures(np.zeros((2, *size, 3), np.uint8)), [0, 0])
