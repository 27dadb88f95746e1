"""A part of a clip, from one second to another."""

import math
from dataclasses import dataclass
from typing import Self

from emotion.errors import RefusalError

SHORTEST_S = 0.1
"""Shortest part, and by how much one may end after its clip, whose length people read rounded."""
RANGE = "Give it as FROM-TO in seconds, such as 5-40, 5- or -10"


class PartError(RefusalError):
    """A part that no clip has, or not this one."""


@dataclass(frozen=True)
class Part:
    """From one second of a clip to another.

    Attributes:
        start_s: in seconds after the first frame appears.
        end_s: infinite where it reaches to the end of the clip.

    Raises:
        PartError: it is no stretch of time, or shorter than SHORTEST_S.
    """

    start_s: float
    end_s: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s or math.isinf(self.start_s):
            raise PartError(f"There is no part from {self.start_s:g} to {self.end_s:g} s", remedy=RANGE)
        if self.length_s < SHORTEST_S - 1e-9:
            raise PartError(
                f"The part from {self.start_s:g} to {self.end_s:g} s lasts {self.length_s:.3g} s",
                remedy=f"Let it end {SHORTEST_S:g} s or more after it begins",
            )

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def within(self, duration_s: float) -> Self:
        """Return the part as it lies in a clip.

        Args:
            duration_s: length of the clip in seconds.

        Raises:
            PartError: the clip ends before the part does.
        """
        open_end = math.isinf(self.end_s)
        if (not open_end and self.end_s > duration_s + SHORTEST_S) or duration_s - self.start_s < SHORTEST_S:
            wanted = f"from {self.start_s:g} s on" if open_end else f"from {self.start_s:g} to {self.end_s:g} s"
            raise PartError(f"There is no part {wanted} in a clip of {duration_s:.2f} s", remedy=RANGE)
        return type(self)(self.start_s, min(self.end_s, duration_s))


def parse_range(text: str) -> tuple[float, float]:
    """Read a part as a person types it.

    Args:
        text: such as "5-40", "5-" to the end, or "-10" from the beginning; in seconds.

    Returns:
        Beginning and end, infinite for "to the end".

    Raises:
        PartError: it is not written like that, or no stretch of time.
    """
    first, dash, last = text.partition("-")
    try:
        part = Part(float(first) if first.strip() else 0.0, float(last) if last.strip() else math.inf)
    except ValueError:
        dash = ""
    if not dash or text.strip() == "-":
        raise PartError(f"{text!r} is not a part of a clip", remedy=RANGE)
    return part.start_s, part.end_s
