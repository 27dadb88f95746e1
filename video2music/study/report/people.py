"""Who took part, what is missing, and what people said besides ratings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from video2music.study.flags import RULES, Flag, Rule, find_flags
from video2music.study.plan import Question
from video2music.study.records import Row
from video2music.study.report.answers import SCALES, Answers


@dataclass(frozen=True)
class People:
    """Who took part.

    Attributes:
        enrolled: gave at least one answer in this mode.
        finished: reached the end.
        unfinished: did not.
        included: finished and were not excluded.
        excluded: participant to flags, among those who finished.
        other_mode: participants of the other mode, who are not in the report.
        missing: question to (given, expected) ratings of those who finished.
        median_minutes: from beginning to end, of those who finished.
        headphones: right answers of the headphone check to number of participants.
    """

    enrolled: int
    finished: tuple[str, ...]
    unfinished: int
    included: tuple[str, ...]
    excluded: Mapping[str, tuple[Flag, ...]]
    other_mode: int
    missing: Mapping[str, tuple[int, int]]
    median_minutes: float | None
    headphones: Mapping[int, int]

    @property
    def reasons(self) -> dict[Rule, int]:
        """How many finished participants each rule flags; one may break several."""
        flags = [flag.rule for flags in self.excluded.values() for flag in flags]
        return {rule: flags.count(rule) for rule in RULES}


@dataclass(frozen=True)
class Tally:
    """Answers to a question that is not rated: how often each was given.

    Attributes:
        question: its id.
        counts: answer to number.
    """

    question: str
    counts: Mapping[str, int]


def count_people(answers: Answers, trials: int) -> People:
    """Count participants and apply the exclusion rules.

    Args:
        answers: of one mode.
        trials: that a participant is given.

    Returns:
        Everybody, in order of arrival.
    """
    persons = answers.rows.drop_duplicates("participant")
    finished = tuple(persons.loc[persons["state"] == "finished", "participant"])
    done = answers.of(finished)
    records: Iterable[Row] = done.to_dict("records")
    excluded: dict[str, tuple[Flag, ...]] = {}
    for flag in find_flags(records):
        excluded[flag.participant] = (*excluded.get(flag.participant, ()), flag)
    times = done.drop_duplicates("participant")
    begin = pd.to_datetime(times["started_at"], errors="coerce", utc=True, format="ISO8601")
    minutes = pd.to_datetime(times["finished_at"], errors="coerce", utc=True, format="ISO8601") - begin
    heard = persons.loc[persons["headphones"] >= 0, "headphones"].value_counts().sort_index()
    return People(
        enrolled=len(persons),
        finished=finished,
        unfinished=len(persons) - len(finished),
        included=tuple(name for name in finished if name not in excluded),
        excluded=excluded,
        other_mode=answers.other_mode,
        missing={q.id: (_given(done, q), trials * len(finished)) for q in answers.study.questions},
        median_minutes=float(minutes.dt.total_seconds().median() / 60) if minutes.notna().any() else None,
        headphones={int(right): int(count) for right, count in heard.items()},
    )


def _given(rows: pd.DataFrame, question: Question) -> int:
    return int(((rows["kind"] == "trial") & (rows["question"] == question.id)).sum())


def tallies(rows: pd.DataFrame, questions: Iterable[Question], kind: str) -> list[Tally]:
    """Count the answers to questions that are not analysed otherwise.

    Args:
        rows: of the participants that count.
        questions: choices everywhere, and scales on the background page.
        kind: of the page.
    """
    found = []
    for question in questions:
        countable = question.kind == "choice" or (kind == "background" and question.kind in SCALES)
        if countable:
            values = rows.loc[(rows["kind"] == kind) & (rows["question"] == question.id), "value"]
            each = values.str.split(" ").explode() if question.several else values
            found.append(Tally(question.id, {str(v): int(n) for v, n in each.value_counts().sort_index().items()}))
    return found


def texts(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Return every free text with its question, clip and condition.

    Args:
        rows: of the participants that count.
    """
    said = rows[(rows["question_kind"] == "text") & (rows["value"].str.strip() != "")]
    return [
        {key: str(row[key]) for key in ("question", "clip", "condition", "value")} for row in said.to_dict("records")
    ]
