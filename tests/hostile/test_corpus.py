"""Every file of the corpus ends in a result or a refusal of one line, soon, in little memory, in its own folder."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from make import NAMES
from media_seeds import SOUNDS, VIDEOS
from watch import End, Watch

StartWatch = Callable[..., Watch]


def read_all(watch: Watch, reader: str, files: Iterable[Path]) -> dict[str, End]:
    ends = {path.name: watch.read(reader, path) for path in sorted(files)}
    bad = {ascii(name): end for name, end in ends.items() if not end.good}
    assert not bad
    assert watch.escaped() == []
    assert ends
    return ends


@pytest.mark.parametrize("reader", ["video", "sound", "play", "weights", "network", "primer", "settings", "study"])
def test_hostile_files(corpus: Path, start_watch: StartWatch, reader: str) -> None:
    folder = corpus / reader
    read_all(start_watch(reader, guarded=(corpus / reader,)), reader, folder.iterdir())
    assert not (corpus / "pwned").exists()


def test_whole_files_are_read(corpus: Path, start_watch: StartWatch) -> None:
    watch = start_watch("video", "sound", "play")
    kinds = {path.name: watch.read("video", path).kind for path in (corpus / "video").glob("rate*[0-9].avi")}
    kinds |= {
        name: watch.read("video", corpus / "video" / name).kind for name in ("pixel.mkv", "eightk.avi", "and-zip.mp4")
    }
    kinds |= {name: watch.read("sound", corpus / "sound" / name).kind for name in ("channels64.wav", "short.wav")}
    kinds |= {
        name: watch.read("play", corpus / "play" / name).kind for name in ("score.json", "result.json", "notes.mid")
    }
    refused = {name for name, kind in kinds.items() if kind != "result"}
    assert refused <= {
        "short.wav",
        "rate0-0.avi",
        "rate0-10.avi",
        "rate1-0.avi",
        "rate1-4294967295.avi",
        "rate4294967295-1.avi",
    }


def test_every_container_is_read(corpus: Path, start_watch: StartWatch) -> None:
    watch = start_watch("video", "sound", guarded=(corpus / "seeds",))
    ends = {name: watch.read("video", corpus / "seeds" / name) for name in VIDEOS}
    ends |= {name: watch.read("sound", corpus / "seeds" / name) for name in SOUNDS}
    assert {name: end.words for name, end in ends.items() if end.kind != "result"} == {}


def test_names(corpus: Path, start_watch: StartWatch) -> None:
    """A name is only a name."""
    watch = start_watch("video", guarded=(corpus / "names",))
    ends = read_all(watch, "video", (corpus / "names").iterdir())
    assert {end.kind for end in ends.values()} == {"result"}
    assert len(ends) == len(NAMES)


@pytest.mark.parametrize(
    "name", ["-leading.mp4", "new\nline.mp4", "$(touch pwned).mp4", "%03d.mp4", "\udcff\udcfe.mp4"]
)
def test_names_are_only_names_to_ffmpeg_too(corpus: Path, start_watch: StartWatch, name: str) -> None:
    watch = start_watch("mux", guarded=(corpus / "names",))
    assert watch.read("mux", corpus / "names" / name).kind == "result"
    assert watch.escaped() == []


def test_music_under_hostile_videos(corpus: Path, start_watch: StartWatch, tmp_path: Path) -> None:
    chosen = ("and-page.mp4", "backwards.ts", "rate1000.avi", "line.mkv", "mpeg2-0.ts", "h264-1.mp4", "other-size.mp4")
    folder = tmp_path / "chosen"
    folder.mkdir()
    for name in chosen:
        shutil.copy(corpus / "video" / name, folder / name)
    read_all(start_watch("mux", guarded=(folder,)), "mux", folder.iterdir())


def test_recogniser_and_hostile_sounds(corpus: Path, start_watch: StartWatch) -> None:
    names = ("not-numbers.wav", "too-loud.wav", "changing.mp3")
    read_all(start_watch("recognise"), "recognise", [corpus / "sound" / name for name in names])
