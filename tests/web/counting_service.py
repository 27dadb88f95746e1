"""A service without networks, for tests of who does the work; importable by worker processes."""

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
class CountingService:
    """Counts what is done with it."""

    done: list[str] = field(default_factory=list)
    crumbs: list[bytes] = field(default_factory=list)


def note(name: str, service: CountingService, progress: Progress) -> tuple[str, int, int]:
    progress("noting", 0.5)
    service.done.append(name)
    return name, len(service.done), os.getpid()


def refuse(_service: CountingService, _progress: Progress) -> None:
    raise RefusalError("This is no video", where="a.mp4", remedy="Choose another")


def fail(_service: CountingService, _progress: Progress) -> None:
    raise ValueError("something odd")


def die(_service: CountingService, _progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(service: CountingService, progress: Progress) -> None:
    progress(f"hanging in {os.getpid()} after {len(service.done)}", 0.1)
    threading.Event().wait()


def dawdle(_service: CountingService, progress: Progress) -> None:
    while True:
        progress("dawdling", 0.1)
        threading.Event().wait(0.01)


def meet(place: str, way: str, _service: CountingService, _progress: Progress) -> int:
    with Path(place).open(way):  # a pipe: waits until somebody has opened the other end
        return os.getpid()


def unsendable(_service: CountingService, _progress: Progress) -> object:
    return lambda: None


def hold(megabytes: int, _service: CountingService, _progress: Progress) -> int:
    return len(bytearray(megabytes * 1_000_000))


def hold_tensor(megabytes: int, _service: CountingService, _progress: Progress) -> int:
    import torch

    return len(torch.ones(megabytes * 250_000))


def write(path: Path, size: int, _service: CountingService, _progress: Progress) -> int:
    with path.open("wb") as file:
        return sum(file.write(bytes(100_000)) for _ in range(size // 100_000))


def run_program(number: Path, service: CountingService, progress: Progress) -> None:
    """Start a program that goes on for an hour, as ffmpeg might, and wait for it."""
    with subprocess.Popen(["sleep", "3600"]) as program:
        number.write_text(str(program.pid), encoding="ascii")
        progress("begun", 0.0)
        hang(service, progress)


def litter(megabytes: int, service: CountingService, _progress: Progress) -> None:
    """Fill memory and free it but for crumbs in between, as work in many threads leaves it."""
    filled = [(bytearray(50_000), bytes(1_000)) for _ in range(megabytes * 20)]
    service.crumbs = [crumb for _, crumb in filled]


def resident_megabytes(_service: CountingService, _progress: Progress) -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6


def ask_bounds(_service: CountingService, _progress: Progress) -> list[int]:
    kinds = (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)
    return [resource.getrlimit(kind)[1] for kind in kinds]
