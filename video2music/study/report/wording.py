"""How numbers are written, the same way everywhere."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

NOTHING = "\N{EN DASH}"
"""What stands where a number does not exist."""


def in_english(text: Mapping[str, str]) -> str:
    """Return what participants read, in English if the study has it, else in its first language."""
    return text.get("en") or next(iter(text.values()), "")


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with fixed digits, or a dash.

    Args:
        value: the number.
        digits: after the point.
    """
    return NOTHING if value is None or not isfinite(value) else f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def p_value(value: float | None) -> str:
    """Return a p value: three digits, or that it is smaller."""
    if value is None or not isfinite(value):
        return NOTHING
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0") if value < 1 else "1.000"


def interval(ends: Sequence[float] | None, digits: int = 2) -> str:
    """Return an interval, or a dash."""
    return NOTHING if ends is None else f"{number(ends[0], digits)} to {number(ends[1], digits)}"


def percent(share: float | None) -> str:
    """Return a share in per cent, or a dash."""
    return NOTHING if share is None else f"{100 * share:.0f} %"


def counted(count: int, noun: str, many: str = "") -> str:
    """Return a number with its noun in the right form.

    Args:
        count: of things.
        noun: for one of them.
        many: for several; with an s by default.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them."""
    *others, last = list(names) or [NOTHING]
    return f"{', '.join(others)} and {last}" if others else last


def remarks(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return one sentence per reason why something is missing.

    Args:
        pairs: what it is about, and the reason ("" where nothing is missing).
    """
    found: dict[str, list[str]] = {}
    for subject, reason in pairs:
        if reason:
            found.setdefault(reason, []).append(subject)
    return [f"Not computed for {listed(dict.fromkeys(subjects))}: {reason}." for reason, subjects in found.items()]
