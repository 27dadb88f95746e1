"""What a file is said to hold, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from video2music.errors import VideoReadError
from video2music.video.probe import probe

Make = Callable[..., Path]
TESTSRC = ("-f", "lavfi", "-i", "testsrc=s=96x64:r=10:d=2")


def test_ordinary_clip(make_clip: Make) -> None:
    info = probe(make_clip("a.mp4", seconds=3.0, fps=25, size=(128, 96)))
    assert (info.width, info.height, info.video_codec, info.rotation) == (128, 96, "h264", 0)
    assert info.duration_s == pytest.approx(3.0, abs=0.001)
    assert info.frame_rate == pytest.approx(25)
    assert info.has_sound
    assert (info.sound_streams, info.subtitle_streams) == (1, 0)


def test_silent_film(make_clip: Make) -> None:
    assert not probe(make_clip("silent.mp4", seconds=0.5, sound=False)).has_sound


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_rotated_clip_has_the_displayed_size(ffmpeg: Make, degrees: int) -> None:
    ffmpeg(*TESTSRC, "plain.mp4")
    info = probe(ffmpeg("-display_rotation", degrees, "-i", "plain.mp4", "-c", "copy", "turned.mp4"))
    assert info.rotation == degrees % 360
    assert (info.width, info.height) == ((64, 96) if degrees % 180 else (96, 64))


def test_length_is_counted_when_the_header_has_none(ffmpeg: Make, tmp_path: Path) -> None:
    # the null seek of a pipe keeps matroska from writing its length
    ffmpeg(*TESTSRC, "-f", "matroska", "-live", "1", "live.mkv")
    assert probe(tmp_path / "live.mkv").duration_s == pytest.approx(2.0, abs=0.01)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match=r"no such file: .*gone\.mp4"):
        probe(tmp_path / "gone.mp4")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match="folder"):
        probe(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello", "not a video"),
        (bytes(range(256)) * 400, "not a video"),
        (b"#EXTM3U\n#EXTINF:2,\nplain.mp4\n#EXT-X-ENDLIST\n", "not a video"),
        (b"ffconcat version 1.0\nfile plain.mp4\n", "not a video"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 100, "cut off or damaged"),
    ],
    ids=["empty", "text", "bytes", "playlist", "concat", "only the first box"],
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8", "clip.ffconcat"])
def test_what_is_not_a_video(ffmpeg: Make, tmp_path: Path, content: bytes, message: str, name: str) -> None:
    ffmpeg(*TESTSRC, "plain.mp4")  # what the playlists refer to is there: they are refused for what they are
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoReadError, match=message):
        probe(tmp_path / name)


def test_picture_is_not_a_video(ffmpeg: Make) -> None:
    with pytest.raises(VideoReadError, match="not a video"):
        probe(ffmpeg(*TESTSRC, "-frames:v", 1, "picture.png"))


def test_sound_with_a_cover_picture_is_not_a_video(ffmpeg: Make) -> None:
    ffmpeg(*TESTSRC, "-frames:v", 1, "cover.jpg")
    sine = ("-f", "lavfi", "-i", "sine=d=1")
    cover = ("-i", "cover.jpg", "-map", 0, "-map", 1, "-c:v", "copy", "-disposition:v", "attached_pic")
    for song in (ffmpeg(*sine, *cover, "song.mp3"), ffmpeg(*sine, *cover, "song.m4a"), ffmpeg(*sine, "song.wav")):
        with pytest.raises(VideoReadError, match="sound but no picture"):
            probe(song)


def test_header_without_frames(ffmpeg: Make) -> None:
    with pytest.raises(VideoReadError):
        probe(ffmpeg(*TESTSRC, "-t", "0", "none.mkv"))


def test_message_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines.mp4"
    path.write_bytes(b"no")
    with pytest.raises(VideoReadError) as caught:
        probe(path)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_codec_is_named_by_its_format(ffmpeg: Make) -> None:
    # the decoder of this one is called libdav1d
    assert probe(ffmpeg(*TESTSRC, "-c:v", "libsvtav1", "-preset", "12", "a.mkv")).video_codec == "av1"
