"""Who does the slow work: this process, or a process of its own that can be killed and replaced."""

import contextlib
import logging
import multiprocessing
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Generic, Protocol, TypeVar

from emotion.errors import RefusalError
from video2music.progress import Progress

log = logging.getLogger(__name__)

Room = TypeVar("Room")
Room_co = TypeVar("Room_co", covariant=True)
Outcome = TypeVar("Outcome")
Order = Callable[[Room, Progress], Outcome]
"""Work in a room; where it crosses into another process it must be picklable, and so must what it returns."""

Stopped = Callable[[], bool]

LOOK_EVERY_S = 0.1
PATIENCE_S = 0.5
"""How long a process that was told to stop may take to let go of its work before it is killed."""

REPORT_EVERY_S = 0.05

SILENCE_S, DEADLINE_S = 5 * 60, 3 * 3600
"""The slowest engine on two cores needs 40 s between two reports, and 2.4 s for each second of a clip."""


class StoppedError(Exception):
    """The person who started the work stopped it."""


class WorkerLostError(RefusalError):
    """The process that worked ended, or was ended, before it had a result."""


class Hands(Protocol[Room_co]):
    """Those who do the work."""

    @property
    def places(self) -> int:
        """How many orders they take at the same time."""
        ...

    def perform(self, order: Order[Room_co, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work.

        Args:
            order: what is done, in the room.
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
class OwnHands(Generic[Room]):
    """Works in this process: work is stopped at its next report.

    Attributes:
        room: in which it works.
        prepare: gets the room ready before the first work.
    """

    room: Room
    prepare: Order[Room, object] | None = None

    @property
    def places(self) -> int:
        """One order at a time."""
        return 1

    def perform(self, order: Order[Room, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work; see `Hands.perform`."""
        return order(self.room, checked(report, stopped))

    def warm(self) -> None:
        """Get the room ready."""
        if self.prepare is not None:
            self.prepare(self.room, lambda _stage, _fraction: None)

    def close(self) -> None:
        """There is nothing to let go of."""


def checked(report: Progress, stopped: Stopped) -> Progress:
    """Return a progress function that raises StoppedError once the work is not wanted any more."""

    def tell(stage: str, fraction: float) -> None:
        if stopped():
            raise StoppedError
        report(stage, fraction)

    return tell


class Messages(Protocol):
    """The end of a line that whoever works holds: reports and the answer go out, the wish to stop comes in."""

    def send(self, message: Any, /) -> None:  # noqa: ANN401 - a pair of kind and content
        """Send a report or the answer."""
        ...

    def poll(self) -> bool:
        """Return whether it shall stop."""
        ...

    def recv_bytes(self) -> bytes:
        """Take the wish to stop off the line."""
        ...


@dataclass
class Worker:
    """A running process, here or elsewhere, and the line to it.

    Attributes:
        process: can be asked `is_alive()`, ended with `kill()` and waited for with `join()`.
        line: takes work with `send_bytes`, and the wish to stop as empty bytes; `poll(seconds)` and `recv()` give what
            comes back.
    """

    process: Any
    line: Any


@dataclass
class ProcessHands(Generic[Room]):
    """Works in a process of its own, which is killed when it does not stop, and replaced when it dies.

    Attributes:
        make_room: builds the room, in the process; picklable.
        prepare: gets the room ready before the first work; picklable.
        preload: modules that the processes have loaded when they start.
        silence_s: seconds without a report after which work is given up.
        deadline_s: seconds after which it is given up in any case.
    """

    make_room: Callable[[], Room]
    prepare: Order[Room, object] | None = None
    preload: tuple[str, ...] = ()
    silence_s: float = SILENCE_S
    deadline_s: float = DEADLINE_S
    _worker: Worker | None = None
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    @property
    def places(self) -> int:
        """One order at a time."""
        return 1

    def perform(self, order: Order[Room, Outcome], report: Progress, stopped: Stopped) -> Outcome:
        """Do some work; see `Hands.perform`.

        Raises:
            WorkerLostError: the process died, or the deadline has passed.
        """
        with self._busy:
            worker = self._alive()
            parcel = pickle.dumps(order)
            try:
                worker.line.send_bytes(parcel)
                outcome: Outcome = self._wait(worker, report, stopped)
            except (EOFError, OSError) as error:
                self._end(worker)
                remedy = "Try again; if it happens again, the clip is more than this computer can take"
                raise WorkerLostError("The process that worked on this ended unexpectedly", remedy=remedy) from error
            return outcome

    def _wait(self, worker: Worker, report: Progress, stopped: Stopped) -> Any:  # noqa: ANN401 - the order's outcome
        begun = heard = time.monotonic()
        while True:
            if worker.line.poll(LOOK_EVERY_S):
                kind, content = worker.line.recv()
                heard = time.monotonic()
                if kind == "progress":
                    report(*content)
                elif kind == "outcome":
                    return content
                else:
                    raise content
            if stopped():
                self._stop(worker)
                raise StoppedError
            now = time.monotonic()
            if now - heard > self.silence_s or now - begun > self.deadline_s:
                self._end(worker)
                raise WorkerLostError("This took too long and was given up", remedy="Try a shorter clip")

    def _stop(self, worker: Worker) -> None:
        """Ask the process to let go of its work; it is killed where it does not."""
        until = time.monotonic() + PATIENCE_S
        with contextlib.suppress(EOFError, OSError):
            worker.line.send_bytes(b"")
            while worker.line.poll(max(0.0, until - time.monotonic())):
                kind, _ = worker.line.recv()
                if kind != "progress":
                    return
        self._end(worker)

    def _alive(self) -> Worker:
        if self._worker is None or not self._worker.process.is_alive():
            self._worker = self._start()
        return self._worker

    def _start(self) -> Worker:
        # Forked from a process that has loaded the libraries and nothing else: a replacement is there in a second
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(self.preload))
        mine, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self.make_room, self.prepare), daemon=True)
        process.start()
        theirs.close()
        return Worker(process, mine)

    def _end(self, worker: Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.line.close()
        self._worker = None
        if not self._closed:
            self._worker = self._start()  # the next person shall not wait for it

    def warm(self) -> None:
        """Start the process."""
        with self._busy:
            self._alive()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.process.kill()


def _work(line: Connection, make_room: Callable[[], Room], prepare: Order[Room, object] | None) -> None:
    """Work until the line is closed; runs in the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started this one
    room = make_room()
    if prepare is not None:
        with contextlib.suppress(RefusalError):  # said again to whoever asks for work
            prepare(room, lambda _stage, _fraction: None)
    while True:
        try:
            parcel = line.recv_bytes()
        except (EOFError, OSError):
            return
        if parcel:  # an empty one asks to stop what was finished already
            answer_order(line, room, parcel)


def answer_order(line: Messages, room: Any, parcel: bytes) -> None:  # noqa: ANN401 - whatever room the order is for
    """Do the work of an order and send what came of it; runs where the work is done.

    Args:
        line: to whoever asked.
        room: in which it is done.
        parcel: the order, pickled.
    """
    try:
        order: Order[Any, object] = pickle.loads(parcel)  # noqa: S301 - from the program that started this one
        answer = ("outcome", order(room, _reporter(line)))
    except (RefusalError, StoppedError) as error:
        answer = ("error", error)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        answer = ("error", RuntimeError("".join(traceback.format_exception(error))))
    try:
        line.send(answer)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        line.send(("error", RuntimeError(f"The outcome cannot leave its process: {error}")))


def _reporter(line: Messages) -> Progress:
    """Return a progress function that tells the other side, not too often, and hears when it shall stop."""
    last_stage, last_time = "", 0.0

    def report(stage: str, fraction: float) -> None:
        nonlocal last_stage, last_time
        if line.poll():
            line.recv_bytes()
            raise StoppedError
        now = time.monotonic()
        if stage != last_stage or now - last_time > REPORT_EVERY_S or fraction >= 1:
            last_stage, last_time = stage, now
            line.send(("progress", (stage, fraction)))

    return report
