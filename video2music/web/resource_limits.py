"""What a process that works may take of the machine; beyond it the work is refused and the page goes on."""

import ctypes
import gc
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from emotion.errors import RefusalError

MEMORY_VARIABLE = "VIDEO2MUSIC_WORKER_MEGABYTES"

MEGABYTE = 1_000_000

SHARE_OF_MACHINE = 0.7
"""Of the memory of the machine, or of the container: the server beside the process needs the rest."""

OPEN_FILES = 1024

ARENA_OPTION, ARENAS = -8, 2
"""glibc's M_ARENA_MAX, and how many heaps its threads share; it takes eight a core, and each keeps what it once had."""

CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


class TooMuchMemoryError(RefusalError):
    """Work that needs more memory than a process may take."""


@dataclass(frozen=True)
class ResourceLimits:
    """What one process may take.

    Attributes:
        memory: bytes of data, without what is only mapped from files; None sets no limit.
        file: bytes of the largest file that it writes; None sets no limit.
        open_files: at the same time.
    """

    memory: int | None = None
    file: int | None = None
    open_files: int = OPEN_FILES

    def apply(self) -> None:
        """Bound this process, and every program that it starts, for good; a stricter bound that is there stays."""
        # RLIMIT_DATA and not RLIMIT_AS: PyTorch and the drivers of a GPU reserve addresses that they never use
        for kind, most in (
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_CORE, 0),
        ):
            if most is None:
                continue
            _, hard = resource.getrlimit(kind)
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (bound, bound))

    def refusal(self) -> TooMuchMemoryError:
        """Say that the memory did not suffice."""
        most = "" if self.memory is None else f" than the {self.memory / MEGABYTE:.0f} MB that it may take here"
        return TooMuchMemoryError(
            f"This needs more memory{most}", remedy="Try a shorter clip, or one with smaller pictures"
        )


def machine_memory() -> int:
    """Return how many bytes of memory this machine has, or the container that the program runs in."""
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(have, int(CONTAINER_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or "max"
        return have


def worker_memory() -> int:
    """Return how many bytes a process that works may take: what MEMORY_VARIABLE says, else a share of the machine."""
    try:
        chosen = float(os.environ.get(MEMORY_VARIABLE, ""))
    except ValueError:
        chosen = 0.0
    return round(chosen * MEGABYTE) if chosen > 0 else round(SHARE_OF_MACHINE * machine_memory())


def share_heaps() -> None:
    """Let all threads of this process share few heaps, so that memory stays flat however many threads come and go."""
    option = getattr(ctypes.CDLL(None), "mallopt", None)  # of glibc and its like
    if option is not None:
        option(ARENA_OPTION, ARENAS)


def release_memory() -> None:
    """Hand back to the system what finished work has freed."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others hand back by themselves
    if trim is not None:
        trim(0)


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or what led to it, says that there was no memory left.

    Args:
        error: that ended the work.
    """
    seen: BaseException | None = error
    while seen is not None:
        # PyTorch raises a RuntimeError of its own words
        if isinstance(seen, MemoryError) or "can't allocate memory" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
