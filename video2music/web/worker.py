"""What runs in a process that works: it is bounded, and ends with the program that started it, whatever it does."""

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
from video2music.web.bounds import Bounds, out_of_memory

REPORT_EVERY_S = 0.05


class StoppedError(Exception):
    """The person who started the work stopped it."""


def work(  # a process is told everything when it starts
    line: Connection,
    life: Connection,
    bounds: Bounds,
    make_room: Callable[[], Any],
    prepare: Callable[[Any, Progress], object] | None,
) -> None:
    """Work until the line is closed; runs in the process.

    Args:
        line: brings orders, and takes reports and outcomes back.
        life: is closed when the program that started this one has ended, however it did.
        bounds: what the process may take.
        make_room: builds the room.
        prepare: gets the room ready before the first work.
    """
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()  # programs that it starts end with it, and Ctrl-C is for the program that started it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    bounds.apply()
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    room = make_room()
    if prepare is not None:
        with contextlib.suppress(RefusalError, MemoryError):  # said again to whoever asks for work
            prepare(room, lambda _stage, _fraction: None)
    while True:
        try:
            parcel = line.recv_bytes()
        except (EOFError, OSError):
            return
        if parcel:  # an empty one asks to stop what was finished already
            answer_order(line, room, parcel, bounds)


def _end_with(life: Connection) -> None:
    """Wait for the program that started this one to end, then end this one and every program that it started."""
    with contextlib.suppress(EOFError, OSError):
        life.recv_bytes()
    os.killpg(0, signal.SIGKILL)


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


def answer_order(line: Messages, room: object, parcel: bytes, bounds: Bounds) -> None:
    """Do what is ordered and send what came of it; "spent" asks for another process in the place of this one.

    Args:
        line: to whoever ordered.
        room: in which it is done.
        parcel: the order, pickled.
        bounds: what the process may take.
    """
    answer: tuple[str, object]
    try:
        order = pickle.loads(parcel)  # noqa: S301 - from the program that started this one
        answer = ("outcome", order(room, _reporter(line)))
    except StoppedError as error:
        answer = ("error", error)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        if out_of_memory(error):
            answer = ("spent", bounds.refusal())
        elif isinstance(error, RefusalError):
            answer = ("error", error)
        else:
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
