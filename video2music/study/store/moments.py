"""Moments as the store keeps them: text that sorts, UTC, to the millisecond."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)


def write_moment(moment: datetime) -> str:
    """Write a moment.

    Args:
        moment: with its time zone.

    Returns:
        Such as "2026-11-20T19:00:00.000Z".
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_between(start: str, end: str) -> float:
    """Return how many seconds lie between two written moments; never less than none, even if a clock is set back.

    Args:
        start: the earlier one.
        end: the later one.
    """
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return round(max(0.0, passed.total_seconds()), 3)
