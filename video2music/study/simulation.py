"""Simulated participants: rows through the real design, from effects that are known.

The tests and the benchmark of the report recover what is put in here; a study can be walked through with it before the
first person is asked. A rating is a normal variable (condition + participant + clip + their interactions + noise),
rounded to the nearest point of the scale and cut at its ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from video2music.study import designs
from video2music.study.flags import Rule
from video2music.study.plan import AttentionCheck, Question, Study
from video2music.study.records import Row, StepKind
from video2music.study.trials import Trial

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
CHEATS: tuple[Rule, ...] = ("attention", "too_fast", "straight_lining")
SCALE_POINTS = 7
"""Effects are given in points of a scale from 1 to 7; other scales are stretched."""


@dataclass(frozen=True)
class Population:
    """Where ratings come from; all in points of a scale from 1 to 7.

    Attributes:
        mean: of a rating without effects.
        effects: of the conditions; those that are not named have none.
        participant_sd: how differently people use the scale.
        clip_sd: how differently clips are liked.
        participant_condition_sd: how differently people like a condition.
        clip_condition_sd: how differently a condition suits clips.
        residual_sd: everything else.
        tie_width: two stimuli that differ by less are a tie, where ties are offered.
    """

    mean: float = 4.0
    effects: Mapping[str, float] = field(default_factory=dict)
    participant_sd: float = 0.7
    clip_sd: float = 0.4
    participant_condition_sd: float = 0.3
    clip_condition_sd: float = 0.0
    residual_sd: float = 1.0
    tie_width: float = 0.3


@dataclass(frozen=True)
class Crowd:
    """Who takes part.

    Attributes:
        participants: that consent, everyone included.
        drop_out: share that leaves somewhere between the trials.
        cheaters: how many of each kind.
        slip: probability that an honest participant fails an attention check.
    """

    participants: int = 24
    drop_out: float = 0.0
    cheaters: Mapping[Rule, int] = field(default_factory=dict)
    slip: float = 0.0


@dataclass(frozen=True)
class Simulated:
    """A simulated study with the truth behind it.

    Attributes:
        rows: one per answer.
        cheaters: participant to kind.
        drop_outs: participants who did not finish.
        expected: question to condition to the mean rating that the population gives to this study's clips; questions on
            scales only.
    """

    rows: list[Row]
    cheaters: Mapping[str, Rule]
    drop_outs: frozenset[str]
    expected: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _World:
    """What is the same for all participants."""

    study: Study
    population: Population
    levels: Mapping[str, Mapping[tuple[str, str], float]]  # question to (clip, condition) to latent mean


@dataclass(frozen=True)
class _Person:
    """One participant while answering."""

    number: int
    cell: int
    leaves_after: int  # trials
    cheat: Rule | None
    slip: float
    draw: np.random.Generator

    @property
    def name(self) -> str:
        return f"simulated-{self.number:04d}"


def simulate(
    study: Study, population: Population | None = None, crowd: Crowd | None = None, *, seed: int = 0
) -> Simulated:
    """Let simulated people walk through a study.

    Args:
        study: with its design.
        population: where ratings come from; None takes the defaults.
        crowd: who takes part; None takes the defaults.
        seed: the same seed gives the same rows.

    Returns:
        Rows as the store gives them out, and the truth behind them.
    """
    population, crowd = population or Population(), crowd or Crowd()
    draw = np.random.default_rng(seed)
    world = _World(study, population, {q.id: _levels(study, population, draw) for q in study.questions})
    people = _people(study, crowd, draw)
    rows = [row for person in people for row in _session(world, person)]
    return Simulated(
        rows=rows,
        cheaters={person.name: person.cheat for person in people if person.cheat},
        drop_outs=frozenset(person.name for person in people if not _finishes(study, person)),
        expected={question.id: _expected(world, question) for question in study.questions if _scaled(question)},
    )


def _people(study: Study, crowd: Crowd, draw: np.random.Generator) -> list[_Person]:
    kinds: list[Rule | None] = [kind for kind, count in crowd.cheaters.items() for _ in range(count)]
    kinds += [None] * (crowd.participants - len(kinds))
    draw.shuffle(kinds)
    counts = [0] * designs.cell_count(study)
    people = []
    for number, cheat in enumerate(kinds, 1):
        cell = designs.least_filled(counts, study.design.seed)
        length = len(designs.trials(study, cell, number))
        leaves = cheat is None and draw.random() < crowd.drop_out
        after = int(draw.integers(1, max(2, length))) if leaves else length
        person = _Person(number, cell, after, cheat, crowd.slip, np.random.default_rng(draw.integers(2**32)))
        counts[cell] += _finishes(study, person)
        people.append(person)
    return people


def _finishes(study: Study, person: _Person) -> bool:
    return person.leaves_after >= len(designs.trials(study, person.cell, person.number))


def _levels(study: Study, population: Population, draw: np.random.Generator) -> dict[tuple[str, str], float]:
    """Return the latent mean of every stimulus for one question."""
    levels = {}
    for clip in study.clips:
        liked = draw.normal(0, population.clip_sd)
        for condition in study.conditions:
            suits = draw.normal(0, population.clip_condition_sd)
            levels[clip.id, condition.id] = population.mean + population.effects.get(condition.id, 0.0) + liked + suits
    return levels


def _expected(world: _World, question: Question) -> dict[str, float]:
    """Return the mean rating per condition, with rounding and the ends of the scale taken into account."""
    population = world.population
    sd = float(
        np.hypot.reduce([population.participant_sd, population.participant_condition_sd, population.residual_sd])
    )
    means: dict[str, list[float]] = {condition.id: [] for condition in world.study.conditions}
    for (_, condition), level in world.levels[question.id].items():
        means[condition].append(_rounded_mean(level, sd, question))
    return {condition: float(np.mean(values)) for condition, values in means.items()}


def _rounded_mean(level: float, sd: float, question: Question) -> float:
    steps = _steps(question)
    borders = _latent(question, (steps[1:] + steps[:-1]) / 2)
    below = stats.norm.cdf(borders, level, sd) if sd > 0 else (borders >= level).astype(float)
    return float(steps @ np.diff(below, prepend=0, append=1))


def _steps(question: Question) -> NDArray[np.float64]:
    low, high = (0, 100) if question.kind == "slider" else (1, question.points)
    return np.arange(low, high + 1, dtype=float)


def _latent(question: Question, values: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = _steps(question)
    latent: NDArray[np.float64] = 1 + (values - steps[0]) / (steps[-1] - steps[0]) * (SCALE_POINTS - 1)
    return latent


def _answer_on_scale(question: Question, latent: float) -> str:
    steps = _steps(question)
    value = steps[0] + (latent - 1) / (SCALE_POINTS - 1) * (steps[-1] - steps[0])
    value = float(np.clip(np.round(value), steps[0], steps[-1]))
    return f"{value:.1f}" if question.kind == "slider" else f"{value:.0f}"


def _scaled(question: Question) -> bool:
    return question.kind in {"likert", "slider"}


def _session(world: _World, person: _Person) -> list[Row]:
    """Return everything one participant answers, with times."""
    study, population = world.study, world.population
    tastes = {question.id: _tastes(study, population, person) for question in study.questions}
    clock = START + timedelta(minutes=3 * person.number)
    rows: list[Row] = []
    for trial in designs.trials(study, person.cell, person.number)[: person.leaves_after]:
        duration = 20.0
        seconds = duration * 0.4 if person.cheat == "too_fast" else duration + 4 + person.draw.gamma(3, 2)
        answers = {q.id: _rate(world, person, tastes[q.id], q, trial) for q in study.questions}
        rows += [
            _row(study, person, trial, question, answers[question.id], clock, seconds, duration)
            for question in study.questions
        ]
        clock += timedelta(seconds=seconds)
        for check in study.attention:
            if check.after == trial.position:
                rows.append(_attend(study, person, check, clock))
    finished = _finishes(study, person)
    if finished:
        rows += [_ask(study, person, question, clock) for question in study.background]
    for row in rows:
        row["state"] = "finished" if finished else "rating"
        row["finished_at"] = clock.isoformat() if finished else ""
    return rows


def _tastes(study: Study, population: Population, person: _Person) -> dict[str, float]:
    """Return how much one participant adds to the ratings of each condition."""
    severity = person.draw.normal(0, population.participant_sd)
    return {c.id: severity + person.draw.normal(0, population.participant_condition_sd) for c in study.conditions}


def _rate(world: _World, person: _Person, tastes: Mapping[str, float], question: Question, trial: Trial) -> str:
    if not _scaled(question) and question.kind != "preference":
        return _any(person, question)
    if person.cheat == "straight_lining":
        return "left" if question.kind == "preference" else _answer_on_scale(question, (SCALE_POINTS + 1) / 2)
    if person.cheat is not None:
        return _any(person, question)
    latent = [
        world.levels[question.id][trial.clip, condition]
        + tastes[condition]
        + person.draw.normal(0, world.population.residual_sd)
        for condition in trial.conditions
    ]
    if question.kind != "preference":
        return _answer_on_scale(question, latent[0])
    if question.ties and abs(latent[0] - latent[1]) < world.population.tie_width:
        return "tie"
    return "left" if latent[0] > latent[1] else "right"


def _any(person: _Person, question: Question) -> str:
    """Answer without listening."""
    if _scaled(question):
        return _answer_on_scale(question, person.draw.uniform(1, SCALE_POINTS))
    choices: Sequence[str] = ("left", "right")
    if question.kind == "choice":
        choices = [option.id for option in question.options]
    return "A simulated remark." if question.kind == "text" else str(person.draw.choice(choices))


def _attend(study: Study, person: _Person, check: AttentionCheck, clock: datetime) -> Row:
    careless = person.cheat == "attention" or person.draw.random() < person.slip
    value = str(check.expect)
    while careless and value == str(check.expect):
        value = _any(person, check.question)
    row = _row(study, person, None, check.question, value, clock, 3.0, 0.0)
    row["step"], row["kind"], row["question"] = f"attention-{check.id}", "attention", check.id
    row["expected"] = str(check.expect)
    return row


def _ask(study: Study, person: _Person, question: Question, clock: datetime) -> Row:
    row = _row(study, person, None, question, _any(person, question), clock, 5.0, 0.0)
    row["step"], row["kind"] = "background", "background"
    return row


def _row(  # noqa: PLR0917 - one value for each thing a row is made of
    study: Study,
    person: _Person,
    trial: Trial | None,
    question: Question,
    value: str,
    opened: datetime,
    seconds: float,
    duration_s: float,
) -> Row:
    kind: StepKind = "trial"
    conditions = (*trial.conditions, "") if trial else ("", "")
    return Row(
        study=study.name,
        participant=person.name,
        mode="live",
        number=person.number,
        cell=person.cell,
        language=study.languages[0],
        external_id="",
        state="rating",
        consent_version=study.consent.version,
        started_at=(START + timedelta(minutes=3 * person.number)).isoformat(),
        finished_at="",
        headphones=6,
        step=f"trial-{trial.position}" if trial else "",
        kind=kind,
        position=trial.position if trial else 0,
        block=trial.block if trial else 0,
        clip=trial.clip if trial else "",
        condition=conditions[0],
        other_condition=conditions[1],
        question=question.id,
        question_kind=question.kind,
        value=value,
        expected="",
        opened_at=opened.isoformat(),
        stored_at=(opened + timedelta(seconds=seconds)).isoformat(),
        seconds=round(seconds, 3),
        plays=1 if trial else 0,
        played_share=1.0 if trial else 0.0,
        duration_s=duration_s,
    )
