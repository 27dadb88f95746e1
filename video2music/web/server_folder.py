"""The folder of one running server, held by a lock: what a crashed one left goes at the next start."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from video2music.errors import OutputError

LOCK = "lock"

SERVED = "served"
"""Folder in it for what browsers send and fetch; Gradio fills it."""


@dataclass(frozen=True)
class ServerFolder:
    """The folder of a server that runs.

    Attributes:
        path: of the folder.
    """

    path: Path
    _lock: IO[bytes]

    def close(self) -> None:
        """Remove the folder and let go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def open_server_folder(root: Path) -> ServerFolder:
    """Make a folder for this server, after those of servers that run no more were removed.

    A lock is the system's: it is gone with the process that held it, however that ended, whatever the clock says, and
    whoever has its number now.

    Args:
        root: folder made by `private_root`, which servers that run side by side share.

    Raises:
        OutputError: the folder cannot be made or locked.
    """
    try:
        with _alone(root):
            clear(root)
            path = Path(tempfile.mkdtemp(prefix="server-", dir=root))
            lock = (path / LOCK).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OutputError(
            f"The folder for uploads cannot be used ({os.strerror(error.errno or 0).lower()})",
            where=root,
            remedy="Set TMPDIR to another folder",
        ) from error
    return ServerFolder(path, lock)


def clear(root: Path) -> int:
    """Remove the folders of servers that run no more.

    Args:
        root: folder made by `private_root`.

    Returns:
        How many there were.
    """
    left = [path for path in root.glob("server-*") if not _held(path / LOCK)]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other server is opening its folder."""
    with (root / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _held(path: Path) -> bool:
    """Return whether a process that runs holds a lock."""
    with suppress(FileNotFoundError), path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
