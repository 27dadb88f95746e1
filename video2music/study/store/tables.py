"""The tables of the store, the same for SQLite and PostgreSQL.

Moments are kept as text in ISO 8601 with milliseconds, UTC: they sort as they are, and are exported as they are.
Nothing here could identify a person beyond the id that a recruiting platform gives, and that only where the study asks
for it.
"""

from sqlalchemy import ForeignKey, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""So that both databases and every migration call a constraint the same."""

Moment = String(24)
"""Such as "2026-11-20T19:00:00.000Z"; "" for never."""

Name = String(64)
"""An identifier of the study's file."""

StepKey = String(80)
"""Of a page; an identifier with the kind before it."""


class Table(DeclarativeBase):
    """What the tables have in common."""

    metadata = MetaData(naming_convention=NAMES)


class ParticipantRecord(Table):
    """One person who has agreed to take part."""

    __tablename__ = "participants"
    __table_args__ = (
        UniqueConstraint("study", "mode", "number"),
        UniqueConstraint("study", "mode", "external_id"),
        UniqueConstraint("resume_code"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    study: Mapped[str] = mapped_column(Name)
    mode: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    cell: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(200))
    consent_version: Mapped[str] = mapped_column(Text)
    resume_code: Mapped[str] = mapped_column(String(8))
    completion_code: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[str] = mapped_column(Moment)
    seen_at: Mapped[str] = mapped_column(Moment)
    finished_at: Mapped[str] = mapped_column(Moment, default="")
    headphones: Mapped[int] = mapped_column(default=-1)
    headphone_attempts: Mapped[int] = mapped_column(default=0)


class VisitRecord(Table):
    """One page that a participant has opened."""

    __tablename__ = "visits"

    participant: Mapped[str] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(StepKey, primary_key=True)
    opened_at: Mapped[str] = mapped_column(Moment)
    passed_at: Mapped[str] = mapped_column(Moment, default="")
    ratings_open: Mapped[bool] = mapped_column(default=False)
    plays: Mapped[int] = mapped_column(default=0)
    played_share: Mapped[float] = mapped_column(default=0.0)
    duration_s: Mapped[float] = mapped_column(default=0.0)


class AnswerRecord(Table):
    """One answer, with all that was shown: it stays true when the study's file is edited later."""

    __tablename__ = "answers"

    participant: Mapped[str] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(StepKey, primary_key=True)
    question: Mapped[str] = mapped_column(Name, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    position: Mapped[int]
    block: Mapped[int]
    clip: Mapped[str] = mapped_column(Name)
    condition: Mapped[str] = mapped_column(Name)
    other_condition: Mapped[str] = mapped_column(Name)
    question_kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[str] = mapped_column(Moment)
    seconds: Mapped[float]
    plays: Mapped[int]
    played_share: Mapped[float]
    duration_s: Mapped[float]


class TallyRecord(Table):
    """How often something happened: people who arrived, refused or withdrew leave nothing else behind."""

    __tablename__ = "tallies"

    study: Mapped[str] = mapped_column(Name, primary_key=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)
    event: Mapped[str] = mapped_column(String(16), primary_key=True)
    cell: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(default=0)


class StudyRecord(Table):
    """What participants were asked, since the first one agreed; as long as there is one."""

    __tablename__ = "studies"

    study: Mapped[str] = mapped_column(Name, primary_key=True)
    parts: Mapped[str] = mapped_column(Text)
    frozen_at: Mapped[str] = mapped_column(Moment)
