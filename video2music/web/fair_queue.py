"""Who comes next: everybody waits in one queue, people at the page and programs alike, and takes turns in it."""

import threading
from collections import Counter
from typing import Generic, Protocol, TypeVar

from emotion.errors import RefusalError

WAITING_PLACES = 20
"""Runs that may wait; whoever comes later is asked to try again."""

OWN_PLACES = 5
"""Runs of one person, or of one program, that may stand in the queue at once."""


class QueueFullError(RefusalError):
    """Too many wait already."""


class Waiting(Protocol):
    """What stands in a queue."""

    def move_to(self, ahead: int) -> None:
        """Tell whoever follows it how many come before it."""


One = TypeVar("One", bound=Waiting)


class FairQueue(Generic[One]):
    """Those who wait, the ones at work first.

    Whoever asks for a second piece stands behind everybody's first one: a program that sends five clips at once keeps
    nobody waiting longer than one that sends a single clip.

    Args:
        places: how many are worked for at the same time.
    """

    def __init__(self, places: int = 1) -> None:
        self._places = places
        self._entries: list[tuple[str, One]] = []
        self._moving = threading.Lock()

    def need_room(self, person: str) -> None:
        """Refuse a further place while the queue is full, or while too much of it is one person's.

        Args:
            person: who asks.

        Raises:
            QueueFullError: it is.
        """
        own, waiting = self._own(person), len(self._entries) - self._places
        if own >= OWN_PLACES:
            raise QueueFullError(f"{own} of yours are in line already", remedy="Please ask again when one is finished")
        if waiting >= WAITING_PLACES:
            raise QueueFullError("Too many pieces are waiting already", remedy="Please try again in a minute")

    def place_of_next(self, person: str) -> int:
        """Return how many would come before the next run of a person."""
        return max(0, self._next(person) - self._places + 1)

    def _next(self, person: str) -> int:
        turns: Counter[str] = Counter()
        place, own = 0, self._own(person)
        for number, (whose, _) in enumerate(self._entries, start=1):
            if turns[whose] <= own:
                place = number
            turns[whose] += 1
        return max(place, min(self._places, len(self._entries)))  # those at work stay in front

    def join(self, person: str, one: One) -> None:
        """Let somebody join the queue, and tell everybody behind their new place.

        Args:
            person: whose it is.
            one: what waits.
        """
        with self._moving:
            place = self._next(person)
            self._entries.insert(place, (person, one))
            self._tell(max(place, self._places))

    def leave(self, one: One) -> None:
        """Let somebody go, and everybody behind move up."""
        with self._moving:
            place = next(number for number, (_, other) in enumerate(self._entries) if other is one)
            del self._entries[place]
            self._tell(place)

    def everybody(self) -> list[One]:
        """Return those in the queue, the ones at work first."""
        with self._moving:
            return [one for _, one in self._entries]

    def _own(self, person: str) -> int:
        return sum(whose == person for whose, _ in self._entries)

    def _tell(self, place: int) -> None:
        for ahead, (_, one) in enumerate(self._entries[place:], start=place):
            one.move_to(max(0, ahead - self._places + 1))
