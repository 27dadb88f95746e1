"""What every tab is given: the workers, who waits for them, and the folder that files go to, which is looked after."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from math import isinf
from pathlib import Path
from typing import TypeVar

from video2music.piece import Piece
from video2music.web.engine_registry import EngineRegistry
from video2music.web.folders import bring_in, given_name, kept_folder, working_folder
from video2music.web.inspection import Inspection, length_of
from video2music.web.limits import Limits
from video2music.web.runs import Report, Run, RunQueue
from video2music.web.server_folder import ServerFolder
from video2music.web.service import Job, MusicService
from video2music.web.session_store import Kept, SessionStore
from video2music.web.storage import SMALL, Storage, bytes_needed
from video2music.web.workers import InlineWorker, Task, Worker
from video2music.wishes import Wishes

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Studio:
    """The things behind the page.

    Attributes:
        service: tells what there is; it does the work, or others made alike do.
        root: private folder that holds the working folders.
        composing: where pieces are composed.
        rendering: where pieces that exist are played again, so that nobody waits for somebody else's composition.
        downloads: where what an engine needs is downloaded.
        inspector: looks at uploads as they arrive.
        sessions: keeps the piece that each person works on.
        storage: knows whether there is room for more in the folder.
        folder: the folder of the server that all is in; None where somebody else looks after it.
    """

    service: MusicService
    root: Path
    composing: RunQueue
    rendering: RunQueue
    downloads: RunQueue
    inspector: Worker[None]
    sessions: SessionStore
    storage: Storage
    folder: ServerFolder | None = None

    @property
    def engines(self) -> EngineRegistry:
        """Which engines there are, and what is known of them."""
        return self.service.engines

    @property
    def limits(self) -> Limits:
        """How long and how large a clip may be."""
        return self.service.limits

    def inspect(self, see: Callable[[], Outcome]) -> Outcome:
        """Look at an upload; whoever does so waits for it.

        Args:
            see: looks, and is picklable with what it returns.

        Raises:
            RefusalError: the upload cannot be used, or the look did not end well.
        """
        return self.inspector.perform(Inspection(see), lambda _stage, _fraction: None, lambda: False)

    def bytes_for(self, clip: Path, seconds: float | None = None, sounds: int = 3) -> int:
        """Return how many bytes of the disk a piece for a clip needs; see `storage.bytes_needed`.

        Args:
            clip: the upload.
            seconds: its length; it is looked at where that is not known.
            sounds: files as long as it.
        """
        length_s = length_of(clip, self.inspect) if seconds is None else seconds
        if isinf(length_s):
            return SMALL  # nothing will be made for it
        with suppress(OSError):  # it is gone: that is said when it is needed
            return bytes_needed(clip.stat().st_size, length_s, sounds)
        return SMALL

    @contextmanager
    def job(
        self, session: str, job: Job[Outcome], queue: RunQueue | None = None, *, room: int = SMALL
    ) -> Iterator[Run[Outcome]]:
        """Do a job in a folder of its own; both are gone when the block ends and the worker has let go.

        Args:
            session: who asks; only they can stop it.
            job: what is done.
            queue: where it is done; the one for compositions by default.
            room: bytes of the disk that it needs; where they are not there when its turn comes, it is refused.

        Yields:
            The run, to be followed.
        """
        folder = working_folder(self.root)
        queue = queue or self.composing
        task = partial(job, folder=folder)

        def work(report: Report) -> Outcome:
            self.storage.need_room(room)
            return queue.worker.perform(task, report, report.stopped)

        run = queue.start(session, work)
        try:
            yield run
        finally:
            queue.finish(session, run)
            run.afterwards(lambda: shutil.rmtree(folder, ignore_errors=True))

    def leave(self, session: str) -> None:
        """Stop and forget everything of a session whose page was closed."""
        for queue in (self.composing, self.rendering, self.downloads):
            queue.leave(session)
        self.sessions.drop(session)

    def stop(self) -> None:
        """Stop every run and let the workers end."""
        self.storage.close()
        for queue in (self.composing, self.rendering, self.downloads):
            queue.close()
        self.inspector.close()

    def close(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        if self.folder is not None:
            self.folder.close()

    def keep(self, session: str, clip: Path, wishes: Wishes, piece: Piece) -> Kept:
        """Keep a piece that was composed for a session, in place of the one before.

        Args:
            session: whose it is.
            clip: the uploaded file.
            wishes: with which it was composed.
            piece: what came of it.
        """
        folder = kept_folder(self.root)
        piece = replace(piece, source=bring_in(clip, folder)).without_sound()
        kept = Kept(folder, given_name(clip), wishes, (piece,))
        self.sessions.put(session, kept)
        return kept


WorkerFactory = Callable[[Task[MusicService, object] | None], Worker[MusicService]]
"""Makes those who work; told what gets them ready before the first work."""


def open_studio(
    service: MusicService,
    root: Path,
    make_worker: WorkerFactory | None = None,
    inspector: Worker[None] | None = None,
    make_composer: WorkerFactory | None = None,
) -> Studio:
    """Assemble what is behind the page.

    Args:
        service: has the networks.
        root: private folder that holds the working folders.
        make_worker: makes those who compose and those who play; they work with `service` itself by default.
        inspector: looks at uploads; in this process by default.
        make_composer: makes those who compose, where they are others.
    """
    make_worker = make_worker or partial(InlineWorker, service)
    composing = (make_composer or make_worker)(partial(MusicService.get_ready, engine=service.engines.offer.default))
    sessions = SessionStore()
    return Studio(
        service,
        root,
        composing=RunQueue("composing", composing),
        rendering=RunQueue("playing", make_worker(None)),
        downloads=RunQueue("downloading", InlineWorker(service)),
        inspector=inspector or InlineWorker(None),
        sessions=sessions,
        storage=Storage(root, service.limits.disk, sessions),
    )
