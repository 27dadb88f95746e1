"""Who does the slow work: this process, or a process of its own that can be killed and replaced."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Generic, Protocol, TypeVar

from emotion.errors import RefusalError
from video2music.progress import Progress
from video2music.web.resource_limits import ResourceLimits
from video2music.web.worker_process import StoppedError, work

__all__ = ["InlineWorker", "ProcessWorker", "Stopped", "StoppedError", "Task", "Worker", "WorkerLostError", "checked"]

Service = TypeVar("Service")
Service_co = TypeVar("Service_co", covariant=True)
Outcome = TypeVar("Outcome")
Task = Callable[[Service, Progress], Outcome]
"""Work with a service; where it crosses into another process it must be picklable, and so must what it returns."""

Stopped = Callable[[], bool]

LOOK_EVERY_S = 0.1
PATIENCE_S = 0.5
"""How long a process that was told to stop may take to let go of its work before it is killed."""

SILENCE_S, DEADLINE_S = 5 * 60, 3 * 3600
"""The slowest engine on two cores needs 40 s between two reports, and 2.4 s for each second of a clip."""


class WorkerLostError(RefusalError):
    """The process that worked ended, or was ended, before it had a result."""


class Worker(Protocol[Service_co]):
    """Who does the slow work."""

    @property
    def places(self) -> int:
        """How many tasks it takes at the same time."""
        ...

    def perform(self, task: Task[Service_co, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work.

        Args:
            task: what is done with the service.
            report: told stage and fraction.
            stopped: whether whoever asked does not want it any more.

        Raises:
            StoppedError: they do not.
            RefusalError: the work refused, or was lost.
        """
        ...

    def warm(self) -> None:
        """Get ready before the first work."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True)
class InlineWorker(Generic[Service]):
    """Works in this process: work is stopped at its next report.

    Attributes:
        service: with which it works.
        prepare: gets the service ready before the first work.
    """

    service: Service
    prepare: Task[Service, object] | None = None

    @property
    def places(self) -> int:
        """One task at a time."""
        return 1

    def perform(self, task: Task[Service, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work; see `Worker.perform`."""
        return task(self.service, checked(report, stopped))

    def warm(self) -> None:
        """Get the service ready."""
        if self.prepare is not None:
            self.prepare(self.service, lambda _stage, _fraction: None)

    def close(self) -> None:
        """There is nothing to let go of."""


def checked(report: Progress, stopped: Stopped) -> Progress:
    """Return a progress function that raises StoppedError once the work is not wanted any more."""

    def tell(stage: str, fraction: float) -> None:
        if stopped():
            raise StoppedError
        report(stage, fraction)

    return tell


class WorkerHandle(Protocol):
    """A process that works, here or on another machine."""

    @property
    def connection(self) -> Any:  # noqa: ANN401 - a Connection, or what has its words
        """Takes tasks with `send_bytes`, and the wish to stop as empty bytes; brings news with `poll` and `recv`."""
        ...

    def is_alive(self) -> bool:
        """Return whether a task would be heard."""
        ...

    def kill(self) -> None:
        """End it with every program that it started; it need not be gone when this returns."""
        ...

    def close(self) -> None:
        """Wait until it is gone, and let go of the connection to it."""
        ...


@dataclass(frozen=True)
class _ProcessHandle:
    """A worker in a process of this machine.

    Attributes:
        process: is one.
        connection: to it.
        life: ends it by being closed.
    """

    process: Any
    connection: Connection
    life: Connection

    def is_alive(self) -> bool:
        return bool(self.process.is_alive())

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # if it has not come to lead its own group yet

    def close(self) -> None:
        self.process.join()
        self.connection.close()
        self.life.close()


