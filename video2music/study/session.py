"""The rules of a session: which pages there are in which order, what is an answer, and when ratings open.

Nothing here knows the web or the database. The store applies these rules on the server, so that a changed page in
somebody's browser cannot get round them.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from video2music.errors import SessionError
from video2music.study.designs import trials
from video2music.study.headphones import PASS
from video2music.study.plan import AttentionCheck, Question, Study
from video2music.study.trials import Trial

Kind = Literal["consent", "volume", "headphones", "training", "trial", "attention", "background", "done"]

CONSENT, VOLUME, HEADPHONES, BACKGROUND, DONE = "consent", "volume", "headphones", "background", "done"
"""Keys of the pages of which there is one."""

PLAYED_SHARE = 0.98
"""Share of a stimulus that has to be played before it can be rated; browsers do not always count the last frames."""

CLOCK_SLACK_S = 1.0
"""How much more than the time since the page was opened may be reported as played: browsers round."""

HEADPHONE_ATTEMPTS = 2
"""How often the headphone check can be made: somebody may put them on after reading that it failed."""

LONGEST_TEXT = 10_000
"""Characters of a free text."""


@dataclass(frozen=True)
class Step:
    """One page of a session.

    Attributes:
        key: such as "consent", "training-1", "trial-3" or "attention-<id>"; unique in the session.
        kind: of the page.
        questions: that are asked there. The question of an attention check carries the id of the check.
        trial: what is shown; None on pages without a stimulus. Its position counts within the kind, from 1.
        expected: the answer that passes an attention check, as `check_value` writes it; "" elsewhere.
    """

    key: str
    kind: Kind
    questions: tuple[Question, ...] = ()
    trial: Trial | None = None
    expected: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """Ids of the questions without whose answers the page cannot be left."""
        return tuple(question.id for question in self.questions if question.required)

    def question(self, name: str) -> Question:
        """Return one of the page's questions.

        Args:
            name: its id.

        Raises:
            SessionError: it is not asked here.
        """
        for question in self.questions:
            if question.id == name:
                return question
        raise SessionError("This question is not asked on this page", where=f"{name} on {self.key}")


@dataclass(frozen=True)
class Playing:
    """What the browser reports of one stimulus, beside what the server knows of it.

    Attributes:
        duration_s: of the stimulus; from the manifest, never from the browser.
        plays: how often it was started.
        ranges: first and last second of the parts that were played, as in `HTMLMediaElement.played`.
    """

    duration_s: float
    plays: int = 0
    ranges: Sequence[Sequence[float]] = ()

    @property
    def share(self) -> float:
        """Share of the stimulus that was played, 0 to 1."""
        return played_share(self.ranges, self.duration_s)


def steps(study: Study, cell: int, number: int) -> tuple[Step, ...]:
    """List the pages of one participant's session.

    Args:
        study: as read from its file.
        cell: of the design.
        number: of the participant, from 1.

    Returns:
        From "consent" to "done".
    """
    before = [Step(CONSENT, "consent")]
    if study.session.volume:
        before.append(Step(VOLUME, "volume"))
    if study.session.headphones != "off":
        before.append(Step(HEADPHONES, "headphones"))
    after = [Step(BACKGROUND, "background", study.background)] if study.background else []
    return (*before, *_training(study), *_rated(study, trials(study, cell, number)), *after, Step(DONE, "done"))


def _training(study: Study) -> Iterator[Step]:
    for number, item in enumerate(study.training, 1):
        yield Step(f"training-{number}", "training", study.questions, Trial(number, 0, item.clip, item.conditions))


def _rated(study: Study, shown: Sequence[Trial]) -> Iterator[Step]:
    """Yield the trials and the attention checks between them; a check beyond the last trial comes after it."""
    for trial in shown:
        yield Step(f"trial-{trial.position}", "trial", study.questions, trial)
        for check in study.attention:
            if min(check.after, len(shown)) == trial.position:
                yield _attention(check)


def _attention(check: AttentionCheck) -> Step:
    question = check.question.model_copy(update={"id": check.id, "required": True})
    return Step(f"attention-{check.id}", "attention", (question,), expected=check_value(question, check.expect))


def find_step(pages: Iterable[Step], key: str) -> Step:
    """Return the page of a key.

    Args:
        pages: of the session.
        key: such as "trial-3".

    Raises:
        SessionError: the session has no such page.
    """
    for step in pages:
        if step.key == key:
            return step
    raise SessionError("This session has no such page", where=key)


def check_value(question: Question, value: object) -> str:
    """Check an answer and write it as it is stored.

    Args:
        question: that was asked.
        value: a point as a number or its digits; a slider's number; "left", "right" or "tie"; a text; the id of an
            option, or several as a list or joined by spaces.

    Returns:
        As in `records.Row.value`.

    Raises:
        SessionError: it is not an answer to this question.
    """
    if question.kind == "likert":
        return _point(question, value)
    if question.kind == "slider":
        return _slider(question, value)
    if question.kind == "preference":
        sides = ("left", "right", "tie") if question.ties else ("left", "right")
        return _one_of(question, value, sides)
    if question.kind == "text":
        return _text(question, value)
    return _options(question, value)


def _refusal(question: Question, remedy: str) -> SessionError:
    return SessionError("This is no answer to the question", where=question.id, remedy=remedy)


def _number(value: object) -> float:
    """Return the number that is meant; not a number where none is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _point(question: Question, value: object) -> str:
    number = _number(value)
    if not (number.is_integer() and 1 <= number <= question.points):
        raise _refusal(question, f"Choose a point from 1 to {question.points}")
    return str(int(number))


