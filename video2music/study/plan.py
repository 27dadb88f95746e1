"""What a study is: the contents of a `study.yaml`, checked and immutable.

Words that participants read are written once for each language of the study. Everything else has sensible defaults, so
that a short file is a whole study.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""A short name for addresses, columns and file names: a to z, digits, - and _."""


def _in_every_language(value: object, info: ValidationInfo) -> object:
    languages = (info.context or {}).get("languages", ("en",))
    return dict.fromkeys(languages, value) if isinstance(value, str) else value


Text = Annotated[Mapping[str, str], BeforeValidator(_in_every_language)]
"""What a participant reads: language to words. A plain string in the file stands for every language."""

QuestionKind = Literal["likert", "slider", "preference", "text", "choice"]
ConditionSource = Literal["engine", "midi", "files", "shuffled", "original"]
Show = Literal["one", "pair"]
Headphones = Literal["required", "told", "off"]


class Part(BaseModel):
    """What every part of a study has in common: it does not change, and knows no other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Consent(Part):
    """What a participant agrees to.

    Attributes:
        version: of the text; stored with every agreement, so change it with the text.
        text: shown before anything else; paragraphs are separated by empty lines.
    """

    version: str
    text: Text


class Choice(Part):
    """One of the answers to a question of the kind "choice".

    Attributes:
        id: what is stored.
        text: what is read.
    """

    id: Identifier
    text: Text


class Question(Part):
    """One thing that is asked.

    Attributes:
        id: column and key of its answers.
        kind: "likert" (points with labelled ends), "slider" (0 to 100), "preference" (which of two; only where pairs
            are shown), "text" (free) or "choice" (one or several of the options).
        text: the question.
        low: what the lowest point means; likert and slider.
        high: what the highest point means; likert and slider.
        points: of a likert scale; 1 is the lowest.
        options: answers of a choice.
        several: whether more than one option may be chosen.
        ties: whether "no preference" is offered; preference.
        required: whether the page can be left without an answer.
    """

    id: Identifier
    kind: QuestionKind = "likert"
    text: Text
    low: Text | None = None
    high: Text | None = None
    points: int = Field(default=7, ge=2, le=11)
    options: tuple[Choice, ...] = ()
    several: bool = False
    ties: bool = False
    required: bool = True


class Condition(Part):
    """One of the systems that are compared.

    Attributes:
        id: column and key; participants never see it.
        label: how the report names it.
        source: "engine" (composed by this program), "midi" (note files of another system, played as they are
            by this program with the same sounds),
            "files" (finished video or sound files), "shuffled" (the music that another condition has for another clip:
            the low anchor) or "original" (the clip's own soundtrack: the high anchor).
        engine: which engine composes.
        wishes: what is asked of the composer, as on the command line; for example {ensemble: strings, seed: 7}.
            Without a seed every clip has one that follows from the design's.
        folder: where the files lie, named after the ids of the clips; midi and files.
        of: whose music is shuffled.
        role: "system" is compared, "low" and "high" are anchors.
    """

    id: Identifier
    label: str = ""
    source: ConditionSource
    engine: str = "embedded"
    wishes: Mapping[str, Any] = Field(default_factory=dict)
    folder: Path | None = None
    of: Identifier | None = None
    role: Literal["system", "low", "high"] = "system"


class Clip(Part):
    """One video.

    Attributes:
        id: key of the clip.
        file: the video, relative to the study's file.
        range_s: only this part of it, first and last second.
    """

    id: Identifier
    file: Path
    range_s: tuple[float, float] | None = None


class Design(Part):
    """Who sees what, in which order.

    Attributes:
        show: one clip with one condition on a page, or the same clip with a pair of conditions.
        clips_each: how many clips one participant sees; None for all. Fewer make incomplete blocks, in balance.
        planned: participants that are planned; the power analysis and the length estimate use it.
        seed: of every draw.
    """

    show: Show = "one"
    clips_each: int | None = Field(default=None, ge=1)
    planned: int = Field(default=24, ge=1)
    seed: int = Field(default=1, ge=0)


class AttentionCheck(Part):
    """An instruction that somebody who reads follows.

    Attributes:
        id: key of the check.
        after: number of trials after which it is shown; 1 is after the first.
        question: what is shown, such as a likert question that asks for a certain point.
        expect: the answer that passes: a point, a number, or the id of an option.
    """

    id: Identifier
    after: int = Field(ge=1)
    question: Question
    expect: int | float | str


class TrainingItem(Part):
    """A trial before those that count.

    Attributes:
        clip: one of the study's training clips.
        conditions: one condition, or two where pairs are shown.
    """

    clip: Identifier
    conditions: tuple[Identifier, ...]


class Session(Part):
    """What a session consists of besides the trials.

    Attributes:
        volume: whether the participant sets the volume first.
        headphones: "required" (who fails the check cannot go on), "told" (the result is stored) or "off".
        external_id: name of the address's parameter that holds a recruiting platform's id, such as "PROLIFIC_PID".
        completion_code: shown at the end; empty draws one for each participant.
        completion_url: where a button at the end leads; "{code}" is replaced.
        contact: whom participants may write to.
        idle_hours: how long a session may rest before its place is given to the next participant.
    """

    volume: bool = True
    headphones: Headphones = "told"
    external_id: str | None = None
    completion_code: str = ""
    completion_url: str = ""
    contact: str = ""
    idle_hours: float = Field(default=24, gt=0)


class Study(Part):
    """A whole study, as read by `reading.read_study`.

    Attributes:
        name: in addresses and files.
        title: what participants read at the top.
        languages: two-letter codes; the first is the default.
        consent: what participants agree to.
        questions: asked on the page of every trial.
        conditions: what is compared.
        clips: that are rated.
        training_clips: clips of the training, which are not rated otherwise.
        design: who sees what.
        attention: checks between the trials.
        training: trials that do not count.
        background: asked once, after the trials.
        session: everything else of a session.
        lufs: integrated loudness that every stimulus is brought to.
        folder: where the file lies; stimuli and answers are kept beside it.
    """

    name: Identifier
    title: Text
    languages: tuple[str, ...] = ("en",)
    consent: Consent
    questions: tuple[Question, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = Field(min_length=2)
    clips: tuple[Clip, ...] = Field(min_length=1)
    training_clips: tuple[Clip, ...] = ()
    design: Design = Design()
    attention: tuple[AttentionCheck, ...] = ()
    training: tuple[TrainingItem, ...] = ()
    background: tuple[Question, ...] = ()
    session: Session = Session()
    lufs: float = Field(default=-23.0, ge=-40, le=-10)
    folder: Path = Field(default=Path(), exclude=True)
