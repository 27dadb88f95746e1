"""The page's folder: what goes when, what is refused when it is full, and clocks that jump."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from video2music.piece import Piece
from video2music.web.folders import KEEP_S
from video2music.web.session_store import Kept, NotKeptError, SessionStore
from video2music.web.storage import GRACE_S, KEPT_FREE, NoRoomError, Storage, bytes_needed
from video2music.wishes import Wishes

ROOM = 10_000_000


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> SessionStore:
    return SessionStore(clock)


@pytest.fixture
def storage(tmp_path: Path, clock: Clock, sessions: SessionStore) -> Storage:
    return Storage(tmp_path, ROOM, sessions, clock)


@pytest.fixture
def lay(tmp_path: Path, storage: Storage) -> Callable[..., Path]:
    """Put a file where browsers fetch it, and let it be seen."""

    def put(name: str, size: int = 1000) -> Path:
        path = tmp_path / "served" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        storage.tidy()
        return path

    return put


def test_what_is_old_goes_and_what_is_new_stays(storage: Storage, clock: Clock, lay: Callable[..., Path]) -> None:
    old = lay("abc/piece.mp4")
    clock.now += KEEP_S
    new = lay("def/piece.mp4")
    clock.now += 1
    storage.tidy()
    assert not old.parent.exists()
    assert new.exists()


def test_what_is_sent_again_counts_as_new(storage: Storage, clock: Clock, lay: Callable[..., Path]) -> None:
    path = lay("abc/piece.mp4")
    clock.now += KEEP_S
    os.utime(path)  # Gradio does so where the same file is offered again
    storage.tidy()
    clock.now += 1
    storage.tidy()
    assert path.exists()


def test_an_upload_that_never_ended_goes_early(storage: Storage, clock: Clock, lay: Callable[..., Path]) -> None:
    unfinished, whole = lay("tmpabc"), lay("abc/piece.mp4")
    clock.now += GRACE_S + 1
    storage.tidy()
    assert not unfinished.exists()
    assert whole.exists()


@pytest.mark.parametrize("jump_s", [400 * 86400.0, -400 * 86400.0], ids=["forwards", "backwards"])
def test_the_time_of_day_may_jump(
    storage: Storage,
    clock: Clock,
    lay: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    jump_s: float,
) -> None:
    before, real = lay("abc/piece.mp4"), time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)
    os.utime(before, (real() - jump_s, real() - jump_s))  # as it looks to a clock that has jumped
    storage.tidy()
    storage.need_room(1000)
    assert before.exists()
    clock.now += KEEP_S + 1
    storage.tidy()
    assert not before.exists()


def test_everything_is_counted_once(storage: Storage, tmp_path: Path, lay: Callable[..., Path]) -> None:
    path, before = lay("abc/piece.mp4", 500_000), storage.used()
    assert 500_000 <= before < 600_000
    (tmp_path / "run-x").mkdir()
    (tmp_path / "run-x" / "piece.mp4").hardlink_to(path)
    assert storage.used() == before
    shutil.copyfile(path, tmp_path / "run-x" / "copy.mp4")
    assert storage.used() >= before + 500_000


def test_what_lies_longest_makes_room_and_what_is_in_use_does_not(
    storage: Storage, clock: Clock, lay: Callable[..., Path]
) -> None:
    oldest = lay("a/1.mp4", 3_000_000)
    clock.now += 10
    older = lay("b/2.mp4", 3_000_000)
    clock.now += GRACE_S
    young = lay("c/3.mp4", 3_000_000)
    storage.need_room(3_000_000)
    assert [path.exists() for path in (oldest, older, young)] == [False, True, True]
    with pytest.raises(NoRoomError, match=r"no room on the disk for this just now\. Please try again in some minutes"):
        storage.need_room(8_000_000)
    assert young.exists()


def test_what_is_promised_is_not_given_twice(storage: Storage) -> None:
    with storage.promised(6_000_000):
        with pytest.raises(NoRoomError):
            storage.need_room(5_000_000)
        storage.need_room(3_000_000)
    storage.need_room(9_000_000)


def test_what_would_never_fit_is_said(storage: Storage) -> None:
    with pytest.raises(NoRoomError, match=r"needs 12 MB of the disk, and 10 MB is all there is here\. Choose"):
        storage.need_room(12_000_000)


def test_the_disk_is_not_filled_to_the_last_byte(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=KEPT_FREE + 1_000_000))
    storage.need_room(900_000)
    with pytest.raises(NoRoomError):
        storage.need_room(1_100_000)


def kept(folder: Path, piece: Piece | None = None) -> Kept:
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(os.urandom(4_000_000))
    return Kept(folder, "clip.mp4", Wishes(), (piece,))  # type: ignore[arg-type]  # only the folder matters


def test_pieces_that_nobody_works_on_make_room_at_last(
    storage: Storage, sessions: SessionStore, clock: Clock, tmp_path: Path
) -> None:
    sessions.put("idle", kept(tmp_path / "kept-1"))
    clock.now += GRACE_S + 1
    sessions.put("busy", kept(tmp_path / "kept-2"))
    storage.need_room(5_000_000)
    assert sessions.get("busy")
    with pytest.raises(NotKeptError):
        sessions.get("idle")
    assert not (tmp_path / "kept-1").exists()
    with pytest.raises(NoRoomError):
        storage.need_room(9_000_000)


def test_pieces_go_when_nobody_comes(storage: Storage, sessions: SessionStore, clock: Clock, tmp_path: Path) -> None:
    sessions.put("gone home", kept(tmp_path / "kept-1"))
    clock.now += KEEP_S + 1
    storage.tidy()
    assert not (tmp_path / "kept-1").exists()


def test_a_piece_of_half_a_minute_needs_what_it_needs() -> None:
    assert bytes_needed(4_000_000, 30.0) == 50_000_000 + 8_000_000 + 3 * 264_600 * 30
