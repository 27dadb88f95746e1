"""How long pages take in a running study."""

from collections import defaultdict
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from video2music.study.length import PageTimes
from video2music.study.session import CONSENT
from video2music.study.store.moments import seconds_between
from video2music.study.store.tables import ParticipantRecord, VisitRecord

FEWEST_SESSIONS = 5
"""Finished live sessions from which times are believed more than assumptions; our judgement."""


def read_page_times(session: Session, study: str) -> PageTimes | None:
    """Return the median time of each kind of page over finished live sessions.

    Args:
        session: a transaction.
        study: its name.

    Returns:
        None before enough people have finished. The consent is not timed: nobody is known before it.
    """
    own = (ParticipantRecord.study == study, ParticipantRecord.mode == "live", ParticipantRecord.state == "finished")
    sessions = session.scalar(select(func.count()).select_from(ParticipantRecord).where(*own)) or 0
    if sessions < FEWEST_SESSIONS:
        return None
    query = (
        select(VisitRecord.step, VisitRecord.opened_at, VisitRecord.passed_at)
        .join(ParticipantRecord, ParticipantRecord.id == VisitRecord.participant)
        .where(*own, VisitRecord.passed_at != "", VisitRecord.step != CONSENT)
    )
    seconds: dict[str, list[float]] = defaultdict(list)
    for step, opened_at, passed_at in session.execute(query):
        seconds[step.partition("-")[0]].append(seconds_between(opened_at, passed_at))
    return PageTimes(sessions, {kind: median(found) for kind, found in seconds.items()})
