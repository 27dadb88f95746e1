"""One pass over a video gives one row per second."""

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from video2music.errors import VideoReadError
from video2music.features.extraction import CHUNK_S, extract_features, whole_duration_s
from video2music.features.image_encoder import FrameFeatures

Make = Callable[..., Path]
GOLDEN = json.loads((Path(__file__).parents[1] / "data/features_golden.json").read_text())["clips"]


@dataclass
class BrightnessEncoder:
    """Sees only how bright a frame is, and remembers what it was shown."""

    exact_motion: bool = False
    frame_size: int = 48
    name: str = "brightness"
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def see(self, frames: NDArray[np.uint8], motion: NDArray[np.float32]) -> FrameFeatures:
        assert frames.dtype == np.uint8
        assert len(motion) == len(frames)
        self.shapes.append(frames.shape)
        brightness = frames.mean(axis=(1, 2, 3)).astype(np.float32)
        even = np.full((len(frames), 6), 1 / 6, dtype=np.float32)
        return FrameFeatures(even, 1 + brightness / 32, 1 + motion / 32, np.tile(brightness[:, None], (1, 768)))


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_golden_features(reference: Make, name: str) -> None:
    golden = GOLDEN[name]
    features = extract_features(reference(f"golden/video2music/clips/{name}"), BrightnessEncoder(exact_motion=True))
    offsets = golden["scene_offset"]
    np.testing.assert_array_equal(features.scene_offset[: len(offsets)], offsets)
    if "motion" in golden:
        np.testing.assert_allclose(features.motion, golden["motion"], atol=1e-4)
    assert features.seconds == math.ceil(features.duration_s) == len(features.scene_offset)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("seconds", "fps"), [(0.1, 30), (0.04, 25), (1.0, 25), (2.5, 24), (3.0, 29.97), (5.0, 0.4), (5.2, 1.5)]
)
def test_every_stream_has_one_row_per_second(make_clip: Make, seconds: float, fps: float, *, exact: bool) -> None:
    path = make_clip("clip.mp4", seconds=seconds, fps=fps, scenes=1, sound=False)
    features = extract_features(path, BrightnessEncoder(exact_motion=exact))
    length_s = max(1, round(seconds * fps)) / fps
    assert features.duration_s == pytest.approx(length_s, rel=0.002)
    rows = math.ceil(features.duration_s)
    assert features.emotion.shape == (rows, 6)
    assert features.semantic is not None
    assert features.semantic.shape == (rows, 768)
    for stream in (features.valence, features.arousal, features.motion, features.scene_offset):
        assert stream.shape == (rows,)
        assert stream.dtype == np.float32
        assert np.all(np.isfinite(stream))


def brightening(path: Path, rate: str, seconds: int) -> Path:
    """A grey clip whose brightness is ten times the time in seconds."""
    grey = f"nullsrc=s=64x48:r={rate}:d={seconds},format=gray,geq=lum='10*T'"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", grey, "-c:v", "ffv1", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("rate", ["25", "30000/1001", "1.5", "2", "7"])
def test_row_shows_its_own_second(tmp_path: Path, rate: str, *, exact: bool) -> None:
    features = extract_features(brightening(tmp_path / "grey.mkv", rate, 12), BrightnessEncoder(exact_motion=exact))
    assert features.semantic is not None
    shown_s = features.semantic[:12, 0] / 10
    np.testing.assert_array_less(np.arange(12) - 0.11, shown_s)  # brightness is a whole number: steps of 0.1 s
    np.testing.assert_array_less(shown_s, np.arange(12) + 1)


@pytest.mark.parametrize("exact", [True, False])
def test_frames_are_those_of_the_published_choice(tmp_path: Path, *, exact: bool) -> None:
    # each frame a second or more after the last choice; that skips second 5, which has its first frame
    features = extract_features(brightening(tmp_path / "grey.mkv", "2.5", 7), BrightnessEncoder(exact_motion=exact))
    assert features.semantic is not None
    np.testing.assert_allclose(features.semantic[:7, 0] / 10, [0, 1.2, 2.4, 3.6, 4.8, 5.2, 6.0], atol=0.11)


def test_second_without_a_new_frame_repeats_the_standing_one(tmp_path: Path) -> None:
    features = extract_features(brightening(tmp_path / "grey.mkv", "0.4", 10), BrightnessEncoder())
    assert features.semantic is not None
    np.testing.assert_allclose(features.semantic[:10, 0] / 10, [0, 0, 2.5, 2.5, 2.5, 5, 5, 7.5, 7.5, 7.5], atol=0.11)


def test_chunks_are_consecutive_and_bounded(make_clip: Make) -> None:
    encoder = BrightnessEncoder()
    features = extract_features(make_clip("long.mp4", seconds=40, fps=5, size=(64, 48), sound=False), encoder)
    assert [shape[0] for shape in encoder.shapes] == [CHUNK_S, CHUNK_S, 40 - 2 * CHUNK_S]
    assert features.seconds == 40


@pytest.mark.parametrize(
    ("exact", "size"), [(False, (128, 96)), (True, (128, 96)), (False, (96, 128)), (True, (96, 128))]
)
def test_shorter_side_is_what_the_encoder_wants(make_clip: Make, size: tuple[int, int], *, exact: bool) -> None:
    encoder = BrightnessEncoder(exact_motion=exact)
    extract_features(make_clip("size.mp4", seconds=1, fps=5, size=size, sound=False), encoder)
    assert encoder.shapes == [(1, 48, 64, 3) if size[0] > size[1] else (1, 64, 48, 3)]


def test_small_frames_are_not_enlarged(make_clip: Make) -> None:
    encoder = BrightnessEncoder(frame_size=500)
    extract_features(make_clip("small.mp4", seconds=1, fps=5, size=(128, 96), sound=False), encoder)
    assert encoder.shapes == [(1, 96, 128, 3)]


def test_progress_rises_to_one(make_clip: Make) -> None:
    told: list[tuple[str, float]] = []
    clip = make_clip("progress.mp4", seconds=4, fps=10, sound=False)
    extract_features(clip, BrightnessEncoder(), progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) == 4


def test_cuts_and_offsets_agree(make_clip: Make) -> None:
    features = extract_features(make_clip("three.mp4", seconds=9, fps=25, scenes=3, sound=False), BrightnessEncoder())
    assert features.cuts_s == pytest.approx([3.0, 6.0])
    np.testing.assert_array_equal(features.scene_offset, [0, 1, 2] * 3)


def test_refuses_a_file_without_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("no")
    with pytest.raises(VideoReadError):
        extract_features(path, BrightnessEncoder())


@pytest.mark.parametrize(("end_s", "duration_s"), [(30.0003, 30.0), (30.0021, 30.0021), (0.0004, 0.001), (2.5, 2.5)])
def test_clocks_in_milliseconds_add_no_second(end_s: float, duration_s: float) -> None:
    assert whole_duration_s(end_s) == duration_s
