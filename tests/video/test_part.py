"""Parts of clips: what is a part, and that it is read and written as a clip of its own."""

import math
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.audio import read_audio
from video2music.pipeline import Composer
from video2music.video.mux import mux
from video2music.video.part import Part, PartError, parse_range
from video2music.video.probe import probe
from video2music.video.reader import Frame, VideoReader

Make = Callable[..., Path]
CHANGING = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=4")
SIREN = ("-f", "lavfi", "-i", "aevalsrc='0.2*sin(2*PI*(400+200*floor(t))*t)':s=48000:d=4")
PIXELS = (96, 64)


def frames(path: Path, part: Part | None = None) -> list[tuple[float, float, np.ndarray]]:
    with VideoReader(path, part) as reader:
        return [(frame.time_s, frame.end_s, frame.full().astype(int)) for frame in reader]


def pitch_hz(samples: np.ndarray, rate: int) -> float:
    """The strongest pitch of a sound."""
    return float(np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) * rate / len(samples))


@pytest.mark.parametrize(
    ("text", "part"),
    [("5-40", (5, 40)), (" 0.5 - 2 ", (0.5, 2)), ("5-", (5, math.inf)), ("-10", (0, 10)), ("0-.25", (0, 0.25))],
)
def test_parts_as_people_type_them(text: str, part: tuple[float, float]) -> None:
    assert parse_range(text) == part


@pytest.mark.parametrize(
    "text", ["", "-", "40-5", "5-5", "5-5.05", "nan-7", "5-nan", "-5-7", "5--7", "a-b", "5", "inf-", "5:40", "1-2-3"]
)
def test_what_is_no_part_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(PartError) as refusal:
        parse_range(text)
    assert str(refusal.value).count("\n") == 0


@given(start=st.floats(), end=st.floats())
def test_every_part_is_a_stretch_of_time(start: float, end: float) -> None:
    try:
        part = Part(start, end)
    except PartError:
        return
    assert 0 <= part.start_s < part.end_s
    assert part.length_s >= 0.0999
    assert math.isfinite(part.start_s)


def test_a_part_lies_within_its_clip() -> None:
    assert Part(5).within(30) == Part(5, 30)
    assert Part(5, 30.04).within(30) == Part(5, 30), "people read lengths rounded"
    for part in (Part(5, 31), Part(30), Part(29.95), Part(40, 50)):
        with pytest.raises(PartError, match=r"clip of 30\.00 s"):
            part.within(30)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", ("-c:v", "libx264", "-g", "100", "-bf", "3")),
        ("a.ts", ("-c:v", "libx264", "-g", "8", "-bf", "2")),
        ("a.mkv", ("-c:v", "libx265", "-x265-params", "keyint=7:log-level=error")),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "300k")),
        ("a.avi", ("-c:v", "mpeg4")),
        ("a.mov", ("-c:v", "mjpeg")),
        ("a.gif", ()),
    ],
)
@pytest.mark.parametrize("span", [(1.25, 2.55), (2.0, 3.0), (0.3, 4.0), (3.9, 4.0)])
def test_frames_of_a_part_are_those_of_the_whole(
    ffmpeg: Make, name: str, codec: tuple[str, ...], span: tuple[float, float]
) -> None:
    path = ffmpeg(*CHANGING, *codec, name)
    part = Part(*span)
    standing = [
        (max(0.0, start - part.start_s), min(end, part.end_s) - part.start_s, image)
        for start, end, image in frames(path)
        if end > part.start_s + 0.005 and start < part.end_s - 0.005
    ]
    read = frames(path, part)
    assert [frame[0] for frame in read] == pytest.approx([frame[0] for frame in standing], abs=0.003)
    assert [frame[1] for frame in read] == pytest.approx([frame[1] for frame in standing], abs=0.003)
    assert read[0][0] == 0
    for (_, _, image), (_, _, expected) in zip(read, standing, strict=True):
        np.testing.assert_array_equal(image, expected)


