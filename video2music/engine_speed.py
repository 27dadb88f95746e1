"""How long an engine takes on this machine: measured whenever it composes, and kept beside the downloaded weights."""

import json
import os
import platform
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emotion.hub import cache_folder

FILE = "engine_speed.json"

REMEMBERED = 20
"""Pieces of one engine that are remembered; older ones may have been made by a slower version."""


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        took_s: seconds that composing took, from watching the video to the finished files.
        video_s: seconds of video composed for in that time.
        pieces: how many pieces that were.
    """

    took_s: float
    video_s: float
    pieces: int

    @property
    def seconds_per_second(self) -> float:
        """Seconds of composing for each second of video."""
        return self.took_s / self.video_s


def this_machine(device: str = "") -> str:
    """Describe what a measurement holds for: processor, number of cores, and the GPU where one is used.

    Args:
        device: name of the GPU; empty without one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ", ".join(filter(None, (_processor(), f"{cores} cores", device)))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


@dataclass(frozen=True)
class SpeedBook:
    """Remembers measurements in a file; one that cannot be read or written is no reason to stop anybody.

    Attributes:
        folder: holds the file; the cache folder by default.
    """

    folder: Path = field(default_factory=cache_folder)
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def speed(self, engine: str, machine: str) -> Speed | None:
        """Return what was measured of an engine on a machine; None before there is anything.

        Args:
            engine: name of the engine.
            machine: from `this_machine`.
        """
        measured = self._measured().get(machine, {}).get(engine, [])
        if not measured:
            return None
        return Speed(sum(took for took, _ in measured), sum(video for _, video in measured), len(measured))

    def note(self, engine: str, machine: str, took_s: float, video_s: float) -> None:
        """Remember one piece.

        Args:
            engine: that composed it.
            machine: from `this_machine`.
            took_s: seconds that it took.
            video_s: seconds of video, above 0.
        """
        with self._writing:
            book = self._measured()
            of_machine = book.setdefault(machine, {})
            of_machine[engine] = [*of_machine.get(engine, []), (round(took_s, 3), round(video_s, 3))][-REMEMBERED:]
            self._write(book)

    def _measured(self) -> dict[str, dict[str, list[tuple[float, float]]]]:
        try:
            held = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            return {machine: {engine: _pairs(rows) for engine, rows in of.items()} for machine, of in held.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, book: Mapping[str, Any]) -> None:
        waiting = self.folder / f"{FILE}.{os.getpid()}"
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            waiting.write_text(json.dumps(book, indent=1) + "\n", encoding="utf-8")
            waiting.replace(self.folder / FILE)


def _pairs(rows: list[Any]) -> list[tuple[float, float]]:
    pairs = [(float(took), float(video)) for took, video in rows]
    return [(took, video) for took, video in pairs if took > 0 and video > 0]
