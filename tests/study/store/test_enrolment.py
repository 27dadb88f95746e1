"""Who comes to a study, and goes again without a trace."""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from video2music.errors import SessionError
from video2music.study.session import Playing
from video2music.study.store import Store
from video2music.study.store.codes import SIGNS

Walk = Callable[..., Any]
MakeStore = Callable[..., Store]
CELLS = 4


def cells(store: Store, count: int, **enrolment: Any) -> Counter[int]:  # noqa: ANN401
    return Counter(store.enrol("en", "2", **enrolment).cell for _ in range(count))


def test_cells_fill_evenly_and_numbers_count_up(store: Store) -> None:
    people = [store.enrol("de", "2") for _ in range(2 * CELLS)]
    assert Counter(person.cell for person in people) == dict.fromkeys(range(CELLS), 2)
    assert [person.number for person in people] == list(range(1, 2 * CELLS + 1))
    assert len({person.id for person in people}) == len({person.resume_code for person in people}) == len(people)


def test_whoever_leaves_makes_room(store: Store, walk: Walk) -> None:
    finished, idle, gone, screened = (walk(store) for _ in range(CELLS))
    finished.finish()
    walk(store, mode="test")
    store.withdraw(gone.person.resume_code)
    idle.clock.wind(hours=25)
    store.resume(screened.person.resume_code)
    assert {cell for cell, _ in cells(store, 2).items()} == {idle.person.cell, gone.person.cell}


def test_whoever_is_screened_makes_room(make_store: MakeStore, walk: Walk) -> None:
    store = make_store(session={"headphones": "required"})
    first, *_ = [walk(store) for _ in range(CELLS)]
    first.go_to("headphones")
    for attempt in (1, 2):
        store.headphones(first.id, 0, attempt)
    assert store.enrol("en", "2").cell == first.person.cell


def test_thirty_people_at_once_get_balanced_cells(store: Store) -> None:
    with ThreadPoolExecutor(30) as crowd:
        people = list(crowd.map(lambda _: store.enrol("en", "2"), range(30)))
    assert sorted(person.number for person in people) == list(range(1, 31))
    assert sorted(Counter(person.cell for person in people).values()) == [7, 7, 8, 8]


def test_one_external_id_at_once_is_one_person(store: Store) -> None:
    with ThreadPoolExecutor(8) as crowd:
        people = list(crowd.map(lambda _: store.enrol("en", "2", "abc"), range(8)))
    assert len({person.id for person in people}) == 1
    assert store.enrol("en", "2").number == 2


def test_thirty_people_who_answer_at_once_lose_nothing_and_double_nothing(make_store: MakeStore, walk: Walk) -> None:
    store = make_store(session={"volume": False, "headphones": "off"})
    walkers = [walk(store).go_to("trial-1") for _ in range(30)]
    walkers[0].clock.wind(hours=1)

    def answer(walker: Any) -> None:  # noqa: ANN401
        store.played(walker.id, "trial-1", [Playing(10, 1, [(0, 10)])])
        for _, (question, value) in itertools.product(range(2), (("overall", 3), ("remark", walker.id))):
            store.answer(walker.id, "trial-1", question, value)

    with ThreadPoolExecutor(30) as crowd:
        list(crowd.map(answer, walkers * 2))
    rows = store.rows()
    assert len(rows) == 60
    assert {(row["participant"], row["value"]) for row in rows} == {
        (walker.id, value) for walker in walkers for value in ("3", walker.id)
    }


def test_one_external_id_goes_on_with_its_session(store: Store, walk: Walk) -> None:
    walker = walk(store, external_id=" abc ").go_to("trial-1")
    again = store.enrol("de", "2", "abc")
    assert (again.id, again.language, again.external_id) == (walker.id, "en", "abc")
    assert store.enrol("en", "2", "abd").id != walker.id
    assert store.enrol("en", "2", "abc", "test").number == 1


def test_an_external_id_is_kept_only_if_the_study_asks(make_store: MakeStore) -> None:
    store = make_store(session={})
    first, second = (store.enrol("en", "2", "abc") for _ in range(2))
    assert first.external_id == ""
    assert first.id != second.id


@pytest.mark.parametrize("hostile", ["x" * 201, "a\x00b", "a\nb", "a\x1b[31m"])
def test_ids_that_no_platform_gives_are_refused(store: Store, hostile: str) -> None:
    with pytest.raises(SessionError, match="recruiting platform"):
        store.enrol("en", "2", hostile)


def test_language_and_consent_are_those_of_the_study(store: Store) -> None:
    with pytest.raises(SessionError, match="language: fr"):
        store.enrol("fr", "2")
    with pytest.raises(SessionError, match="consent has changed"):
        store.enrol("en", "1")
    assert store.progress().total("enrolled") == 0


def test_codes_can_be_typed_and_wrong_ones_find_nobody(store: Store) -> None:
    code = store.enrol("en", "2").resume_code
    assert len(code) == 9
    assert set(code) <= set(SIGNS) | {"-"}
    for wrong in ("", "AAAA-AAAA", code[:-1], code + "A", "%", "\x00", "ä" * 99):
        with pytest.raises(SessionError, match="No session"):
            store.resume(wrong)
        with pytest.raises(SessionError, match="No session"):
            store.withdraw(wrong)
    with pytest.raises(SessionError):
        store.participant("nobody")


def test_refusing_leaves_a_count_and_nothing_else(store: Store) -> None:
    store.refuse()
    store.refuse("test")
    store.refuse()
    assert (store.progress().refused, store.progress("test").refused) == (2, 1)
    assert store.progress().total("enrolled") == 0


def test_withdrawing_takes_answers_and_identity_away(store: Store, walk: Walk) -> None:
    walker, other = walk(store, external_id="abc"), walk(store)
    for one in (walker, other):
        one.finish()
    store.withdraw(walker.person.resume_code)
    assert {row["participant"] for row in store.rows()} == {other.id}
    with pytest.raises(SessionError, match="withdrawn"):
        store.answer(walker.id, "trial-1", "overall", 3)
    with pytest.raises(SessionError):
        store.withdraw(walker.person.resume_code)
    assert store.progress().total("withdrawn") == 1
    assert store.enrol("en", "2", "abc").id != walker.id


def test_what_was_withdrawn_is_nowhere_in_the_files(sqlite_store: Store, tmp_path: Path) -> None:
    person = sqlite_store.enrol("en", "2", "secret-person")
    with sqlite3.connect(tmp_path / "answers.sqlite") as connection:
        connection.execute(
            "INSERT INTO visits VALUES (?, 'trial-1', '', '', 0, 0, 0, 0)",
            (person.id,),
        )
    connection.close()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("answers.sqlite*"))
    assert b"secret-person" in held
    assert person.id.encode() in held
    sqlite_store.withdraw(person.resume_code)
    held = b"".join(path.read_bytes() for path in tmp_path.glob("answers.sqlite*"))
    assert b"secret-person" not in held
    assert person.id.encode() not in held
