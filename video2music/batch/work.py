"""What is done to each of many items, and who does it."""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from emotion.errors import RefusalError


class Work(Hashable, Protocol):
    """What is done to each item. Travels to the workers, so it is small, hashable and can be pickled."""

    def open(self) -> Callable[[str], dict[str, Any]]:
        """Load what is needed once in a worker, and return what does the work for one item."""
        ...


@dataclass(frozen=True)
class Done:
    """What came of one item.

    Attributes:
        item: which one.
        facts: what the work returned; empty where it failed.
        problem: one sentence on why it failed, "" where it did not.
        took_s: seconds that it took.
        hopeless: whether no other item can succeed either, because what the work needs could not be loaded.
    """

    item: str
    facts: dict[str, Any]
    problem: str
    took_s: float
    hopeless: bool = False


class Workers(Protocol):
    """Those who do the work."""

    def run(self, work: Work, items: Sequence[str]) -> Iterator[Done]:
        """Do the work for every item, each exactly once, and yield the outcomes as they come, in any order."""
        ...


def perform(work: Work, item: str) -> Done:
    """Do the work for one item; runs in a worker.

    Args:
        work: what is done. What it loads is kept for the next item.
        item: for which.

    Returns:
        What came of it. Nothing is raised, so that one bad file never stops the others.
    """
    started = time.perf_counter()
    try:
        act = _opened(work)
    except RefusalError as error:
        return Done(item, {}, str(error), time.perf_counter() - started, hopeless=True)
    try:
        facts, problem = act(item), ""
    except RefusalError as error:
        facts, problem = {}, str(error)
    except Exception as error:  # noqa: BLE001 - whatever one file does to a library, the others go on
        facts, problem = {}, f"The program failed ({type(error).__name__}: {error})"
    return Done(item, facts, problem, time.perf_counter() - started)


@lru_cache(maxsize=1)
def _opened(work: Work) -> Callable[[str], dict[str, Any]]:
    return work.open()


def lost(item: str, reason: str, took_s: float) -> Done:
    """Return the outcome of an item whose worker did not come back.

    Args:
        item: which one.
        reason: what became of the worker, as the beginning of a sentence.
        took_s: seconds until that was known.
    """
    return Done(item, {}, f"{reason}. Where: {item}. Look at this file by itself", took_s)