def _slider(question: Question, value: object) -> str:
    number = _number(value)
    if not 0 <= number <= 100:
        raise _refusal(question, "Choose a number from 0 to 100")
    return f"{number + 0.0:.1f}"  # adding zero turns -0.0 into 0.0


def _one_of(question: Question, value: object, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _refusal(question, f"Choose one of {', '.join(choices)}")
    return value


def _text(question: Question, value: object) -> str:
    """Return the text without control characters, which databases and spreadsheets stumble over."""
    if not isinstance(value, str):
        raise _refusal(question, "Write a text")
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"}).strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise _refusal(question, f"Write 1 to {LONGEST_TEXT} characters")
    return text


def _options(question: Question, value: object) -> str:
    known = [option.id for option in question.options]
    chosen = value.split() if isinstance(value, str) else value
    if not isinstance(chosen, list | tuple) or not chosen or any(one not in known for one in chosen):
        raise _refusal(question, f"Choose from {', '.join(known)}")
    if len(set(chosen)) > 1 and not question.several:
        raise _refusal(question, "Choose one only")
    return " ".join(one for one in known if one in chosen)


def played_share(ranges: Sequence[Sequence[float]], duration_s: float) -> float:
    """Say how much of a stimulus was played, whatever the browser reports.

    Args:
        ranges: first and last second of each part. Overlaps count once; what is reversed, beyond the end or no number
            counts nothing.
        duration_s: of the stimulus, above 0.

    Returns:
        0 to 1.
    """
    played_s, reached_s = 0.0, 0.0
    for start_s, end_s in sorted(_sound_ranges(ranges, duration_s)):
        played_s += max(0.0, end_s - max(start_s, reached_s))
        reached_s = max(reached_s, end_s)
    return min(1.0, played_s / duration_s) if duration_s > 0 else 0.0


def _sound_ranges(ranges: Sequence[Sequence[float]], duration_s: float) -> Iterator[tuple[float, float]]:
    for part in ranges:
        numbers = [_number(bound) for bound in part] if isinstance(part, list | tuple) else []
        if len(numbers) == 2 and all(map(math.isfinite, numbers)) and numbers[0] < numbers[1]:
            yield max(0.0, numbers[0]), min(duration_s, numbers[1])


def ratings_open(stimuli: Sequence[Playing], elapsed_s: float) -> bool:
    """Say whether a page's ratings are open.

    Args:
        stimuli: of the page; a pair has two. A page without any is open.
        elapsed_s: since the page was opened, by the server's clock.

    Returns:
        Whether `PLAYED_SHARE` of each was played, and there was time for it.
    """
    possible = sum(one.share * one.duration_s for one in stimuli) <= elapsed_s + CLOCK_SLACK_S
    return possible and all(one.share >= PLAYED_SHARE for one in stimuli)


def headphones_passed(right: int) -> bool:
    """Say whether the headphone check was passed (Woods et al., 2017).

    Args:
        right: right answers, 0 to 6.
    """
    return right >= PASS
