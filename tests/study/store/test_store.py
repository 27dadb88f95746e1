"""A session in the store: what is stored, what never changes, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from video2music.errors import SessionError
from video2music.study.plan import Study
from video2music.study.records import Row
from video2music.study.session import Playing
from video2music.study.store import Store

Walk = Callable[..., Any]
MakeStore = Callable[..., Store]
KEYS = ["consent", "volume", "headphones", "trial-1", "attention-awake", "trial-2", "background", "done"]


def test_a_session_goes_through_its_pages_to_a_code(store: Store, walk: Walk) -> None:
    walker = walk(store, external_id="abc")
    assert [step.key for step in store.pages(walker.person)] == KEYS
    seen = [walker.page]
    while seen[-1] != "done":
        seen.append(walker.do())
    assert seen == KEYS[1:]
    with pytest.raises(SessionError, match="last page"):
        walker.go_to("done").do()
    code = store.finish(walker.id)
    assert store.finish(walker.id) == code
    person = store.participant(walker.id)
    assert (person.state, person.completion_code, person.headphones) == ("finished", code, 6)


def test_every_answer_is_a_row_with_all_that_was_shown(store: Store, walk: Walk) -> None:
    walker = walk(store, external_id="abc")
    walker.go_to("trial-1").do(overall=6)
    walker.finish()
    rows = store.rows()
    assert [row["question"] for row in rows] == ["overall", "awake", "overall", "age"]
    assert all(list(row) == list(Row.__annotations__) for row in rows)
    first, awake, _, age = rows
    trial = store.pages(walker.person)[3].trial
    expected = {
        "study": store.study.name,
        "participant": walker.id,
        "mode": "live",
        "number": 1,
        "language": "en",
        "cell": walker.person.cell,
        "external_id": "abc",
        "state": "finished",
        "consent_version": "2",
        "headphones": 6,
        "step": "trial-1",
        "kind": "trial",
        "position": 1,
        "block": 1,
        "clip": trial.clip,
        "condition": trial.conditions[0],
        "other_condition": "",
        "question": "overall",
        "value": "6",
        "question_kind": "likert",
        "expected": "",
        "seconds": 10.0,
        "plays": 1,
        "played_share": 1.0,
        "duration_s": 10.0,
        "started_at": "2026-11-20T12:00:00.000Z",
        "opened_at": "2026-11-20T12:00:02.000Z",
        "stored_at": "2026-11-20T12:00:12.000Z",
        "finished_at": "2026-11-20T12:00:26.000Z",
    }
    assert first == expected
    assert (awake["kind"], awake["value"], awake["expected"], awake["position"]) == ("attention", "2", "2", 0)
    assert (age["kind"], age["value"], age["duration_s"]) == ("background", "2.0", 0)


def test_a_pair_is_stored_from_left_to_right(make_store: MakeStore, walk: Walk) -> None:
    store = make_store(design={"show": "pair"}, questions=[{"id": "better", "kind": "preference", "text": {"en": "?"}}])
    walker = walk(store).go_to("trial-1")
    walker.clock.wind(seconds=30)
    assert not walker.play()
    half, whole = Playing(10, 2, [(0, 5)]), Playing(12, 1, [(0, 12)])
    assert not store.played(walker.id, "trial-1", [whole, half])
    assert store.played(walker.id, "trial-1", [Playing(10, 2, [(0, 9.9)]), whole])
    store.answer(walker.id, "trial-1", "better", "right")
    (row,) = store.rows()
    assert (row["condition"], row["other_condition"]) == store.pages(walker.person)[3].trial.conditions
    assert (row["plays"], row["played_share"], row["duration_s"]) == (3, pytest.approx(0.99), 12)


def test_a_session_goes_on_where_it_was_after_a_restart(make_store: MakeStore, walk: Walk) -> None:
    store = make_store()
    walker = walk(store).go_to("trial-1")
    walker.play()
    store.answer(walker.id, "trial-1", "overall", 3)
    again = make_store(store.study)
    code = walker.person.resume_code
    person = again.resume(f" {code.lower().replace('-', ' ')} ")
    assert person == again.participant(walker.id)
    assert again.position(person.id).key == "trial-1"
    visit = again.open_step(person.id, "trial-1")
    assert (visit.answers, visit.ratings_open) == ({"overall": "3"}, True)
    assert visit.opened_at == "2026-11-20T12:00:02.000Z"
    assert again.pass_step(person.id, "trial-1").key == "attention-awake"


def test_an_answer_that_is_sent_twice_is_stored_once(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    walker.play()
    sent = [store.answer(walker.id, "trial-1", "overall", 3) for _ in range(3)]
    assert [answer.new for answer in sent] == [True, False, False]
    assert {answer.stored_at for answer in sent} == {sent[0].stored_at}
    assert len(store.rows()) == 1


def test_while_a_page_is_open_the_last_answer_counts(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    walker.play()
    for value in (3, 4):
        assert store.answer(walker.id, "trial-1", "overall", value).new
    store.answer(walker.id, "trial-1", "remark", "loud")
    store.take_back(walker.id, "trial-1", "remark")
    store.take_back(walker.id, "trial-1", "remark")
    assert [(row["question"], row["value"]) for row in store.rows()] == [("overall", "4")]


def test_once_a_page_is_left_nothing_on_it_changes(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    walker.do(overall=5)
    before = store.rows()
    assert store.answer(walker.id, "trial-1", "overall", 1).value == "5"
    assert store.pass_step(walker.id, "trial-1").key == "attention-awake"
    assert store.open_step(walker.id, "trial-1").answers == {"overall": "5"}
    for late in (
        lambda: store.answer(walker.id, "trial-1", "remark", "late"),
        lambda: store.take_back(walker.id, "trial-1", "overall"),
        lambda: store.played(walker.id, "trial-1", [Playing(10, 9, [(0, 10)])]),
    ):
        with pytest.raises(SessionError, match="was left"):
            late()
    assert store.rows() == before


def test_ratings_wait_for_the_whole_clip_and_then_stay_open(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    refused: list[dict[str, Any]] = [
        {"ranges": [(0, 10)], "after_s": 2},
        {"ranges": [(0, 9.7)], "after_s": 60},
        {"ranges": [(0, 1), (9, 10)]},
    ]
    for report in refused:
        assert not walker.play(**report)
        with pytest.raises(SessionError, match="played as a whole"):
            store.answer(walker.id, "trial-1", "overall", 3)
    assert not store.played(walker.id, "trial-1", [])
    assert walker.play()
    assert walker.play(ranges=[])
    assert store.answer(walker.id, "trial-1", "overall", 3).new


def test_playing_may_be_reported_with_the_answer(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    walker.clock.wind(seconds=11)
    assert store.answer(walker.id, "trial-1", "overall", 3, [Playing(10, 1, [(0, 10)])]).new


def test_nobody_jumps_ahead(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("trial-1")
    for early, words in (
        (lambda: store.open_step(walker.id, "trial-2"), "turn"),
        (lambda: store.answer(walker.id, "trial-2", "overall", 3), "not opened"),
        (lambda: store.answer(walker.id, "trial-1", "age", 3), "not asked"),
        (lambda: store.pass_step(walker.id, "trial-1"), "to be answered: overall"),
        (lambda: store.pass_step(walker.id, "trial-2"), "not opened"),
        (lambda: store.open_step(walker.id, "trial-3"), "no such page"),
        (lambda: store.finish(walker.id), "not finished"),
    ):
        with pytest.raises(SessionError, match=words):
            early()
    assert store.rows() == []


def test_a_page_whose_answers_are_all_optional_is_watched_all_the_same(make_store: MakeStore, walk: Walk) -> None:
    optional = {"id": "overall", "text": {"en": "words"}, "required": False}
    walker = walk(make_store(questions=[optional])).go_to("trial-1")
    with pytest.raises(SessionError, match="played as a whole"):
        walker.store.pass_step(walker.id, "trial-1")
    assert walker.do() == "attention-awake"


def test_headphones_that_are_required_have_two_attempts(make_store: MakeStore, walk: Walk) -> None:
    store = make_store(session={"headphones": "required"})
    walker = walk(store).go_to("headphones")
    for _ in range(2):
        assert store.headphones(walker.id, 4, attempt=1).state == "consented"
    with pytest.raises(SessionError, match="to be passed"):
        store.pass_step(walker.id, "headphones")
    with pytest.raises(SessionError, match="2 times"):
        store.headphones(walker.id, 6, attempt=3)
    person = store.headphones(walker.id, 3, attempt=2)
    assert (person.state, person.headphones, person.headphone_attempts) == ("screened", 4, 2)
    with pytest.raises(SessionError, match="headphone check failed"):
        store.pass_step(walker.id, "headphones")
    other = walk(store).go_to("headphones")
    store.headphones(other.id, 1, attempt=1)
    store.headphones(other.id, 5, attempt=2)
    assert store.pass_step(other.id, "headphones").key == "trial-1"


def test_headphones_that_are_only_told_hold_nobody_up(store: Store, walk: Walk) -> None:
    walker = walk(store).go_to("headphones")
    with pytest.raises(SessionError, match="to be passed"):
        store.pass_step(walker.id, "headphones")
    store.headphones(walker.id, 0)
    assert store.pass_step(walker.id, "headphones").key == "trial-1"
    assert store.participant(walker.id).headphones == 0


def test_the_completion_code_of_the_study_is_given_to_all(make_store: MakeStore, walk: Walk) -> None:
    store = make_store(session={"completion_code": "C0FFEE"})
    assert [walk(store).finish() for _ in range(2)] == ["C0FFEE", "C0FFEE"]


def test_progress_counts_who_is_where_and_what_is_missing(store: Store, walk: Walk) -> None:
    store.refuse()
    walk(store).finish()
    idle = walk(store).go_to("trial-2")
    idle.clock.wind(hours=25)
    failed = walk(store).go_to("attention-awake")
    failed.do(awake=1)
    gone = walk(store)
    store.withdraw(gone.person.resume_code)
    walk(store, mode="test").finish()
    progress = store.progress()
    groups = ("enrolled", "finished", "active", "idle", "screened", "withdrawn")
    assert {group: progress.total(group) for group in groups} == dict(zip(groups, (3, 1, 1, 1, 0, 1), strict=True))
    assert progress.refused == 1
    assert [(row.question, row.expected, row.missing) for row in progress.missing] == [
        ("overall", 4, 1),
        ("remark", 4, 4),
    ]
    assert list(progress.median_seconds) == KEYS[1:-1]
    assert progress.median_seconds["trial-1"] == 11
    assert [(flag.participant, flag.rule) for flag in progress.flags] == [(failed.id, "attention")]
    assert progress.numbers[failed.id] == 3
    assert store.progress("test").total("finished") == 1


def test_studies_in_one_database_do_not_see_each_other(
    make_store: MakeStore, make_study: Callable[..., Study], walk: Walk
) -> None:
    first, second = make_store(), make_store(make_study())
    walker = walk(first, external_id="abc")
    walker.finish()
    assert second.rows() == []
    assert second.progress().total("enrolled") == 0
    with pytest.raises(SessionError):
        second.participant(walker.id)
    with pytest.raises(SessionError):
        second.resume(walker.person.resume_code)
    assert walk(second, external_id="abc").person.number == 1
