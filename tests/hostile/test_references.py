"""Nothing but the named file is opened: no address is asked, and no other file's content shows up anywhere."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest
from references import make_references
from watch import Canary, Watch

from emotion.media import CONTAINERS
from video2music.errors import OutputError
from video2music.video.ffmpeg import READ_ONE_FILE, local, run_ffmpeg

StartWatch = Callable[..., Watch]


@pytest.fixture
def references(corpus: Path, bird: Canary, tmp_path: Path) -> list[Path]:
    folder = tmp_path / "references"
    folder.mkdir()
    make_references(folder, bird.address, bird.file, corpus / "seeds" / "h264.mp4")
    return sorted(folder.iterdir())


def test_canary_would_sing(references: list[Path], bird: Canary) -> None:
    """What the limits keep from happening does happen without them."""
    playlist = next(path for path in references if path.name == "web.m3u8")
    with pytest.raises(av.error.FFmpegError):
        av.open(str(playlist), options={"protocol_whitelist": "file,http,tcp", "extension_picky": "0"})
    assert bird.asked


@pytest.mark.parametrize("reader", ["video", "sound"])
def test_references_are_not_followed(
    references: list[Path], bird: Canary, start_watch: StartWatch, reader: str
) -> None:
    watch = start_watch(reader, guarded=(references[0].parent,))
    ends = {path.name: watch.read(reader, path) for path in references}
    assert {name: end for name, end in ends.items() if not end.good} == {}
    # the one sound among them is silence with a picture that lies elsewhere
    assert {name for name, end in ends.items() if end.kind == "result"} <= {"cover.mp3"}
    assert not any(bird.secret in end.words for end in ends.values())
    assert bird.asked == []
    assert watch.escaped() == []


def test_ffmpeg_program_follows_none_either(references: list[Path], bird: Canary, tmp_path: Path) -> None:
    for path in references:
        if path.name in ("cover.mp3", "cover.flac"):
            continue
        with pytest.raises(OutputError):
            run_ffmpeg([*READ_ONE_FILE, "-i", local(path), "-f", "framemd5", local(tmp_path / "frames")], path)
    assert bird.asked == []


def test_playlists_are_no_containers() -> None:
    following = {
        "hls",
        "dash",
        "concat",
        "image2",
        "sdp",
        "rtsp",
        "imf",
        "lavfi",
        "webm_dash_manifest",
        "vobsub",
        "tty",
    }
    assert not following & set(CONTAINERS.split(","))
