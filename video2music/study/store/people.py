"""What the store gives out about a participant, their pages and their answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from video2music.study.records import Mode, ParticipantState
from video2music.study.store.codes import show_code
from video2music.study.store.tables import AnswerRecord, ParticipantRecord, VisitRecord


@dataclass(frozen=True)
class Participant:
    """One person in one study, as far as the store knows them.

    Attributes:
        id: 128 random bits as 32 hexadecimal digits; what a cookie carries.
        number: order of arrival in the mode, from 1.
        cell: of the design.
        mode: "test" only tries the study.
        language: that they read.
        external_id: of a recruiting platform, "" if there is none.
        consent_version: that they agreed to.
        state: how far they are; "screened" failed a headphone check that the study requires.
        started_at: ISO 8601, UTC.
        finished_at: ISO 8601, UTC; "" while unfinished.
        headphones: right answers of the best headphone check, 0 to 6; -1 before the first.
        headphone_attempts: how often it was made.
        resume_code: to go on later, or to withdraw; as it is shown.
        completion_code: for the recruiting platform; "" while unfinished.
    """

    id: str
    number: int
    cell: int
    mode: Mode
    language: str
    external_id: str
    consent_version: str
    state: ParticipantState
    started_at: str
    finished_at: str
    headphones: int
    headphone_attempts: int
    resume_code: str
    completion_code: str

    @classmethod
    def of(cls, record: ParticipantRecord) -> Self:
        """Return what a record holds.

        Args:
            record: from the store.
        """
        return cls(
            record.id,
            record.number,
            record.cell,
            cast("Mode", record.mode),
            record.language,
            record.external_id or "",
            record.consent_version,
            cast("ParticipantState", record.state),
            record.started_at,
            record.finished_at,
            record.headphones,
            record.headphone_attempts,
            show_code(record.resume_code),
            record.completion_code,
        )


@dataclass(frozen=True)
class Visit:
    """What is stored of one page that a participant has opened.

    Attributes:
        step: key of the page.
        opened_at: when it was opened first; ISO 8601, UTC.
        passed_at: when it was left for the next one; "" while it is open.
        ratings_open: whether the stimuli were played long enough; stays so.
        plays: how often the stimulus was started, of a pair both together.
        played_share: largest share that was played, of a pair of the lesser one.
        answers: id of the question to the stored value.
    """

    step: str
    opened_at: str
    passed_at: str = ""
    ratings_open: bool = False
    plays: int = 0
    played_share: float = 0.0
    answers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, record: VisitRecord, answers: Mapping[str, str]) -> Self:
        """Return what a record holds.

        Args:
            record: from the store.
            answers: of the page.
        """
        return cls(
            record.step,
            record.opened_at,
            record.passed_at,
            record.ratings_open,
            record.plays,
            record.played_share,
            answers,
        )


@dataclass(frozen=True)
class Answer:
    """An answer that is on the disk.

    Attributes:
        question: its id.
        value: as it is stored.
        stored_at: ISO 8601, UTC.
        new: whether this call has stored it.
    """

    question: str
    value: str
    stored_at: str
    new: bool

    @classmethod
    def of(cls, record: AnswerRecord, *, new: bool) -> Self:
        """Return what a record holds.

        Args:
            record: from the store.
            new: whether it was stored just now.
        """
        return cls(record.question, record.value, record.stored_at, new)
