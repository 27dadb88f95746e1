"""Looks at uploads, in a process that may crash, hang or run out of memory without harm: see `Studio.inspect`."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from emotion.errors import RefusalError
from video2music.progress import Progress
from video2music.web.resource_limits import ResourceLimits
from video2music.web.workers import ProcessWorker

Outcome = TypeVar("Outcome")

LONGEST_INSPECTION_S = 60.0

MEMORY, LARGEST_FILE = 2_000_000_000, 1_000_000
"""Bytes that a process which looks may take, and write: it decodes a few frames, and writes nothing."""


@dataclass(frozen=True)
class Inspection(Generic[Outcome]):
    """A task that needs no service.

    Attributes:
        see: looks; picklable, with what it is given and what it returns.
    """

    see: Callable[[], Outcome]

    def __call__(self, _service: object, _progress: Progress) -> Outcome:
        """Look."""
        return self.see()


def no_service() -> None:
    """Return what a process that only looks needs."""


def inspection_worker(preload: tuple[str, ...]) -> ProcessWorker[None]:
    """Return those who look in a process of their own.

    Args:
        preload: modules that it has loaded when it starts.
    """
    limits = ResourceLimits(MEMORY, LARGEST_FILE)
    return ProcessWorker(no_service, preload=preload, silence_s=LONGEST_INSPECTION_S, limits=limits)


def length_of(clip: Path | None, look: Callable[[Callable[[], float]], float]) -> float:
    """Return the length of a clip in seconds; infinity where there is none yet, or none that can be read.

    Args:
        clip: the upload.
        look: how it is looked at, see `Studio.inspect`.
    """
    try:
        return math.inf if clip is None else look(partial(measured_s, clip))
    except RefusalError:
        return math.inf


def measured_s(clip: Path) -> float:
    """Return the length of a video in seconds.

    Args:
        clip: the file.

    Raises:
        VideoReadError: it cannot be read.
    """
    from video2music.video.probe import probe

    return probe(clip).duration_s
