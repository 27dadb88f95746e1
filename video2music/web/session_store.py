"""The pieces that were just composed, one per person, kept so that they can be changed without being composed again.

A piece is kept without its sound: half a minute then needs ten kilobytes instead of sixteen megabytes, and is played
again in about a second. Its clip is a second link to the upload, so that it outlives the clean-up of uploads.
"""

import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emotion.errors import RefusalError
from video2music.piece import Piece
from video2music.web.folders import KEEP_S
from video2music.wishes import Wishes

MOST_VERSIONS = 20
"""Versions of one piece that undoing can go back to."""

MOST_PEOPLE = 100
"""People whose pieces are kept; whoever has been idle longest makes room."""


class NotKeptError(RefusalError):
    """The piece that a person wants to change is not there."""


@dataclass(frozen=True)
class Kept:
    """What one person works on.

    Attributes:
        folder: holds the clip, and goes when the piece goes.
        name: of the clip, as the person knows it.
        wishes: with which it was composed.
        versions: of the piece, the one that is heard last.
        offers: other pieces for the same clip, of which one may be taken.
    """

    folder: Path
    name: str
    wishes: Wishes
    versions: tuple[Piece, ...]
    offers: tuple[Piece, ...] = ()

    @property
    def piece(self) -> Piece:
        """The version that is heard."""
        return self.versions[-1]

    @property
    def changed(self) -> bool:
        """Whether there is an earlier version."""
        return len(self.versions) > 1

    def with_version(self, piece: Piece) -> "Kept":
        """Return this with another version to be heard."""
        return replace(self, versions=(*self.versions, piece)[-MOST_VERSIONS:])

    def undone(self) -> "Kept":
        """Return this without its last version.

        Raises:
            NotKeptError: there is no earlier one.
        """
        if not self.changed:
            raise NotKeptError("There is nothing to undo")
        return replace(self, versions=self.versions[:-1])

    def with_offers(self, offers: Sequence[Piece]) -> "Kept":
        """Return this with other pieces to choose from."""
        return replace(self, offers=tuple(piece.without_sound() for piece in offers))

    def quiet(self) -> "Kept":
        """Return this without the sound of the version that is heard."""
        return replace(self, versions=(*self.versions[:-1], self.piece.without_sound()))


class SessionStore:
    """Keeps what each person works on; nobody reaches what belongs to another session.

    Args:
        clock: tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()

    def put(self, session: str, kept: Kept) -> None:
        """Keep something for a session, in place of what was kept for it before."""
        with self._lock:
            self._put(session, kept)

    def swap(self, session: str, before: Kept, after: Kept) -> bool:
        """Keep what became of something; not if the person has turned to another piece meanwhile.

        Args:
            session: whose it is.
            before: what was changed.
            after: what became of it.

        Returns:
            Whether it is kept.
        """
        with self._lock:
            known = self._kept.get(session)
            if known is None or known[1].folder != before.folder:
                return False
            self._put(session, after)
            return True

    def get(self, session: str) -> Kept:
        """Return what is kept for a session.

        Raises:
            NotKeptError: nothing is, or not any more.
        """
        with self._lock:
            self._sweep()
            if session not in self._kept:
                raise NotKeptError("There is no piece here that could be changed", remedy="Compose one first")
            return self._kept[session][1]

    def drop(self, session: str) -> None:
        """Forget what is kept for a session."""
        with self._lock:
            self._forget(session)

    def sweep(self) -> None:
        """Forget what nobody has touched for KEEP_S."""
        with self._lock:
            self._sweep()

    def drop_idle(self, idle_s: float) -> bool:
        """Forget what has not been touched for longest, where that is long enough.

        Args:
            idle_s: seconds.

        Returns:
            Whether there was such a thing.
        """
        with self._lock:
            session = next(iter(self._kept), None)  # the one put longest ago
            if session is None or self._kept[session][0] > self._clock() - idle_s:
                return False
            self._forget(session)
            return True

    def _put(self, session: str, kept: Kept) -> None:
        known = self._kept.get(session)
        if known is not None and known[1].folder != kept.folder:
            self._forget(session)
        self._kept[session] = (self._clock(), kept)
        self._kept.move_to_end(session)
        self._sweep()

    def _sweep(self) -> None:
        oldest = self._clock() - KEEP_S
        for session, (since, _) in list(self._kept.items()):
            if since < oldest or len(self._kept) > MOST_PEOPLE:
                self._forget(session)

    def _forget(self, session: str) -> None:
        _, kept = self._kept.pop(session, (0.0, None))
        if kept is not None:
            shutil.rmtree(kept.folder, ignore_errors=True)
