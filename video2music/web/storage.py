"""Keeps the page's folder in order: old things go, and nothing is begun for which there is no room on the disk."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from emotion.errors import RefusalError
from video2music.web.folders import KEEP_S
from video2music.web.server_folder import SERVED
from video2music.web.session_store import SessionStore

TIDY_EVERY_S = 60.0

GRACE_S = 10 * 60.0
"""What is younger is in use, and stays even where the room is needed."""

KEPT_FREE = 500_000_000
"""Bytes of the disk that are left to others."""

SOUND_RATE = 44_100 * 2 * 3
"""Bytes of a second of music as it is written: 24 bits, two channels."""

SMALL = 50_000_000
"""Bytes that work without a video of its own may take."""


class NoRoomError(RefusalError):
    """There is no room on the disk for what a person asks for."""


@dataclass(frozen=True)
class _ServedFile:
    """A file that browsers may fetch.

    Attributes:
        path: of it.
        since: when it was first seen as it is now, on the clock of the storage.
    """

    path: Path
    since: float


def bytes_needed(clip_bytes: int, seconds: float, sounds: int = 3) -> int:
    """Return how many bytes a piece takes while it is made and when it is ready.

    Args:
        clip_bytes: size of the clip; the video with music is written, and once more for browsers to fetch.
        seconds: of the music.
        sounds: files as long as it: the music, once more for browsers, and the track that goes under the picture.
    """
    return SMALL + 2 * clip_bytes + round(sounds * SOUND_RATE * seconds)


class Storage:
    """Looks after one server's folder.

    Age is told by a clock of our own from when a file was first seen, not by the time of day that stands on it: when
    that is set, nobody's results go early and none stay.

    Args:
        folder: of the server.
        most: bytes that everything in it may take.
        sessions: keeps what people work on, in the same folder.
        clock: tells the time in seconds.
    """

    def __init__(
        self, folder: Path, most: int, sessions: SessionStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self._most = most
        self._sessions = sessions
        self._clock = clock
        self._seen: dict[Path, tuple[int, float]] = {}
        self._promised = 0
        self._looking = threading.RLock()
        self._closed = threading.Event()

    def begin(self) -> None:
        """Tidy from now on until `close`, in the background."""
        threading.Thread(target=self._go_on, name="tidying", daemon=True).start()

    def close(self) -> None:
        """Do nothing more."""
        self._closed.set()

    def _go_on(self) -> None:
        while not self._closed.wait(TIDY_EVERY_S):
            self.tidy()

    def tidy(self) -> None:
        """Remove what is older than KEEP_S, and of what was never sent to its end what is older than GRACE_S."""
        self._sessions.sweep()
        with self._looking:
            now = self._clock()
            for file in self._served_files():
                unfinished = file.path.parent == self.folder / SERVED
                if now - file.since > (GRACE_S if unfinished else KEEP_S):
                    self._remove(file.path)

    def used(self) -> int:
        """Return how many bytes everything in the folder takes on the disk."""
        return sum({(of.st_dev, of.st_ino): of.st_blocks * 512 for of in _files_below(self.folder).values()}.values())

    def need_room(self, wanted: int) -> None:
        """Refuse what there is no room for; what has been lying about longest makes room.

        Args:
            wanted: bytes.

        Raises:
            NoRoomError: there is none, whatever could go has gone.
        """
        with self._looking:
            if wanted > self._most:
                raise NoRoomError(
                    f"This needs {wanted / 1e6:.0f} MB of the disk, and {self._most / 1e6:.0f} MB is all there is here",
                    remedy="Choose a smaller or shorter clip",
                )
            while self._missing(wanted) > 0:
                if not self._make_room():
                    raise NoRoomError(
                        "There is no room on the disk for this just now", remedy="Please try again in some minutes"
                    )

    @contextmanager
    def promised(self, wanted: int) -> Iterator[None]:
        """Keep room for something that arrives while the block lasts.

        Args:
            wanted: bytes.

        Raises:
            NoRoomError: there is none.
        """
        with self._looking:
            self.need_room(wanted)
            self._promised += wanted
        try:
            yield
        finally:
            with self._looking:
                self._promised -= wanted

    def _missing(self, wanted: int) -> int:
        wanted += self._promised
        return max(self.used() + wanted - self._most, wanted + KEPT_FREE - shutil.disk_usage(self.folder).free)

    def _make_room(self) -> bool:
        """Remove the oldest thing that nobody may need any more; return whether there was one."""
        old = min(self._served_files(), key=lambda file: file.since, default=None)
        if old is not None and self._clock() - old.since > GRACE_S:
            self._remove(old.path)
            return True
        return self._sessions.drop_idle(GRACE_S)

    def _served_files(self) -> list[_ServedFile]:
        """Look at what browsers may fetch; what was changed since the last look counts as new."""
        now, seen = self._clock(), {}
        for path, of in _files_below(self.folder / SERVED).items():
            changed, since = self._seen.get(path, (0, now))
            seen[path] = of.st_ctime_ns, since if changed == of.st_ctime_ns else now
        self._seen = seen
        return [_ServedFile(path, since) for path, (_, since) in seen.items()]

    def _remove(self, path: Path) -> None:
        self._seen.pop(path, None)
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):  # something else is in it, or it is the folder of all
            if path.parent != self.folder / SERVED:
                path.parent.rmdir()


def _files_below(folder: Path) -> dict[Path, os.stat_result]:
    """Return the files in a folder and in its folders; what disappears meanwhile is left out."""
    found: dict[Path, os.stat_result] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found[Path(place, name)] = os.lstat(Path(place, name))
    return found
