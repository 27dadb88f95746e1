"""What runs in a worker process: its resources are limited, and it ends with the program that started it."""

import contextlib
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Protocol

from emotion.errors import RefusalError
from video2music.progress import Progress
from video2music.web.resource_limits import ResourceLimits, out_of_memory, release_memory, share_heaps

REPORT_EVERY_S = 0.05


class StoppedError(Exception):
    """The person who started the work stopped it."""


def work(  # a process is told everything when it starts
    connection: Connection,
    life: Connection,
    limits: ResourceLimits,
    make_service: Callable[[], Any],
    prepare: Callable[[Any, Progress], object] | None,
) -> None:
    """Work until the connection is closed; runs in the process.

    Args:
        connection: brings tasks, and takes reports and outcomes back.
        life: is closed when the program that started this one has ended, however it did.
        limits: what the process may take.
        make_service: builds the service.
        prepare: gets the service ready before the first work.
    """
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()  # programs that it starts end with it, and Ctrl-C is for the program that started it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limits.apply()
    share_heaps()
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    service = make_service()
    if prepare is not None:
        with contextlib.suppress(RefusalError, MemoryError):  # said again to whoever asks for work
            prepare(service, lambda _stage, _fraction: None)
    while True:
        try:
            pickled = connection.recv_bytes()
        except (EOFError, OSError):
            return
        if pickled:  # an empty one asks to stop what was finished already
            answer_task(connection, service, pickled, limits)


def _end_with(life: Connection) -> None:
    """Wait for the program that started this one to end, then end this one and every program that it started."""
    with contextlib.suppress(EOFError, OSError):
        life.recv_bytes()
    os.killpg(0, signal.SIGKILL)


class Messages(Protocol):
    """The end of a connection that whoever works holds: reports and the answer go out, the wish to stop comes in."""

    def send(self, message: Any, /) -> None:  # noqa: ANN401 - a pair of kind and content
        """Send a report or the answer."""
        ...

    def poll(self) -> bool:
        """Return whether it shall stop."""
        ...

    def recv_bytes(self) -> bytes:
        """Take the wish to stop off the connection."""
        ...


def answer_task(connection: Messages, service: object, pickled: bytes, limits: ResourceLimits) -> None:
    """Do a task, send what came of it, and free its memory; "spent" asks for another process in the place of this one.

    Args:
        connection: to whoever asked.
        service: with which it is done.
        pickled: the task, pickled.
        limits: what the process may take.
    """
    answer: tuple[str, object]
    try:
        task = pickle.loads(pickled)  # noqa: S301 - from the program that started this one
        answer = ("outcome", task(service, _reporter(connection)))
    except StoppedError as error:
        answer = ("error", error)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        if out_of_memory(error):
            answer = ("spent", limits.refusal())
        elif isinstance(error, RefusalError):
            answer = ("error", error)
        else:
            answer = ("error", RuntimeError("".join(traceback.format_exception(error))))
    try:
        connection.send(answer)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        connection.send(("error", RuntimeError(f"The outcome cannot leave its process: {error}")))
    del answer
    release_memory()


def _reporter(connection: Messages) -> Progress:
    """Return a progress function that tells the other side, not too often, and hears when it shall stop."""
    last_stage, last_time = "", 0.0

    def report(stage: str, fraction: float) -> None:
        nonlocal last_stage, last_time
        if connection.poll():
            connection.recv_bytes()
            raise StoppedError
        now = time.monotonic()
        if stage != last_stage or now - last_time > REPORT_EVERY_S or fraction >= 1:
            last_stage, last_time = stage, now
            connection.send(("progress", (stage, fraction)))

    return report
