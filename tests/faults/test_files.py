"""Files that disappear, are damaged or cannot be written: it is said, nothing half is left, and the next works."""

import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import video2music
from emotion.errors import RefusalError
from video2music.errors import OutputError, SoundFontNotFoundError, SynthesisError
from video2music.music.sound_fonts import ENVIRONMENT_VARIABLE, find_sound_font
from video2music.piece import Piece
from video2music.video.ffmpeg import local, run_ffmpeg
from video2music.web.engine_registry import EngineRegistry
from video2music.web.lazy import Lazy
from video2music.web.service import MusicService
from video2music.wishes import Wishes

MODELS = Path(__file__).parents[2] / "assets" / "models"


@pytest.fixture(scope="module")
def piece(make_clip: Callable[..., Path]) -> Piece:
    return video2music.load().compose(make_clip(seconds=3.0), seed=7)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that is full then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [1_000, 100_000, 600_000])
def test_where_a_file_cannot_grow_nothing_is_left(piece: Piece, tmp_path: Path, size: int) -> None:
    with files_up_to(size), pytest.raises(OutputError) as said:
        piece.save(tmp_path / "out")
    assert "\n" not in str(said.value)
    assert not (tmp_path / "out").exists()
    assert piece.save(tmp_path / "out").video.exists()


def test_an_earlier_result_stays_where_a_new_one_cannot_be_written(piece: Piece, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in vars(piece.save(tmp_path / "out")).values() if path}
    with files_up_to(100_000), pytest.raises(OutputError):
        piece.save(tmp_path / "out")
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in before}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte; only whoever may mount has one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs the program mount")
def test_a_full_disk_is_said_and_nothing_is_left(piece: Piece, small_disk: Path) -> None:
    (small_disk / "others").write_bytes(bytes(500_000))
    with pytest.raises(OutputError, match=r"The disk is full: .* Free some space"):
        piece.save(small_disk / "out")
    assert [path.name for path in small_disk.iterdir()] == ["others"]


def test_a_program_that_writes_too_much_is_said(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    result = tmp_path / "out.wav"
    with files_up_to(10_000), pytest.raises(OutputError, match="The video would be larger than may be written"):
        run_ffmpeg(["-i", local(make_clip(seconds=3.0)), local(result)], result)


def test_a_sound_font_that_is_removed_is_said_until_it_is_back(
    piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font = tmp_path / "font.sf2"
    shutil.copyfile(find_sound_font(), font)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(font))
    composer = video2music.load()
    font.unlink()
    with pytest.raises((SoundFontNotFoundError, SynthesisError), match="sound font") as said:
        composer.compose(piece.source, seed=7)
    assert "\n" not in str(said.value)
    with pytest.raises(SoundFontNotFoundError, match="does not exist"):
        video2music.load()
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    assert video2music.load().compose(piece.source, seed=7).audio.any()


def test_weights_that_are_damaged_are_said_until_they_are_whole_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_clip: Callable[..., Path]
) -> None:
    models = shutil.copytree(MODELS, tmp_path / "models")
    monkeypatch.setenv("VIDEO2MUSIC_WEIGHTS", str(models))
    weights = models / "amt.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1000] + bytes(1000))
    service = MusicService(EngineRegistry(video2music.load), Lazy(lambda: pytest.fail("not needed")))
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(RefusalError, match=r"amt\.safetensors"):
        service.compose(lambda *_: None, folder=folder, clip=make_clip(), wishes=Wishes(seed=7), engine="embedded")
    assert not list(folder.rglob("*.wav"))
    weights.write_bytes(whole)
    again = tmp_path / "again"
    again.mkdir()
    _, files = service.compose(
        lambda *_: None, folder=again, clip=make_clip(), wishes=Wishes(seed=7), engine="embedded"
    )
    assert files.video.exists()


@pytest.mark.parametrize("level", [0.0, 1e-7, np.nan])
def test_music_that_came_out_silent_is_not_written(piece: Piece, tmp_path: Path, level: float) -> None:
    silent = replace(piece, audio=np.full_like(piece.audio, level))
    with pytest.raises(SynthesisError, match="came out silent"):
        silent.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()
