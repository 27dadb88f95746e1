"""How a study is going: what the researcher's page shows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from video2music.study.designs import cell_count
from video2music.study.flags import Flag, find_flags
from video2music.study.plan import Study
from video2music.study.records import Mode, Row
from video2music.study.session import CONSENT
from video2music.study.store.moments import seconds_between
from video2music.study.store.queries import NO_CELL
from video2music.study.store.rows import read_rows
from video2music.study.store.tables import ParticipantRecord, TallyRecord, VisitRecord


@dataclass(frozen=True)
class CellProgress:
    """The people in one cell of the design.

    Attributes:
        cell: its number.
        enrolled: all who have agreed and not withdrawn; the four groups below together.
        finished: to the end.
        active: on the way.
        idle: on the way, but not seen for longer than the study allows; their place is given to others.
        screened: failed a headphone check that the study requires.
        withdrawn: deleted everything of theirs.
    """

    cell: int
    enrolled: int
    finished: int
    active: int
    idle: int
    screened: int
    withdrawn: int


@dataclass(frozen=True)
class Missing:
    """How complete the answers to one question of the trials are, among those who have finished or are idle.

    Attributes:
        question: its id.
        expected: answers, had everybody answered everything.
        missing: answers that are not there.
    """

    question: str
    expected: int
    missing: int


@dataclass(frozen=True)
class Progress:
    """How a study is going.

    Attributes:
        mode: of the sessions that are counted.
        refused: people who did not agree to take part.
        cells: of the design, in their order.
        missing: for each question of the trials.
        median_seconds: key of a page to the median time from opening it to leaving it; in the order of a session.
        flags: doubts about participants, each with its reason.
        numbers: id of each participant to the order of arrival.
    """

    mode: Mode
    refused: int
    cells: tuple[CellProgress, ...]
    missing: tuple[Missing, ...]
    median_seconds: Mapping[str, float]
    flags: tuple[Flag, ...]
    numbers: Mapping[str, int]

    def total(self, group: str) -> int:
        """Return how many people are in one group over all cells.

        Args:
            group: such as "finished"; a field of `CellProgress`.
        """
        return sum(getattr(cell, group) for cell in self.cells)


def read_progress(session: Session, study: Study, mode: Mode, idle_since: str) -> Progress:
    """Return how a study is going.

    Args:
        session: a transaction.
        study: as read from its file.
        mode: of the sessions.
        idle_since: whoever was seen last before this moment is idle.
    """
    own = (ParticipantRecord.study == study.name, ParticipantRecord.mode == mode)
    people = session.scalars(select(ParticipantRecord).where(*own).order_by(ParticipantRecord.number)).all()
    groups = {person.id: _group(person, idle_since) for person in people}
    rows = read_rows(session, study.name, mode)
    tallies = _tallies(session, study.name, mode)
    return Progress(
        mode=mode,
        refused=tallies["refused", NO_CELL],
        cells=tuple(_cells(study, Counter((person.cell, groups[person.id]) for person in people), tallies)),
        missing=tuple(_missing(study, groups, rows)),
        median_seconds=_median_seconds(session, study.name, mode),
        flags=tuple(find_flags(rows)),
        numbers={person.id: person.number for person in people},
    )


def _group(person: ParticipantRecord, idle_since: str) -> str:
    if person.state in {"finished", "screened"}:
        return person.state
    return "active" if person.seen_at >= idle_since else "idle"


def _tallies(session: Session, study: str, mode: Mode) -> Counter[tuple[str, int]]:
    query = select(TallyRecord).where(TallyRecord.study == study, TallyRecord.mode == mode)
    return Counter({(row.event, row.cell): row.count for row in session.scalars(query)})


def _cells(study: Study, people: Counter[tuple[int, str]], tallies: Counter[tuple[str, int]]) -> Iterator[CellProgress]:
    for cell in range(cell_count(study)):
        sizes = {group: people[cell, group] for group in ("finished", "active", "idle", "screened")}
        withdrawn = tallies["withdrawn", cell]
        yield CellProgress(cell=cell, enrolled=sum(sizes.values()), withdrawn=withdrawn, **sizes)


def _missing(study: Study, groups: Mapping[str, str], rows: Iterable[Row]) -> Iterator[Missing]:
    done = {participant for participant, group in groups.items() if group in {"finished", "idle"}}
    expected = len(done) * (study.design.clips_each or len(study.clips))
    given = Counter(row["question"] for row in rows if row["kind"] == "trial" and row["participant"] in done)
    for question in study.questions:
        yield Missing(question.id, expected, expected - given[question.id])


def _median_seconds(session: Session, study: str, mode: Mode) -> dict[str, float]:
    query = (
        select(VisitRecord.step, VisitRecord.opened_at, VisitRecord.passed_at)
        .join(ParticipantRecord, ParticipantRecord.id == VisitRecord.participant)
        .where(ParticipantRecord.study == study, ParticipantRecord.mode == mode)
        .where(VisitRecord.passed_at != "", VisitRecord.step != CONSENT)
        .order_by(VisitRecord.opened_at)
    )
    seconds: dict[str, list[float]] = defaultdict(list)
    for step, opened_at, passed_at in session.execute(query):
        seconds[step].append(seconds_between(opened_at, passed_at))
    return {step: median(found) for step, found in seconds.items()}
