"""Who comes to a study and goes again."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from video2music.errors import SessionError
from video2music.study.designs import cell_count, least_filled
from video2music.study.frozen import frozen_parts
from video2music.study.plan import Study
from video2music.study.records import Mode
from video2music.study.session import CONSENT
from video2music.study.store import queries
from video2music.study.store.codes import draw_code, draw_id
from video2music.study.store.database import Database
from video2music.study.store.freezing import freeze, open_frozen
from video2music.study.store.moments import Clock, utc_now, write_moment
from video2music.study.store.people import Participant
from video2music.study.store.tables import ParticipantRecord, VisitRecord

LONGEST_EXTERNAL_ID = 200
"""Characters."""


class Enrolment:
    """The people of one study.

    Args:
        study: as read from its file.
        database: with the tables of this program.
        now: clock of the server.

    Raises:
        StoreError: the study was changed after people had taken part.
    """

    def __init__(self, study: Study, database: Database, now: Clock = utc_now) -> None:
        self.study = study
        self.database = database
        self._now = now
        self._parts = frozen_parts(study)
        with database.writing() as session:
            queries.ensure_lock(session, study.name)
            queries.lock(session, study.name)
            open_frozen(session, study.name, self._parts, self.moment())

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def moment(self) -> str:
        """Return the current moment; ISO 8601, UTC."""
        return write_moment(self._now())

    def idle_since(self) -> str:
        """Return the moment before which somebody must have been seen last to count as idle; ISO 8601, UTC."""
        return write_moment(self._now() - timedelta(hours=self.study.session.idle_hours))

    def refuse(self, mode: Mode = "live") -> None:
        """Count somebody who does not agree to take part; nothing else is kept.

        Args:
            mode: of the session.
        """
        with self.database.writing() as session:
            queries.lock(session, self.study.name)
            queries.tally(session, self.study.name, mode, "refused")

    def enrol(
        self, language: str, consent_version: str, external_id: str | None = None, mode: Mode = "live"
    ) -> Participant:
        """Take in somebody who agrees, in the cell of the design that has the fewest people.

        Args:
            language: one of the study's.
            consent_version: of the text that was read.
            external_id: of a recruiting platform, kept if the study asks for one. Whoever comes again with it goes on
                with the session that they have.
            mode: "test" only tries the study.

        Raises:
            SessionError: the study does not have the language, its consent has changed, or the id is none.
            StoreError: somebody has changed the study meanwhile, and others take part in what it is now.
        """
        if language not in self.study.languages:
            raise SessionError("The study is not offered in this language", where=language)
        if consent_version != self.study.consent.version:
            raise SessionError("The consent has changed meanwhile", remedy="Read it again")
        known = _check_external_id(external_id) if self.study.session.external_id else None
        with self.database.writing() as session:
            queries.lock(session, self.study.name)
            record = queries.find_external(session, self.study.name, mode, known) if known else None
            return Participant.of(record or self._admit(session, mode, language, known))

    def _admit(self, session: Session, mode: Mode, language: str, external_id: str | None) -> ParticipantRecord:
        filled = queries.filled_cells(session, self.study.name, mode, self.idle_since())
        counts = [filled[cell] for cell in range(cell_count(self.study))]
        if mode == "live":
            freeze(session, self.study.name, self._parts, self.moment())
        moment = self.moment()
        record = ParticipantRecord(
            id=draw_id(),
            study=self.study.name,
            mode=mode,
            number=queries.tally(session, self.study.name, mode, "arrived"),
            cell=least_filled(counts, self.study.design.seed),
            language=language,
            external_id=external_id,
            consent_version=self.study.consent.version,
            resume_code=draw_code(),
            completion_code="",
            state="consented",
            started_at=moment,
            seen_at=moment,
            finished_at="",
            headphones=-1,
            headphone_attempts=0,
        )
        session.add(record)
        session.flush()
        session.add(VisitRecord(participant=record.id, step=CONSENT, opened_at=moment, passed_at=moment))
        return record

    def participant(self, name: str) -> Participant:
        """Return a participant.

        Args:
            name: their id.

        Raises:
            SessionError: there is none, or not any more.
        """
        with self.database.reading() as session:
            return Participant.of(queries.find_participant(session, self.study.name, name))

    def resume(self, code: str) -> Participant:
        """Find the session that somebody wants to go on with.

        Args:
            code: as they typed it.

        Raises:
            SessionError: nobody has this code.
        """
        with self.database.writing() as session:
            record = queries.find_by_code(session, self.study.name, code)
            record.seen_at = self.moment()
            return Participant.of(record)

    def withdraw(self, code: str) -> None:
        """Delete somebody's answers and identity; only that one person of the cell has withdrawn is kept.

        Args:
            code: their resume code, as they typed it.

        Raises:
            SessionError: nobody has this code.
        """
        with self.database.writing() as session:
            queries.lock(session, self.study.name)
            record = queries.find_by_code(session, self.study.name, code)
            queries.tally(session, self.study.name, record.mode, "withdrawn", cell=record.cell)
            session.execute(delete(ParticipantRecord).where(ParticipantRecord.id == record.id))
        self.database.forget_deleted()


def _check_external_id(external_id: str | None) -> str | None:
    known = (external_id or "").strip()
    if len(known) > LONGEST_EXTERNAL_ID or not known.isprintable():
        raise SessionError("The id in the address is none of a recruiting platform")
    return known or None
