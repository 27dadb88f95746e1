"""One decoding pass over all kinds of clips."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from video2music.errors import VideoReadError
from video2music.video.reader import VideoReader

Make = Callable[..., Path]
TESTSRC = ("-f", "lavfi", "-i", "testsrc=s=96x64:r=10:d=3")
SINE = ("-f", "lavfi", "-i", "sine=d=3")


def times(path: Path) -> tuple[list[float], float]:
    with VideoReader(path) as reader:
        frames = [(frame.time_s, frame.end_s) for frame in reader]
    return [time_s for time_s, _ in frames], frames[-1][1]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", ("-c:v", "libx264")),
        ("a.mov", ("-c:v", "mpeg4")),
        ("a.mkv", ("-c:v", "ffv1")),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "200k")),
        ("a.avi", ("-c:v", "mjpeg")),
        ("a.gif", ()),
    ],
)
def test_containers(ffmpeg: Make, name: str, codec: tuple[str, ...]) -> None:
    starts, end_s = times(ffmpeg(*TESTSRC, *codec, name))
    assert starts == pytest.approx(np.arange(30) / 10, abs=0.002)
    assert end_s == pytest.approx(3.0, abs=0.002)


@pytest.mark.parametrize(("rate", "count"), [("60", 180), ("30000/1001", 90), ("2", 6), ("0.4", 1)])
def test_frame_rates(ffmpeg: Make, rate: str, count: int) -> None:
    starts, end_s = times(ffmpeg("-f", "lavfi", "-i", f"testsrc=s=96x64:r={rate}:d=3", "-pix_fmt", "yuv420p", "a.mp4"))
    assert abs(len(starts) - count) <= 1
    numerator, _, denominator = rate.partition("/")
    assert end_s == pytest.approx(len(starts) * float(denominator or 1) / float(numerator), abs=0.001)


def test_variable_frame_rate_keeps_its_times(ffmpeg: Make) -> None:
    kept = "select='not(mod(n,7))+eq(n,1)+eq(n,2)'"
    starts, _ = times(ffmpeg(*TESTSRC, "-vf", kept, "-fps_mode", "vfr", "-enc_time_base", "1/1000", "a.mp4"))
    assert starts == pytest.approx([0, 0.1, 0.2, 0.7, 1.4, 2.1, 2.8], abs=0.002)


def test_one_frame(ffmpeg: Make) -> None:
    starts, end_s = times(ffmpeg(*TESTSRC, "-frames:v", 1, "a.mp4"))
    assert starts == [0]
    assert end_s == pytest.approx(0.1)


@pytest.mark.parametrize("pixels", ["yuv444p", "rgb24", "gray", "yuv420p10le"])
def test_odd_size_and_pixel_formats(ffmpeg: Make, pixels: str) -> None:
    clip = ("-f", "lavfi", "-i", "color=c=0x20A0E0:s=101x75:r=5:d=0.4", "-c:v", "ffv1", "-pix_fmt", pixels)
    with VideoReader(ffmpeg(*clip, "a.mkv")) as reader:
        image = next(iter(reader)).full()
    assert image.shape == (75, 101, 3)
    if pixels != "gray":
        np.testing.assert_allclose(image[40, 50], [0x20, 0xA0, 0xE0], atol=4)


def test_rotated_frame_is_shown_upright(ffmpeg: Make) -> None:
    halves = "color=red:s=96x64:r=5:d=0.4,drawbox=c=blue:t=fill:w=48"
    ffmpeg("-f", "lavfi", "-i", halves, "plain.mp4")
    # ffmpeg's -display_rotation counts counter-clockwise: the blue left half comes to lie at the bottom
    path = ffmpeg("-display_rotation", 90, "-i", "plain.mp4", "-c", "copy", "turned.mp4")
    with VideoReader(path) as reader:
        image = next(iter(reader)).shown(1000)
    assert image.shape == (96, 64, 3)
    assert image[10, 32, 0] > 200
    assert image[85, 32, 2] > 200


def test_shown_size_counts_the_sample_aspect(ffmpeg: Make) -> None:
    with VideoReader(ffmpeg(*TESTSRC, "-vf", "setsar=2/1", "-t", "0.2", "a.mp4")) as reader:
        frame = next(iter(reader))
        assert frame.shown(1000).shape == (64, 192, 3)
        assert frame.shown(32).shape == (32, 96, 3)


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ()),
        ("fast.mp4", ("-movflags", "+faststart")),
        ("fragments.mp4", ("-movflags", "+frag_keyframe+empty_moov", "-g", "10")),
        ("a.mkv", ()),
        ("a.avi", ("-c:v", "mpeg4")),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "400k")),
        ("a.gif", ()),
    ],
)
def test_cut_off_file_is_refused(ffmpeg: Make, name: str, options: tuple[str, ...], share: float) -> None:
    sound = () if name.endswith("gif") else SINE
    path = ffmpeg(*TESTSRC, *sound, *options, name)
    times(path)  # whole, it is read
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(VideoReadError, match=r"cut off|no frame"):
        times(path)


def test_longer_sound_does_not_make_the_picture_cut_off(ffmpeg: Make) -> None:
    path = ffmpeg(*TESTSRC, "-f", "lavfi", "-i", "sine=d=9", "a.mkv")
    assert times(path)[1] == pytest.approx(3.0, abs=0.002)


def test_damage_inside_is_skipped(ffmpeg: Make) -> None:
    path = ffmpeg(*TESTSRC, "-g", "5", "-c:v", "libx264", "a.mkv")
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 300] = bytes(300)
    path.write_bytes(whole)
    starts, end_s = times(path)
    assert len(starts) > 15
    assert end_s == pytest.approx(3.0, abs=0.11)


def test_times_never_go_back(ffmpeg: Make) -> None:
    starts, _ = times(ffmpeg(*TESTSRC, "-c:v", "libx264", "-bf", "3", "a.ts"))
    assert starts[0] == 0
    assert np.all(np.diff(starts) > 0)
