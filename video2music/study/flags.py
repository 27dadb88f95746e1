"""Whose answers are doubtful: the exclusion rules, as a pure function over rows.

The rules look only at how somebody answered, never at which condition was liked. The report leaves flagged participants
out and shows every result with them as well; the researcher's pages count them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

from video2music.study.records import Row

Rule = Literal["attention", "too_fast", "straight_lining"]

RULES: Mapping[Rule, str] = {
    "attention": "an attention check was failed",
    "too_fast": "the median page was left before its clip can have ended",
    "straight_lining": "nearly all ratings have the same value",
}
"""What each rule says, for readers."""

RATING_KINDS = frozenset({"likert", "slider", "preference"})


@dataclass(frozen=True)
class Limits:
    """Where the rules draw the line; to be fixed before the answers are looked at.

    Attributes:
        failed_checks: this many failed attention checks flag a participant.
        page_share: flagged if the median page took less than this share of its clip's duration.
        same_share: flagged if this share of all ratings has one and the same value for each kind of question ...
        fewest_ratings: ... among at least this many; fewer say nothing.
    """

    failed_checks: int = 1
    page_share: float = 1.0
    same_share: float = 0.95
    fewest_ratings: int = 10


@dataclass(frozen=True)
class Flag:
    """One doubt about one participant.

    Attributes:
        participant: random identifier.
        rule: that was broken.
        reason: what was seen, as a sentence without its full stop.
    """

    participant: str
    rule: Rule
    reason: str


def find_flags(rows: Iterable[Row], limits: Limits | None = None) -> list[Flag]:
    """Return every doubt about every participant, in order of arrival.

    Args:
        rows: answers of any participants and modes.
        limits: of the rules; None takes the defaults.

    Returns:
        At most one flag per participant and rule.
    """
    limits = limits or Limits()
    answers: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["number"]):
        answers[row["participant"]].append(row)
    found = []
    for participant, own in answers.items():
        reasons: dict[Rule, str | None] = {
            "attention": _failed_attention(own, limits),
            "too_fast": _too_fast(own, limits),
            "straight_lining": _straight_lining(own, limits),
        }
        found += [Flag(participant, rule, reason) for rule, reason in reasons.items() if reason]
    return found


def passes(value: str, expected: str) -> bool:
    """Return whether an attention check was passed: "5" and "5.0" are the same answer.

    Args:
        value: the answer.
        expected: what the check asks for.
    """
    try:
        return float(value) == float(expected)
    except ValueError:
        return value.strip() == expected.strip()


def _failed_attention(rows: Iterable[Row], limits: Limits) -> str | None:
    checks = [row for row in rows if row["kind"] == "attention"]
    failed = sum(not passes(row["value"], row["expected"]) for row in checks)
    return f"failed {failed} of {len(checks)} attention checks" if failed >= max(1, limits.failed_checks) else None


def _too_fast(rows: Iterable[Row], limits: Limits) -> str | None:
    seconds: dict[str, float] = defaultdict(float)
    durations: dict[str, float] = {}
    for row in rows:
        if row["kind"] == "trial" and row["duration_s"] > 0:
            seconds[row["step"]] = max(seconds[row["step"]], row["seconds"])
            durations[row["step"]] = row["duration_s"]
    if not durations:
        return None
    share = median(seconds[step] / durations[step] for step in durations)
    return f"the median page took {share:.0%} of its clip's duration" if share < limits.page_share else None


def _straight_lining(rows: Iterable[Row], limits: Limits) -> str | None:
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["kind"] == "trial" and row["question_kind"] in RATING_KINDS:
            values[row["question_kind"]][row["value"]] += 1
    total = sum(counts.total() for counts in values.values())
    if total < max(1, limits.fewest_ratings):
        return None
    usual = [counts.most_common(1)[0] for counts in values.values()]
    count = sum(times for _, times in usual)
    named = " or ".join(f'"{value}"' for value, _ in usual)
    return f"{count} of {total} ratings are {named}" if count / total >= limits.same_share else None
