"""The answers of a store as rows."""

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import Label, Select, func, select
from sqlalchemy.orm import Session

from video2music.study.records import Mode, Row
from video2music.study.store.tables import AnswerRecord, ParticipantRecord, VisitRecord


def read_rows(session: Session, study: str, mode: Mode | None) -> list[Row]:
    """Return the answers of a study, by order of arrival and then in the order in which they were given.

    Args:
        session: a transaction.
        study: name of the study.
        mode: of the sessions; None for all.
    """
    return [cast("Row", dict(found)) for found in session.execute(_query(study, mode)).mappings()]


def _query(study: str, mode: Mode | None) -> Select[Any]:
    person, visit, answer = ParticipantRecord, VisitRecord, AnswerRecord
    query = (
        select(*_columns())
        .select_from(answer)
        .join(person, person.id == answer.participant)
        .join(visit, (visit.participant == answer.participant) & (visit.step == answer.step))
        .where(person.study == study)
        .order_by(person.mode, person.number, answer.stored_at, answer.step, answer.question)
    )
    return query if mode is None else query.where(person.mode == mode)


def _columns() -> Iterator[Label[Any]]:
    """Yield a column for each key of a row, in the order of the keys."""
    named = {
        "participant": ParticipantRecord.id.label("participant"),
        "external_id": func.coalesce(ParticipantRecord.external_id, "").label("external_id"),
        "opened_at": VisitRecord.opened_at.label("opened_at"),
    }
    for name in Row.__annotations__:
        table = ParticipantRecord if hasattr(ParticipantRecord, name) else AnswerRecord
        yield named[name] if name in named else getattr(table, name).label(name)