def test_what_lies_before_a_part_is_skipped(ffmpeg: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ffmpeg(*CHANGING, "-c:v", "libx264", "-g", "5", "-bf", "0", "a.mp4")
    decoded = []
    pictures = VideoReader._pictures
    monkeypatch.setattr(
        VideoReader, "_pictures", lambda reader: (decoded.append(0) or picture for picture in pictures(reader))
    )
    assert len(frames(path, Part(3.2, 3.5))) == 3
    assert len(decoded) < 12, "one to learn when the picture begins, then from the last key frame on"


def test_a_picture_that_stands_long_fills_the_part(ffmpeg: Make) -> None:
    kept = "select='not(mod(n,15))'"
    path = ffmpeg(*CHANGING, "-vf", kept, "-fps_mode", "vfr", "-enc_time_base", "1/1000", "a.mp4")
    assert [(start, end) for start, end, _ in frames(path, Part(1.0, 1.4))] == [(0.0, pytest.approx(0.4))]
    assert [frame[:2] for frame in frames(path, Part(1.0, 2.0))] == [
        (0.0, pytest.approx(0.6, abs=0.11)),
        (pytest.approx(0.5), pytest.approx(1.0)),
    ]


def test_features_of_a_part_are_those_of_a_clip_of_its_own(ffmpeg: Make, model: Composer) -> None:
    scenes = "color=red:s=96x64:r=10:d=2.5[a];testsrc=s=96x64:r=10:d=3.5[b];[a][b]concat=n=2"
    path = ffmpeg("-f", "lavfi", "-i", scenes, "-c:v", "ffv1", "a.mkv")
    cut = ffmpeg("-ss", 1.5, "-i", path, "-t", 3, "-c:v", "ffv1", "cut.mkv")
    part, whole = model.analyze(path, part=Part(1.5, 4.5)), model.analyze(cut)
    assert part.duration_s == whole.duration_s == 3.0
    assert part.cuts_s == pytest.approx(whole.cuts_s)
    assert list(part.cuts_s) == [1.0]
    np.testing.assert_allclose(part.emotion, whole.emotion, atol=1e-5)
    np.testing.assert_allclose(part.motion, whole.motion, atol=1e-5)
    np.testing.assert_array_equal(part.scene_offset, whole.scene_offset)


def test_features_of_a_part_beyond_the_end_are_refused(make_clip: Make, model: Composer) -> None:
    with pytest.raises(PartError, match="clip of 3"):
        model.analyze(make_clip("a.mp4"), part=Part(1.0, 9.0))


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.avi"])
@pytest.mark.parametrize("original", ["replace", "mix"])
def test_video_of_a_part(ffmpeg: Make, music: Path, tmp_path: Path, name: str, original: str) -> None:
    source = ffmpeg(*CHANGING, *SIREN, "-g", "30", name)
    out = tmp_path / "out.mp4"
    mux(source, music, out, original=original, music_level_lu=-40.0, part=Part(1.3, 3.0))
    written, expected = frames(out), frames(source, Part(1.3, 3.0))
    assert len(written) == len(expected) == 17
    assert written[-1][1] == pytest.approx(1.7, abs=0.002)
    distances = [[np.abs(one[2] - other[2]).mean() for other in expected] for one in written]
    assert [int(np.argmin(row)) for row in distances] == list(range(17)), "every frame stands where it stood"
    with av.open(str(out)) as container:
        assert container.duration / av.time_base == pytest.approx(1.7, abs=0.04)
    sound = read_audio(out, sample_rate=48000)
    late = sound.samples[38400:76800]  # from second 2.1 to 2.9 of the source: 400 + 2 * 200 Hz there
    assert pitch_hz(late, 48000) == pytest.approx(800 if original == "mix" else 330, abs=70)


def test_other_tracks_of_a_part_are_cut_with_it(ffmpeg: Make, music: Path, tmp_path: Path) -> None:
    lines = "1\n00:00:00,200 --> 00:00:01,000\nBefore\n\n2\n00:00:02,500 --> 00:00:03,000\nHello\n"
    (tmp_path / "text.srt").write_text(lines)
    maps = ("-map", 0, "-map", 1, "-map", 1, "-map", 2)
    source = ffmpeg(*CHANGING, *SIREN, "-i", "text.srt", *maps, "-metadata", "title=My film", "a.mkv")
    mux(source, music, tmp_path / "out.mp4", part=Part(2.0, 3.5))
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "audio", "subtitle"]
        assert container.metadata["title"] == "My film"
        texts = [packet for packet in container.demux(container.streams.subtitles[0]) if packet.size > 2]
        shown = [(float(packet.pts * packet.time_base), bytes(packet)[2:].decode()) for packet in texts]
        assert (pytest.approx(0.5, abs=0.01), "Hello") in shown
        assert all("Before" not in text for _, text in shown)


def test_a_part_beyond_the_end_is_not_written(make_clip: Make, music: Path, tmp_path: Path) -> None:
    with pytest.raises(PartError):
        mux(make_clip("a.mp4"), music, tmp_path / "out.mp4", part=Part(1, 10))
    assert list(tmp_path.iterdir()) == []


def test_frames_of_a_part_convert_like_others(make_clip: Make) -> None:
    with VideoReader(make_clip("a.mp4"), Part(1.0, 2.0)) as reader:
        assert reader.duration_s == pytest.approx(1.0)
        first: Frame = next(iter(reader))
    assert first.pixels(*PIXELS).shape == (64, 96, 3)
    assert probe(make_clip("a.mp4")).duration_s == pytest.approx(3.0, abs=0.01)
