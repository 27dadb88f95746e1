"""Private folders, and names that are safe everywhere."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import OutputError, VideoReadError
from video2music.web import folders


@given(st.text(max_size=300))
def test_any_name_becomes_one_safe_word(name: str) -> None:
    stem = folders.safe_stem(name)
    assert stem
    assert not set(stem) & folders.FORBIDDEN
    assert len(stem.encode()) <= folders.NAME_BYTES
    assert not stem.startswith(("-", ".", " "))
    assert stem.isprintable()
    assert folders.safe_stem(stem + ".mp4") == stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("holiday.mp4", "holiday"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a b.mov", "a b"),
        ("--version.mp4", "version"),
        ('say "cheese".mp4', "say cheese"),
        ("🎬 été.mp4", "🎬 été"),
        ("a\nb\x00c.mp4", "a b c"),
        (".mp4", "mp4"),
        ("...", "clip"),
        ("v1.2 final.mp4", "v1.2 final"),
    ],
)
def test_names(name: str, stem: str) -> None:
    assert folders.safe_stem(name) == stem


def test_the_root_is_private_and_ours(tmp_path: Path) -> None:
    root = folders.private_root(tmp_path)
    assert root.stat().st_mode & 0o777 == 0o700
    assert folders.private_root(tmp_path) == root


def test_a_planted_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"video2music-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="TMPDIR"):
        folders.private_root(tmp_path)


def test_an_upload_survives_its_deletion_elsewhere(tmp_path: Path) -> None:
    upload = tmp_path / "film.MOV"
    upload.write_bytes(b"picture")
    own = folders.bring_in(upload, folders.working_folder(tmp_path))
    upload.unlink()
    assert own.name == "film.mov"
    assert own.read_bytes() == b"picture"


def test_an_upload_that_is_gone_is_asked_for_again(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match="Choose it again"):
        folders.bring_in(tmp_path / "film.mov", folders.working_folder(tmp_path))


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.MP4", ".mp4"), ("a", ""), ("a.m/p4", ""), ("a.$(x)", ""), ("a.é", "")]
)
def test_endings(name: str, suffix: str) -> None:
    assert folders.safe_suffix(name) == suffix
