"""Which files are clips, and what their results are called."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.batch.folder import find_clips
from video2music.batch.journal import FILE_NAME, open_journal
from video2music.errors import OutputError, VideoReadError
from video2music.training.layout import SHARES, song_name, split_of


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_clips_are_found_below_and_named_after_themselves(tmp_path: Path) -> None:
    put(tmp_path, "b.mp4", "a/sea.mkv", "a/sea.webm", "notes.txt", ".hidden/c.mp4", ".d.mp4", "wave.gif", "photo.jpg")
    put(tmp_path, "out/b/video.mp4")
    clips = find_clips(tmp_path, tmp_path / "out")
    assert list(clips) == ["a/sea.mkv", "a/sea.webm", "b", "wave"]
    assert clips["b"] == tmp_path / "b.mp4"


def test_a_folder_without_clips_and_one_that_is_missing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match="no such folder"):
        find_clips(tmp_path / "none", tmp_path / "out")
    with pytest.raises(VideoReadError, match="no video"):
        find_clips(tmp_path, tmp_path / "out")
    put(tmp_path, "a.mp4")
    with pytest.raises(OutputError, match="among the clips"):
        find_clips(tmp_path, tmp_path)


def test_the_record_survives_a_run_that_was_cut_off(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.write("a", {"problem": "", "asked": {"key": None, "bytes": 3}})
    journal.write("b", {"problem": "It is broken.", "asked": {"key": None, "bytes": 4}})
    with (tmp_path / FILE_NAME).open("a") as file:
        file.write('{"name": "c", "probl')
    again = open_journal(tmp_path)
    again.write("d", {"problem": "", "asked": {}})
    last = open_journal(tmp_path)
    assert last.is_done("a", {"key": None, "bytes": 3})
    assert not last.is_done("a", {"key": "A minor", "bytes": 3})
    assert not last.is_done("b", {"key": None, "bytes": 4})
    assert not last.is_done("c", {})
    assert last.is_done("d", {})


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_names_of_songs_are_plain_and_tell_clips_apart(first: str, second: str) -> None:
    names = song_name(first), song_name(second)
    assert all(re.fullmatch("[A-Za-z0-9_-]+", name) for name in names)
    assert (names[0] == names[1]) == (first == second)


def test_splits_have_their_shares_and_depend_on_the_name_alone() -> None:
    names = [f"song_{number}" for number in range(4000)]
    splits = [split_of(name, 1) for name in names]
    for split, share in SHARES.items():
        assert abs(splits.count(split) / len(names) - share) < 0.02
    assert [split_of(name, 1) for name in names[:50]] == splits[:50]
    assert [split_of(name, 2) for name in names] != splits
