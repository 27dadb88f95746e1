"""One piece at a time: a worker thread, what it reports, and the way to stop it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from video2music.web.fair_queue import FairQueue
from video2music.web.workers import InlineWorker, StoppedError, Worker

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Update:
    """How far a run is.

    Attributes:
        stage: in plain words.
        fraction: of that stage that is done, 0 to 1.
    """

    stage: str
    fraction: float


@dataclass(frozen=True)
class Place:
    """Where a run stands in the queue: how many others come before it. Read like an update; nothing is done yet."""

    ahead: int
    fraction: float = field(default=0.0, init=False)

    @property
    def stage(self) -> str:
        """The place in plain words."""
        if not self.ahead:
            return "Getting ready"
        return "1 person before you" if self.ahead == 1 else f"{self.ahead} people before you"


News = Update | Place


SHOWN_EVERY_S = 0.1
"""Least time between two looks at what was reported."""


class Report:
    """How far a run is, as it tells: a progress function that raises StoppedError once nobody wants the run any more.

    Args:
        tell: passes news on to whoever follows.
    """

    def __init__(self, tell: Callable[[News], None]) -> None:
        self._tell = tell
        self._stopped = threading.Event()

    def __call__(self, stage: str, fraction: float) -> None:
        """Tell stage and fraction."""
        if self._stopped.is_set():
            raise StoppedError
        self._tell(Update(stage, min(1.0, max(0.0, fraction))))

    def stop(self) -> None:
        """Note that nobody wants the run any more."""
        self._stopped.set()

    def stopped(self) -> bool:
        """Return whether nobody wants the run any more."""
        return self._stopped.is_set()


class Run(Generic[Outcome]):
    """A piece of work in the worker thread, followed from the event loop.

    Args:
        work: called with its report; returns the outcome.
    """

    def __init__(self, work: Callable[[Report], Outcome]) -> None:
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Queue[News | None] = asyncio.Queue()
        self._report = Report(self._tell)
        self._over = asyncio.Event()
        self._work = work
        self._context = copy_context()  # of the request: where a GPU is lent, its time is counted by who asked
        self._taken = threading.Lock()
        self._future: Future[Outcome] = Future()
        self._future.add_done_callback(lambda _: self._end())

    def perform(self) -> bool:
        """Do the work, in the worker; return False where another worker has it, or it was stopped before its turn."""
        if not self._taken.acquire(blocking=False) or not self._future.set_running_or_notify_cancel():
            return False
        try:
            self._future.set_result(self._context.run(self._work, self._report))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to whoever follows
            self._future.set_exception(error)
        return True

    def _tell(self, news: News | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.put_nowait, news)

    def _end(self) -> None:
        self._tell(None)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)

    def move_to(self, ahead: int) -> None:
        """Tell whoever follows how many runs come before this one."""
        self._tell(Place(ahead))

    async def updates(self) -> AsyncIterator[list[News]]:
        """Yield what was reported since the last time, oldest first, until the work is over or stopped.

        Work may report hundreds of times a second; a browser that redraws so often no longer hears clicks.
        """
        over = False
        while not over:
            news = [await self._news.get()]
            while not self._news.empty():
                news.append(self._news.get_nowait())
            over = None in news
            updates = [update for update in news if update is not None]
            if updates:
                yield updates
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), SHOWN_EVERY_S)

    def result(self) -> Outcome:
        """Return what the work returned.

        Raises:
            StoppedError: it was stopped.
        """
        if self._report.stopped():
            raise StoppedError
        try:
            return self._future.result(timeout=0)
        except CancelledError as error:
            raise StoppedError from error

    def stop(self) -> None:
        """Stop the work; whoever follows it hears at once, the worker is free as soon as it lets go."""
        self._report.stop()
        self._future.cancel()
        self._tell(None)

    def afterwards(self, clean_up: Callable[[], None]) -> None:
        """Call `clean_up` when the worker has let go of the work, now if it already has."""
        self._future.add_done_callback(lambda _: clean_up())


class RunQueue:
    """Where pieces are made, one after another or as many at once as the worker takes, and who is waiting for which.

    Each person stops only their own: runs are kept under the session that started them.

    Args:
        name: of its threads.
        worker: does what needs the networks.
    """

    def __init__(self, name: str = "composing", worker: Worker[Any] | None = None) -> None:
        self.worker: Worker[Any] = worker or InlineWorker(None)
        self._executor = ThreadPoolExecutor(self.worker.places, thread_name_prefix=name)
        self._runs: dict[str, Run[Any]] = {}
        self._stopped: set[str] = set()
        self._waiting: FairQueue[Run[Any]] = FairQueue(self.worker.places)
        self._closed = False

    def prepare(self, work: Callable[[], object]) -> Future[object]:
        """Do something in the worker before the first run, for example load the networks."""
        return self._executor.submit(work)

    def start(self, session: str, work: Callable[[Report], Outcome]) -> Run[Outcome]:
        """Start a run for a session; must be called on the event loop.

        Args:
            session: who asks.
            work: called in the worker with its report, which is a progress function.

        Returns:
            The run, to be followed and ended with `finish`.
        """
        run: Run[Any] = Run(work)
        if self._closed:
            run.stop()
            return run
        self._runs[session] = run
        self._waiting.join(person_of(session), run)
        run.afterwards(lambda: self._waiting.leave(run))
        self._executor.submit(self._take_turn)
        return run

    def _take_turn(self) -> None:
        """Do the next work; whoever was stopped may not have left the queue yet, and costs nobody a turn."""
        next((run for run in self._waiting.everybody() if run.perform()), None)

    def next_place(self, session: str) -> Place:
        """Return where a run that a session starts now will stand."""
        return Place(self._waiting.place_of_next(person_of(session)))

    def need_room(self, session: str) -> None:
        """Refuse a further run of a session while the queue is full.

        Raises:
            QueueFullError: it is.
        """
        self._waiting.need_room(person_of(session))

    def finish(self, session: str, run: Run[Outcome]) -> None:
        """Forget a run, and stop it if its follower left early."""
        run.stop()
        if self._runs.get(session) is run:
            del self._runs[session]

    def leave(self, session: str) -> None:
        """Stop and forget everything of a session whose page was closed, with all controls.

        Args:
            session: who left; runs of one set of controls are kept under "session/controls".
        """
        theirs = [known for known in {*self._runs, *self._stopped, session} if person_of(known) == session]
        for known in theirs:
            self.stop(known)
            self._stopped.discard(known)

    def ask(self, session: str) -> None:
        """Note that a session asks for a run, which may have to wait before it starts."""
        self._stopped.discard(session)

    def working(self, session: str) -> bool:
        """Return whether a run of a session is waiting or working."""
        return session in self._runs

    def was_stopped(self, session: str) -> bool:
        """Return whether a session stopped what it asked for last, running or still waiting."""
        return session in self._stopped

    def stop(self, session: str) -> bool:
        """Stop what a session asked for; return whether it was already running."""
        self._stopped.add(session)
        run = self._runs.get(session)
        if run is not None:
            run.stop()
        return run is not None

    def close(self) -> None:
        """Stop every run, let the worker end, and take no more."""
        self._closed = True
        for run in self._waiting.everybody():
            run.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.worker.close()


def person_of(session: str) -> str:
    """Return whose session it is: a person's runs with several controls are kept under "person/controls"."""
    return session.partition("/")[0]
