"""What happens in a session, stored the moment it happens."""

import os
from collections.abc import Sequence

from sqlalchemy.orm import Session

from video2music.errors import SessionError, StoreError
from video2music.study.length import PageTimes
from video2music.study.plan import Study
from video2music.study.records import Mode, Row
from video2music.study.session import (
    DONE,
    HEADPHONE_ATTEMPTS,
    HEADPHONES,
    Playing,
    Step,
    check_value,
    find_step,
    headphones_passed,
    ratings_open,
    steps,
)
from video2music.study.store import queries
from video2music.study.store.codes import draw_code, show_code
from video2music.study.store.database import Database, database_url
from video2music.study.store.enrolment import Enrolment
from video2music.study.store.moments import Clock, seconds_between, utc_now
from video2music.study.store.page_times import read_page_times
from video2music.study.store.people import Answer, Participant, Visit
from video2music.study.store.progress import Progress, read_progress
from video2music.study.store.rows import read_rows
from video2music.study.store.tables import AnswerRecord, ParticipantRecord, VisitRecord

VARIABLE = "VIDEO2MUSIC_STUDY_DATABASE"
"""Environment variable with the address of the database."""

FILE = "answers.sqlite"
"""Beside the study's file, where no address is given."""


def open_store(study: Study, url: str | None = None, *, existing: bool = False, now: Clock = utc_now) -> "Store":
    """Open the store of a study and bring its tables up to date.

    Args:
        study: as read from its file.
        url: of SQLite or PostgreSQL, or the path of an SQLite file; None takes `VIDEO2MUSIC_STUDY_DATABASE`, or else
            `answers.sqlite` beside the study's file.
        existing: refuse an SQLite file that is not there yet, instead of making it.
        now: clock of the server.

    Raises:
        StoreError: it cannot be opened, or the study was changed after people had taken part.
    """
    database = Database(database_url(url or os.environ.get(VARIABLE), study.folder / FILE), existing=existing)
    try:
        return Store(study, database, now)
    except StoreError:
        database.close()
        raise


def has_store(study: Study) -> bool:
    """Say whether there can be answers: a database is named, or the study's own is there.

    Args:
        study: as read from its file.
    """
    return bool(os.environ.get(VARIABLE)) or (study.folder / FILE).exists()


