"""Cuts that a person sets by hand: moments that the music must meet, and found cuts that are none."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from emotion.errors import RefusalError

EARLIEST_S = 0.5
"""Music that has just begun cannot change; a cut so early belongs to the beginning."""

SAME_S = 0.15
"""Moments so near to each other are taken for one."""

MOST_MARKS = 200


class MarkError(RefusalError):
    """A cut that the music cannot meet."""


@dataclass(frozen=True)
class Marks:
    """What a person says about the cuts; the default leaves them as they were found.

    Attributes:
        added: seconds at which the music must turn, ascending; one beside a found cut takes its place.
        removed: seconds of found cuts that are none, ascending; where no cut was found there is nothing to leave out.

    Raises:
        MarkError: a moment is none, too early for the music to turn, or there are too many.
    """

    added: tuple[float, ...] = ()
    removed: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.added) + len(self.removed) > MOST_MARKS:
            raise MarkError(f"There are {len(self.added) + len(self.removed)} cuts", remedy=f"Set {MOST_MARKS} at most")
        for second in (*self.added, *self.removed):
            if not 0 <= second < math.inf:
                raise MarkError(f"There is no cut at {second:g} s", remedy="Name a second of the clip")
        for second in self.added:
            if second < EARLIEST_S:
                raise MarkError(
                    f"The music has only just begun at {second:g} s",
                    remedy=f"Set the cut at {EARLIEST_S:g} s or later",
                )
        object.__setattr__(self, "added", tuple(sorted(set(self.added))))
        object.__setattr__(self, "removed", tuple(sorted(set(self.removed))))

    def met(self, found: Iterable[float]) -> tuple[float, ...]:
        """Return the cuts that the music shall meet, in order of time.

        Args:
            found: seconds of the cuts that were found in the picture.
        """
        instead = (*self.added, *self.removed)
        kept = [float(cut) for cut in found if all(abs(cut - second) > SAME_S for second in instead)]
        return tuple(sorted([*kept, *self.added]))

    def check_within(self, duration_s: float) -> None:
        """Refuse a cut that comes when the music is over.

        Args:
            duration_s: length of the music in seconds.

        Raises:
            MarkError: one does.
        """
        late = next((second for second in self.added if second >= duration_s), None)
        if late is not None:
            raise MarkError(
                f"A cut is set at {late:g} s, and the music ends at {duration_s:.1f} s",
                remedy="Set it earlier, or remove it",
            )

    def to_json(self) -> dict[str, Any]:
        """Return the marks as `result.json` holds them."""
        return {"added_s": list(self.added), "removed_s": list(self.removed)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the marks that `to_json` described; what is missing is as found.

        Raises:
            MarkError: a moment cannot be used.
        """
        try:
            return cls(*(tuple(map(float, fields.get(name, ()))) for name in ("added_s", "removed_s")))
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise MarkError("The stored cuts cannot be read", remedy="Compose the clip again") from error
