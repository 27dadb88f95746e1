"""Cuts and scene offsets, as published and independent of the frame rate."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenedetect import detect
from scenedetect.detectors import AdaptiveDetector

from video2music.features.scene import PublishedCuts, SteadyCuts, scene_offsets
from video2music.video.reader import VideoReader

Make = Callable[..., Path]


def published_cuts(path: Path) -> list[float]:
    cuts = PublishedCuts()
    with VideoReader(path) as reader:
        for frame in reader:
            cuts.add(frame)
    return cuts.cuts_s


def steady_cuts(path: Path) -> list[float]:
    cuts = SteadyCuts()
    with VideoReader(path) as reader:
        for frame in reader:
            cuts.add(frame.time_s, frame.pixels(128, 96, order="bgr24"))
    return cuts.finish()


@pytest.mark.parametrize(("fps", "size"), [(25, (128, 96)), (30, (400, 224)), (12, (224, 400))])
def test_published_cuts_are_those_of_pyscenedetect(make_clip: Make, fps: int, size: tuple[int, int]) -> None:
    path = make_clip("cuts.mp4", seconds=6.0, fps=fps, size=size, scenes=3, sound=False)
    scenes = detect(str(path), AdaptiveDetector())
    assert len(scenes) >= 2
    assert published_cuts(path) == pytest.approx([start.seconds for start, _ in scenes[1:]], abs=0.001)


@pytest.mark.parametrize("fps", [60, 30, 24, 15, 10, 6, 5])
def test_steady_cuts_do_not_depend_on_the_frame_rate(make_clip: Make, fps: int) -> None:
    path = make_clip("rates.mp4", seconds=9.0, fps=fps, scenes=3, sound=False)
    assert steady_cuts(path) == pytest.approx([3.0, 6.0], abs=1 / fps + 0.001)


def test_steady_cuts_are_exact_to_the_frame(make_clip: Make) -> None:
    # 4.5 s and 9 s lie between the samples of a fifth of a second
    path = make_clip("between.mp4", seconds=13.5, fps=30, scenes=3, sound=False)
    assert steady_cuts(path) == pytest.approx([4.5, 9.0], abs=0.001)


@pytest.mark.parametrize("fps", [60, 25, 10, 5])
def test_cuts_in_quick_succession_are_one_at_every_frame_rate(fps: int) -> None:
    rng = np.random.default_rng(1)
    colours = {0.0: (20, 40, 90), 2.0: (200, 90, 30), 2.4: (30, 200, 60)}
    cuts = SteadyCuts()
    for time_s in np.arange(4 * fps) / fps:
        colour = next(colours[start_s] for start_s in (2.4, 2.0, 0.0) if time_s >= start_s - 1e-9)
        cuts.add(float(time_s), np.clip(rng.normal(0, 5, (90, 160, 3)) + colour, 0, 255).astype(np.uint8))
    assert len(cuts.finish()) == 1


def test_steady_cuts_survive_repeated_frames() -> None:
    rng = np.random.default_rng(0)
    pictures = [np.full((90, 160, 3), colour, dtype=np.uint8) for colour in ((20, 40, 90), (200, 90, 30))]
    cuts = SteadyCuts()
    for index in range(240):  # 60 fps, each picture shown three times, with noise that is new every third frame
        if index % 3 == 0:
            image = np.clip(pictures[index >= 120] + rng.normal(0, 6, (90, 160, 3)), 0, 255).astype(np.uint8)
        cuts.add(index / 60, image)
    assert cuts.finish() == pytest.approx([2.0])


def test_one_scene_counts_up() -> None:
    np.testing.assert_array_equal(scene_offsets(np.array([], dtype=np.float32), 4), [0, 1, 2, 3])


def test_second_belongs_to_the_scene_whose_rounded_end_exceeds_it() -> None:
    np.testing.assert_array_equal(scene_offsets(np.array([2.3, 5.0], dtype=np.float32), 7), [0, 1, 2, 0, 1, 0, 1])


@given(st.lists(st.floats(0.0625, 60, width=32), max_size=20), st.integers(1, 60))
def test_offsets_count_up_or_start_again(cuts: list[float], seconds: int) -> None:
    offsets = scene_offsets(np.array(sorted(cuts), dtype=np.float32), seconds)
    assert len(offsets) == seconds
    assert offsets[0] == 0
    steps = np.diff(offsets)
    assert np.all((steps == 1) | (offsets[1:] == 0))
    assert np.count_nonzero(offsets == 0) <= 1 + len(cuts)