class Store(Enrolment):
    """The people and answers of one study, and the rules of its sessions; for any number of threads and processes.

    Args:
        study: as read from its file.
        database: with the tables of this program.
        now: clock of the server.
    """

    def __init__(self, study: Study, database: Database, now: Clock = utc_now) -> None:
        super().__init__(study, database, now)
        self._pages: dict[tuple[int, int], tuple[Step, ...]] = {}

    def pages(self, participant: Participant) -> tuple[Step, ...]:
        """List the pages of somebody's session.

        Args:
            participant: whose.
        """
        return self._steps(participant.cell, participant.number)

    def position(self, participant: str) -> Step:
        """Return the first page that was not passed: where somebody goes on.

        Args:
            participant: their id.

        Raises:
            SessionError: there is no such participant.
        """
        with self.database.reading() as session:
            return self._position(session, queries.find_participant(session, self.study.name, participant))

    def open_step(self, participant: str, step: str) -> Visit:
        """Note that a page is opened; opening it again changes nothing.

        Args:
            participant: their id.
            step: key of the page: the one at the position, or an earlier one.

        Returns:
            What is stored of the page.

        Raises:
            SessionError: the page is none of the session, or its turn has not come.
        """
        with self.database.writing() as session:
            record, page = self._find(session, participant, step)
            record.seen_at = self.moment()
            visit = session.get(VisitRecord, (record.id, step))
            if visit is None:
                if page != self._position(session, record):
                    raise SessionError("The turn of this page has not come", where=step)
                visit = VisitRecord(participant=record.id, step=step, opened_at=record.seen_at)
                session.add(visit)
                session.flush()
            if page.kind == "trial" and record.state == "consented":
                record.state = "rating"
            return Visit.of(visit, queries.stored_values(session, record.id, step))

    def played(self, participant: str, step: str, stimuli: Sequence[Playing]) -> bool:
        """Note what was played on a page.

        Args:
            participant: their id.
            step: key of the page.
            stimuli: of the page, from left to right.

        Returns:
            Whether the ratings are open; once they are, they stay so.

        Raises:
            SessionError: the page is not open.
        """
        with self.database.writing() as session:
            record, page = self._find(session, participant, step)
            visit = queries.find_open_visit(session, record, step)
            self._note_playing(page, visit, stimuli)
            return visit.ratings_open

    def answer(
        self, participant: str, step: str, question: str, value: object, stimuli: Sequence[Playing] = ()
    ) -> Answer:
        """Store an answer; when this returns, it is on the disk.

        Args:
            participant: their id.
            step: key of the page.
            question: its id.
            value: as `session.check_value` takes it.
            stimuli: what was played, from left to right; none if `played` has noted it.

        Returns:
            What is stored. While the page is open another answer replaces the one before: a slider is moved again, a
            text grows. Once the page is left nothing changes, and whatever is sent returns what is there.

        Raises:
            SessionError: the page is not open, its stimuli were not played yet, or the value is no answer.
        """
        with self.database.writing() as session:
            record, page = self._find(session, participant, step)
            asked = page.question(question)
            there = session.get(AnswerRecord, (record.id, step, question))
            if there is not None and queries.was_left(session, record.id, step):
                return Answer.of(there, new=False)
            visit = queries.find_open_visit(session, record, step)
            self._note_playing(page, visit, stimuli)
            _require_ratings_open(page, visit)
            written = check_value(asked, value)
            if there is not None and there.value == written:
                return Answer.of(there, new=False)
            moment = self.moment()
            stored = session.merge(queries.new_answer(page, visit, question, written, moment))
            record.seen_at = moment
            return Answer.of(stored, new=True)

    def take_back(self, participant: str, step: str, question: str) -> None:
        """Remove an answer while its page is open: somebody has emptied a text or unticked the last option.

        Args:
            participant: their id.
            step: key of the page.
            question: its id.

        Raises:
            SessionError: the page is not open.
        """
        with self.database.writing() as session:
            record, page = self._find(session, participant, step)
            queries.find_open_visit(session, record, step)
            there = session.get(AnswerRecord, (record.id, step, page.question(question).id))
            if there is not None:
                session.delete(there)

    def pass_step(self, participant: str, step: str) -> Step:
        """Leave a page for the next one; leaving it again changes nothing.

        Args:
            participant: their id.
            step: key of the page.

        Returns:
            The page where the session goes on.

        Raises:
            SessionError: something on the page is still to be done.
        """
        with self.database.writing() as session:
            record, page = self._find(session, participant, step)
            visit = session.get(VisitRecord, (record.id, step))
            if visit is None or not visit.passed_at:
                visit = queries.find_open_visit(session, record, step)
                self._require_done(session, record, page, visit)
                visit.passed_at = record.seen_at = self.moment()
                session.flush()
            return self._position(session, record)

    def headphones(self, participant: str, right: int, attempt: int = 1) -> Participant:
        """Note a headphone check; the best attempt counts.

        Args:
            participant: their id.
            right: right answers, 0 to 6.
            attempt: from 1; noting an attempt again changes nothing.

        Returns:
            The participant; "screened" if the study requires headphones and the last attempt has failed.

        Raises:
            SessionError: the page is not open, or there are no more attempts.
        """
        with self.database.writing() as session:
            record, _ = self._find(session, participant, HEADPHONES)
            if attempt <= record.headphone_attempts:
                return Participant.of(record)
            queries.find_open_visit(session, record, HEADPHONES)
            if attempt != record.headphone_attempts + 1 or attempt > HEADPHONE_ATTEMPTS:
                raise SessionError(f"The headphone check can be made {HEADPHONE_ATTEMPTS} times")
            record.headphone_attempts = attempt
            record.headphones = max(record.headphones, right)
            required = self.study.session.headphones == "required"
            if required and attempt == HEADPHONE_ATTEMPTS and not headphones_passed(record.headphones):
                record.state = "screened"
            return Participant.of(record)

    def finish(self, participant: str) -> str:
        """End a session.

        Args:
            participant: their id.

        Returns:
            The completion code, the same whenever this is called.

        Raises:
            SessionError: a page is still open.
        """
        with self.database.writing() as session:
            record, _ = self._find(session, participant, DONE)
            if record.state != "finished":
                position = self._position(session, record)
                if position.key != DONE:
                    raise SessionError("The session is not finished", where=position.key)
                record.completion_code = self.study.session.completion_code or show_code(draw_code())
                record.finished_at = record.seen_at = self.moment()
                record.state = "finished"
            return record.completion_code

    def rows(self, mode: Mode | None = "live") -> list[Row]:
        """Return the answers, by order of arrival and then in the order in which they were given.

        Args:
            mode: of the sessions; None for all.
        """
        with self.database.reading() as session:
            return read_rows(session, self.study.name, mode)

    def progress(self, mode: Mode = "live") -> Progress:
        """Return how the study is going.

        Args:
            mode: of the sessions that are counted.
        """
        with self.database.reading() as session:
            return read_progress(session, self.study, mode, self.idle_since())

    def page_times(self) -> PageTimes | None:
        """Return how long pages took those who have finished, once there are enough of them."""
        with self.database.reading() as session:
            return read_page_times(session, self.study.name)

    def _steps(self, cell: int, number: int) -> tuple[Step, ...]:
        if (cell, number) not in self._pages:
            self._pages[cell, number] = steps(self.study, cell, number)
        return self._pages[cell, number]

    def _find(self, session: Session, participant: str, step: str) -> tuple[ParticipantRecord, Step]:
        record = queries.find_participant(session, self.study.name, participant, alone=True)
        return record, find_step(self._steps(record.cell, record.number), step)

    def _position(self, session: Session, record: ParticipantRecord) -> Step:
        return queries.find_position(session, record.id, self._steps(record.cell, record.number))

    def _note_playing(self, page: Step, visit: VisitRecord, stimuli: Sequence[Playing]) -> None:
        """Keep the most that was ever reported: a page that is opened again starts its own count."""
        if page.trial is None or len(stimuli) != len(page.trial.conditions):
            return
        elapsed_s = seconds_between(visit.opened_at, self.moment())
        visit.plays = max(visit.plays or 0, sum(max(0, one.plays) for one in stimuli))
        visit.played_share = max(visit.played_share or 0.0, min(one.share for one in stimuli))
        visit.duration_s = max(one.duration_s for one in stimuli)
        visit.ratings_open = visit.ratings_open or ratings_open(stimuli, elapsed_s)

    def _require_done(self, session: Session, record: ParticipantRecord, page: Step, visit: VisitRecord) -> None:
        given = queries.stored_values(session, record.id, page.key)
        missing = [question for question in page.required if question not in given]
        if missing:
            raise SessionError("Questions are still to be answered", where=", ".join(missing))
        _require_ratings_open(page, visit)
        if page.kind == "headphones":
            passed = headphones_passed(record.headphones)
            if record.headphones < 0 or (self.study.session.headphones == "required" and not passed):
                raise SessionError("The headphone check is still to be passed")
        if page.key == DONE:
            raise SessionError("This is the last page")


def _require_ratings_open(page: Step, visit: VisitRecord) -> None:
    if page.trial is not None and not visit.ratings_open:
        raise SessionError("The clip has to be played as a whole first", where=page.key)
