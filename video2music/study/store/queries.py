"""The questions that the store asks its tables; each works inside a transaction of the caller."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from video2music.errors import SessionError
from video2music.study.records import Mode
from video2music.study.session import Step
from video2music.study.store.codes import read_code
from video2music.study.store.moments import seconds_between
from video2music.study.store.tables import AnswerRecord, ParticipantRecord, TallyRecord, VisitRecord

NO_CELL = -1
"""Cell of a tally that belongs to none."""


def ensure_lock(session: Session, study: str) -> None:
    """Make the row that `lock` holds, unless it is there.

    Args:
        session: a writing transaction.
        study: name of the study.
    """
    if session.get(TallyRecord, (study, "live", "arrived", NO_CELL)) is None:
        tally(session, study, "live", "arrived", by=0)


def lock(session: Session, study: str) -> None:
    """Make everybody else who wants to change a tally of the study wait for the end of this transaction.

    Args:
        session: a writing transaction; this is the first thing that it does.
        study: name of the study.
    """
    row = (TallyRecord.study == study, TallyRecord.mode == "live", TallyRecord.event == "arrived")
    session.execute(update(TallyRecord).where(*row).values(count=TallyRecord.count))


def tally(session: Session, study: str, mode: str, event: str, *, cell: int = NO_CELL, by: int = 1) -> int:
    """Count something.

    Args:
        session: a writing transaction that holds the lock.
        study: name of the study.
        mode: of the session.
        event: such as "arrived".
        cell: of the design, if that matters.
        by: how often it happened.

    Returns:
        How often it has happened by now.
    """
    row = session.get(TallyRecord, (study, mode, event, cell))
    if row is None:
        row = TallyRecord(study=study, mode=mode, event=event, cell=cell, count=0)
        session.add(row)
    else:
        session.refresh(row)
    row.count += by
    session.flush()
    return row.count


def find_participant(session: Session, study: str, name: str, *, alone: bool = False) -> ParticipantRecord:
    """Return somebody's record.

    Args:
        session: a transaction.
        study: name of the study.
        name: id of the participant.
        alone: make other transactions that write for this participant wait; SQLite has only one at a time anyway.

    Raises:
        SessionError: there is none, or not any more.
    """
    query = select(ParticipantRecord).where(ParticipantRecord.id == name, ParticipantRecord.study == study)
    record = session.scalar(query.with_for_update() if alone else query)
    if record is None:
        raise SessionError("This session does not exist, or was withdrawn")
    return record


def find_by_code(session: Session, study: str, typed: str) -> ParticipantRecord:
    """Return the record that a resume code belongs to.

    Args:
        session: a transaction.
        study: name of the study.
        typed: the code, as somebody typed it.

    Raises:
        SessionError: nobody has this code.
    """
    own = (ParticipantRecord.resume_code == read_code(typed), ParticipantRecord.study == study)
    record = session.scalar(select(ParticipantRecord).where(*own).with_for_update())
    if record is None:
        raise SessionError("No session has this code", remedy="Check it letter by letter")
    return record


def find_external(session: Session, study: str, mode: Mode, external_id: str) -> ParticipantRecord | None:
    """Return the record of somebody whom a recruiting platform has sent before.

    Args:
        session: a transaction.
        study: name of the study.
        mode: of the session.
        external_id: that the platform gave.
    """
    own = (ParticipantRecord.study == study, ParticipantRecord.mode == mode)
    return session.scalar(select(ParticipantRecord).where(*own, ParticipantRecord.external_id == external_id))


def filled_cells(session: Session, study: str, mode: Mode, idle_since: str) -> Counter[int]:
    """Count who is in each cell of the design: those who have finished, and those who may still do so.

    Args:
        session: a transaction.
        study: name of the study.
        mode: of the sessions.
        idle_since: whoever was seen last before this moment has given up the place.
    """
    own = (ParticipantRecord.study == study, ParticipantRecord.mode == mode)
    query = select(ParticipantRecord.cell, ParticipantRecord.state, ParticipantRecord.seen_at).where(*own)
    return Counter(
        cell
        for cell, state, seen_at in session.execute(query)
        if state == "finished" or (state != "screened" and seen_at >= idle_since)
    )


def find_position(session: Session, participant: str, pages: Sequence[Step]) -> Step:
    """Return the first page that was not passed.

    Args:
        session: a transaction.
        participant: their id.
        pages: of their session.
    """
    own = (VisitRecord.participant == participant, VisitRecord.passed_at != "")
    passed = set(session.scalars(select(VisitRecord.step).where(*own)))
    return next(step for step in pages if step.key not in passed)


def find_open_visit(session: Session, record: ParticipantRecord, step: str) -> VisitRecord:
    """Return the visit of a page that may still be answered.

    Args:
        session: a transaction.
        record: of the participant.
        step: key of the page.

    Raises:
        SessionError: the page was not opened, was left, or the participant cannot go on.
    """
    visit = session.get(VisitRecord, (record.id, step))
    if record.state == "screened":
        raise SessionError("The session has ended: the headphone check failed")
    if visit is None:
        raise SessionError("This page was not opened", where=step)
    if visit.passed_at:
        raise SessionError("This page was left; its answers stay as they are", where=step)
    return visit


def was_left(session: Session, participant: str, step: str) -> bool:
    """Say whether a page was left for the next one.

    Args:
        session: a transaction.
        participant: their id.
        step: key of the page.
    """
    visit = session.get(VisitRecord, (participant, step))
    return visit is not None and bool(visit.passed_at)


def stored_values(session: Session, participant: str, step: str) -> dict[str, str]:
    """Return the answers of a page: question to value.

    Args:
        session: a transaction.
        participant: their id.
        step: key of the page.
    """
    own = (AnswerRecord.participant == participant, AnswerRecord.step == step)
    return dict(session.execute(select(AnswerRecord.question, AnswerRecord.value).where(*own)).all())


def new_answer(page: Step, visit: VisitRecord, question: str, value: str, moment: str) -> AnswerRecord:
    """Write an answer together with all that was shown.

    Args:
        page: where it was asked.
        visit: of the page.
        question: its id.
        value: as `session.check_value` writes it.
        moment: when it arrived.
    """
    trial = page.trial
    shown = () if trial is None else trial.conditions
    return AnswerRecord(
        participant=visit.participant,
        step=page.key,
        question=question,
        kind=page.kind,
        position=trial.position if trial and page.kind == "trial" else 0,
        block=trial.block if trial and page.kind == "trial" else 0,
        clip=trial.clip if trial else "",
        condition=shown[0] if shown else "",
        other_condition=shown[1] if len(shown) > 1 else "",
        question_kind=page.question(question).kind,
        value=value,
        expected=page.expected,
        stored_at=moment,
        seconds=seconds_between(visit.opened_at, moment),
        plays=visit.plays,
        played_share=visit.played_share,
        duration_s=visit.duration_s,
    )
