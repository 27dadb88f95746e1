"""Keeps what the participants of a study were asked, and refuses a study that was changed since."""

import json
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from video2music.errors import StoreError
from video2music.study.frozen import changed_parts, merged_parts
from video2music.study.store.tables import ParticipantRecord, StudyRecord


def open_frozen(session: Session, study: str, parts: dict[str, Any], moment: str) -> None:
    """Compare a study that is opened with what its live participants were asked; without any it may change.

    Args:
        session: a writing transaction that holds the study's lock.
        study: its name.
        parts: of `frozen.frozen_parts`.
        moment: of today.

    Raises:
        StoreError: it was changed after somebody had agreed to take part.
    """
    live = select(ParticipantRecord.id).where(ParticipantRecord.study == study, ParticipantRecord.mode == "live")
    if session.scalar(live.limit(1)) is None:
        session.execute(delete(StudyRecord).where(StudyRecord.study == study))
    else:
        freeze(session, study, parts, moment)


def freeze(session: Session, study: str, parts: dict[str, Any], moment: str) -> None:
    """Keep what live participants are asked from now on.

    Args:
        session: a writing transaction that holds the study's lock.
        study: its name.
        parts: of `frozen.frozen_parts`.
        moment: of today.

    Raises:
        StoreError: somebody was asked something else before.
    """
    record = session.get(StudyRecord, study)
    if record is None:
        session.add(StudyRecord(study=study, parts=json.dumps(parts), frozen_at=moment))
        return
    kept = json.loads(record.parts)
    changed = changed_parts(kept, parts)
    if changed:
        raise StoreError(
            f"The study {study} was changed after people had taken part: {'; '.join(changed)}",
            remedy="Undo the change (a new text of the consent needs a new version), or copy the study to a new folder "
            "under a new name and prepare it there",
        )
    record.parts = json.dumps(merged_parts(kept, parts))
