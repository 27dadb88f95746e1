"""Everything that a report says, computed; `chapters` puts it into words."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from video2music.study import designs
from video2music.study.plan import Question, Study
from video2music.study.report import comparisons, means, mixed
from video2music.study.report.agreement import Agreement, agree
from video2music.study.report.answers import (
    SCALES,
    Answers,
    condition_ids,
    participant_means,
    ratings,
    without_clip_effects,
)
from video2music.study.report.people import People, Tally, count_people, tallies, texts
from video2music.study.report.power import ALPHA, Planned, Power, simulate_power
from video2music.study.report.preferences import (
    Ability,
    Preference,
    SideBias,
    bradley_terry,
    compare_preferences,
    preferences,
    side_bias,
)
from video2music.study.report.preferences import with_holm as with_holm_preferences


@dataclass(frozen=True)
class AnchorCheck:
    """Whether the high anchor is rated above the low one.

    Attributes:
        question: its id.
        high: id of the high anchor.
        low: id of the low anchor.
        difference: of participants' means; None where nobody rated both.
        p: one-sided signed-rank test.
        passed: whether p is at most 0.05; None where it cannot be told.
    """

    question: str
    high: str
    low: str
    difference: float | None
    p: float | None
    passed: bool | None


@dataclass(frozen=True)
class Scales:
    """What the questions on a scale say about some participants.

    Attributes:
        summaries: of every condition and question.
        friedman: per question.
        pairs: of all conditions and questions, Holm-corrected.
    """

    summaries: list[means.Summary]
    friedman: list[comparisons.Friedman]
    pairs: list[comparisons.Pair]


@dataclass(frozen=True)
class Analysis:
    """A whole report in numbers.

    Attributes:
        answers: what it is about.
        people: who took part.
        included: the scales, by those who finished and were not excluded.
        everyone: the pairs by all who rated anything, without intervals.
        models: mixed models, Holm-corrected.
        agreement: per question, over all stimuli.
        systems_agreement: without anchors; empty where there are none.
        anchors: checks.
        preferences: per pair.
        abilities: Bradley-Terry.
        sides: whether the left one was chosen more often.
        choices: on the trial pages.
        background: asked once.
        texts: free answers.
        power: of the planned number.
    """

    answers: Answers
    people: People
    included: Scales
    everyone: list[comparisons.Pair]
    models: list[mixed.MixedModel]
    agreement: list[Agreement]
    systems_agreement: list[Agreement]
    anchors: list[AnchorCheck]
    preferences: list[Preference]
    abilities: list[Ability]
    sides: list[SideBias]
    choices: list[Tally]
    background: list[Tally]
    texts: list[dict[str, str]]
    power: list[Power]

    def to_json(self) -> dict[str, Any]:
        """Return everything but the answers, with None where a number does not exist."""
        parts = {name: value for name, value in self.__dict__.items() if name not in {"answers", "people"}}
        facts = {name: _plain(value) for name, value in parts.items()}
        counted: dict[str, Any] = _plain(self.people)
        counted["reasons"] = self.people.reasons
        return {"study": self.answers.study.name, "mode": self.answers.mode, "people": counted, **facts}


def analyse(answers: Answers, resamples: int = means.RESAMPLES) -> Analysis:
    """Compute everything.

    Args:
        answers: of one study and mode.
        resamples: of every bootstrap.

    Returns:
        The report in numbers.
    """
    study = answers.study
    length = len(designs.trials(study, 0, 1))
    persons = count_people(answers, length)
    rows = answers.of(persons.included)
    included = _scales(study, rows, resamples)
    models = mixed.with_holm([mixed.fit_model(q.id, ratings(rows, q.id), condition_ids(study)) for q in _scaled(study)])
    compared, abilities, sides = _preferences(study, rows, resamples)
    systems = {condition.id for condition in study.conditions if condition.role == "system"}
    return Analysis(
        answers=answers,
        people=persons,
        included=included,
        everyone=comparisons.with_holm(_pairs(study, answers.rows)),
        models=models,
        agreement=_agreement(study, rows, set(condition_ids(study))),
        systems_agreement=_agreement(study, rows, systems) if len(systems) < len(study.conditions) else [],
        anchors=_anchors(study, rows),
        preferences=compared,
        abilities=abilities,
        sides=sides,
        choices=tallies(rows, study.questions, "trial"),
        background=tallies(rows, study.background, "background"),
        texts=texts(rows),
        power=_power(study, models, length, max(1, len(included.pairs))),
    )


def _scaled(study: Study) -> list[Question]:
    return [q for q in study.questions if q.kind in SCALES] if study.design.show == "one" else []


def _scales(study: Study, rows: pd.DataFrame, resamples: int) -> Scales:
    summaries, tests, pairs = [], [], []
    for question in _scaled(study):
        table = ratings(rows, question.id)
        own = participant_means(table, condition_ids(study))
        summaries += means.summarise(question.id, table, own, resamples)
        aligned = participant_means(without_clip_effects(table), condition_ids(study))
        tests.append(comparisons.friedman(question.id, aligned))
        pairs += comparisons.compare_pairs(question.id, aligned, resamples)
    return Scales(summaries, tests, comparisons.with_holm(pairs))


def _pairs(study: Study, rows: pd.DataFrame) -> list[comparisons.Pair]:
    tables = {question.id: ratings(rows, question.id) for question in _scaled(study)}
    return [
        pair
        for name, table in tables.items()
        for pair in comparisons.compare_pairs(
            name, participant_means(without_clip_effects(table), condition_ids(study)), resamples=0
        )
    ]


def _agreement(study: Study, rows: pd.DataFrame, conditions: set[str]) -> list[Agreement]:
    own = rows[rows["condition"].isin(conditions)]
    return [agree(q.id, q.kind, ratings(own, q.id)) for q in _scaled(study)]


def _anchors(study: Study, rows: pd.DataFrame) -> list[AnchorCheck]:
    highs = [condition.id for condition in study.conditions if condition.role == "high"]
    lows = [condition.id for condition in study.conditions if condition.role == "low"]
    checks = []
    for question in _scaled(study):
        own = participant_means(without_clip_effects(ratings(rows, question.id)), condition_ids(study))
        for high, low in ((high, low) for high in highs for low in lows):
            both = own[[high, low]].dropna()
            differences = (both[high] - both[low]).to_numpy(float)
            checks.append(_anchor(AnchorCheck(question.id, high, low, None, None, None), differences))
    return checks


def _anchor(check: AnchorCheck, differences: NDArray[np.float64]) -> AnchorCheck:
    if not len(differences):
        return check
    nonzero = np.round(differences[~np.isclose(differences, 0)], comparisons.SAME_RANK)
    p = comparisons.signed_rank(nonzero, "greater")[1] if len(nonzero) else None
    passed = None if p is None else p <= ALPHA
    return AnchorCheck(check.question, check.high, check.low, float(differences.mean()), p, passed)


def _preferences(
    study: Study, rows: pd.DataFrame, resamples: int
) -> tuple[list[Preference], list[Ability], list[SideBias]]:
    compared, abilities, sides = [], [], []
    for question in (q for q in study.questions if q.kind == "preference"):
        table = preferences(rows, question.id)
        compared += compare_preferences(question.id, table, condition_ids(study), resamples)
        abilities += bradley_terry(question.id, table, condition_ids(study))
        side = side_bias(question.id, table, resamples)
        sides += [side] if side else []
    return with_holm_preferences(compared), abilities, sides


def _power(study: Study, models: list[mixed.MixedModel], length: int, family: int) -> list[Power]:
    found = []
    per_condition = max(1.0, length / len(study.conditions))
    for question, model in zip(_scaled(study), models, strict=True):
        scale = 100.0 if question.kind == "slider" else question.points - 1.0
        planned = Planned(study.design.planned, per_condition, family, scale)
        found += simulate_power(question.id, planned, model.deviations)
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