@dataclass
class ProcessWorker(Generic[Service]):
    """Works in a process of its own, which is killed when it does not stop, and replaced when it dies.

    Attributes:
        make_service: builds the service, in the process; picklable.
        prepare: gets the service ready before the first work; picklable.
        preload: modules that the processes have loaded when they start.
        silence_s: seconds without a report after which work is given up.
        deadline_s: seconds after which it is given up in any case.
        limits: what the process may take of the machine.
    """

    make_service: Callable[[], Service]
    prepare: Task[Service, object] | None = None
    preload: tuple[str, ...] = ()
    silence_s: float = SILENCE_S
    deadline_s: float = DEADLINE_S
    limits: ResourceLimits = field(default_factory=ResourceLimits)
    _handle: WorkerHandle | None = None
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _starting: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    @property
    def places(self) -> int:
        """One task at a time."""
        return 1

    def perform(self, task: Task[Service, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work; see `Worker.perform`.

        Raises:
            WorkerLostError: the process died, or the deadline has passed.
        """
        with self._busy:
            handle = self._alive()
            pickled = pickle.dumps(task)
            try:
                handle.connection.send_bytes(pickled)
                outcome: Outcome = self._wait(handle, report, stopped)
            except (EOFError, OSError) as error:
                self._end(handle)
                remedy = "Try again; if it happens again, the clip is more than this computer can take"
                raise WorkerLostError("The process that worked on this ended unexpectedly", remedy=remedy) from error
            return outcome

    def _wait(self, handle: WorkerHandle, report: Progress, stopped: Stopped) -> Any:  # noqa: ANN401 - the task's outcome
        begun = heard = time.monotonic()
        while True:
            if handle.connection.poll(LOOK_EVERY_S):
                kind, content = handle.connection.recv()
                heard = time.monotonic()
                if kind == "progress":
                    self._pass_on(handle, report, content)
                elif kind == "outcome":
                    return content
                else:
                    if kind == "spent":
                        self._end(handle)
                    raise content
            if stopped():
                self._stop(handle)
                raise StoppedError
            now = time.monotonic()
            if now - heard > self.silence_s or now - begun > self.deadline_s:
                self._end(handle)
                raise WorkerLostError("This took too long and was given up", remedy="Try a shorter clip")

    def _pass_on(self, handle: WorkerHandle, report: Progress, content: tuple[str, float]) -> None:
        """Tell whoever asked how far the work is; where they do not listen any more it ends, and is nobody else's."""
        try:
            report(*content)
        except BaseException:
            self._stop(handle)
            raise

    def _stop(self, handle: WorkerHandle) -> None:
        """Ask the process to let go of its work; it is killed where it does not."""
        until = time.monotonic() + PATIENCE_S
        with contextlib.suppress(EOFError, OSError):
            handle.connection.send_bytes(b"")
            while handle.connection.poll(max(0.0, until - time.monotonic())):
                kind, _ = handle.connection.recv()
                if kind != "progress":
                    return
        self._end(handle)

    def _alive(self) -> WorkerHandle:
        """Return a process that waits for work; one that has died meanwhile, for whatever reason, is replaced."""
        handle = self._handle
        if handle is not None and (handle.connection.poll() or not handle.is_alive()):  # idle, it has nothing to say
            self._end(handle)
        return self._handle or self._start()

    def _start(self) -> WorkerHandle:
        with self._starting:  # `close` ends every process that was started, and none is after it
            if self._closed:
                raise StoppedError
            self._handle = handle = self._begin()
        return handle

    def _begin(self) -> WorkerHandle:
        # Forked from a process that has loaded the libraries and nothing else: a replacement is there in a second
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(self.preload))
        (mine, theirs), (life, their_life) = context.Pipe(), context.Pipe()
        told = (theirs, their_life, self.limits, self.make_service, self.prepare)
        process = context.Process(target=work, args=told, daemon=True)
        process.start()
        theirs.close()
        their_life.close()
        return _ProcessHandle(process, mine, life)

    def _end(self, handle: WorkerHandle) -> None:
        """End a process with every program that it started, and have another in its place."""
        handle.kill()
        handle.close()
        self._handle = None
        with contextlib.suppress(StoppedError):
            self._start()  # the next person shall not wait for it

    def warm(self) -> None:
        """Start the process."""
        with self._busy:
            self._alive()

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._starting:
            self._closed = True
            handle = self._handle
        if handle is not None:
            handle.kill()
