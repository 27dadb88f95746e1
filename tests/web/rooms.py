"""A room without networks, for tests of who does the work; importable by worker processes."""

import os
import resource
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from emotion.errors import RefusalError
from video2music.progress import Progress


@dataclass
class Room:
    """Counts what is done in it."""

    done: list[str] = field(default_factory=list)


def note(name: str, room: Room, progress: Progress) -> tuple[str, int, int]:
    progress("noting", 0.5)
    room.done.append(name)
    return name, len(room.done), os.getpid()


def refuse(_room: Room, _progress: Progress) -> None:
    raise RefusalError("This is no video", where="a.mp4", remedy="Choose another")


def fail(_room: Room, _progress: Progress) -> None:
    raise ValueError("something odd")


def die(_room: Room, _progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(room: Room, progress: Progress) -> None:
    progress(f"hanging in {os.getpid()} after {len(room.done)}", 0.1)
    threading.Event().wait()


def dawdle(_room: Room, progress: Progress) -> None:
    while True:
        progress("dawdling", 0.1)
        threading.Event().wait(0.01)


def meet(place: str, way: str, _room: Room, _progress: Progress) -> int:
    with Path(place).open(way):  # a pipe: waits until somebody has opened the other end
        return os.getpid()


def unsendable(_room: Room, _progress: Progress) -> object:
    return lambda: None


def hold(megabytes: int, _room: Room, _progress: Progress) -> int:
    return len(bytearray(megabytes * 1_000_000))


def hold_tensor(megabytes: int, _room: Room, _progress: Progress) -> int:
    import torch

    return len(torch.ones(megabytes * 250_000))


def write(path: Path, size: int, _room: Room, _progress: Progress) -> int:
    with path.open("wb") as file:
        return sum(file.write(bytes(100_000)) for _ in range(size // 100_000))


def run_program(number: Path, room: Room, progress: Progress) -> None:
    """Start a program that goes on for an hour, as ffmpeg might, and wait for it."""
    with subprocess.Popen(["sleep", "3600"]) as program:
        number.write_text(str(program.pid), encoding="ascii")
        progress("begun", 0.0)
        hang(room, progress)


def ask_bounds(_room: Room, _progress: Progress) -> list[int]:
    kinds = (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)
    return [resource.getrlimit(kind)[1] for kind in kinds]
