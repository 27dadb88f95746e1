"""The rules of a session: pages, answers, and when ratings open."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video2music.errors import SessionError
from video2music.study.plan import Question, Study
from video2music.study.session import (
    LONGEST_TEXT,
    Playing,
    check_value,
    find_step,
    headphones_passed,
    played_share,
    ratings_open,
    steps,
)


def a_study(**changes: Any) -> Study:  # noqa: ANN401
    words = {"en": "words"}
    facts: dict[str, Any] = {
        "name": "pilot",
        "title": words,
        "consent": {"version": "1", "text": words},
        "questions": [{"id": "overall", "text": words}],
        "conditions": [{"id": name, "source": "files"} for name in ("ours", "theirs")],
        "clips": [{"id": name, "file": f"{name}.mp4"} for name in ("sea", "city", "wood")],
    }
    return Study.model_validate(facts | changes)


def a_question(kind: str, **changes: Any) -> Question:  # noqa: ANN401
    return Question.model_validate({"id": "it", "kind": kind, "text": {"en": "words"}} | changes)


OPTIONS = [{"id": name, "text": {"en": name}} for name in ("never", "often", "daily")]


def test_a_session_has_only_the_pages_that_the_study_asks_for() -> None:
    plain = a_study(session={"volume": False, "headphones": "off"})
    assert [step.key for step in steps(plain, 0, 1)] == ["consent", "trial-1", "trial-2", "trial-3", "done"]
    check = {"id": "awake", "after": 2, "question": {"id": "asked", "text": {"en": "Choose 2"}}, "expect": 2}
    late = {**check, "id": "late", "after": 99}
    full = a_study(
        training_clips=[{"id": "lake", "file": "lake.mp4"}],
        training=[{"clip": "lake", "conditions": ["ours"]}],
        attention=[check, late],
        background=[{"id": "age", "kind": "text", "text": {"en": "Age?"}}],
    )
    pages = steps(full, 0, 1)
    assert [step.key for step in pages] == [
        *("consent", "volume", "headphones", "training-1", "trial-1", "trial-2", "attention-awake", "trial-3"),
        *("attention-late", "background", "done"),
    ]
    attention = find_step(pages, "attention-awake")
    assert attention.required == ("awake",)
    assert attention.expected == "2"
    assert find_step(pages, "trial-2").required == ("overall",)


def test_pages_depend_on_cell_and_number_only() -> None:
    study = a_study()
    assert steps(study, 1, 7) == steps(study, 1, 7)
    shown = {tuple(step.trial for step in steps(study, cell, 7)) for cell in range(4)}
    assert len(shown) == 4


def test_a_page_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SessionError, match="trial-4"):
        find_step(steps(a_study(), 0, 1), "trial-4")


@pytest.mark.parametrize(
    ("question", "value", "stored"),
    [
        (a_question("likert"), 5, "5"),
        (a_question("likert"), "7", "7"),
        (a_question("slider"), 73, "73.0"),
        (a_question("slider"), "0.04", "0.0"),
        (a_question("slider"), -0.0, "0.0"),
        (a_question("preference"), "left", "left"),
        (a_question("preference", ties=True), "tie", "tie"),
        (a_question("text"), "  schön\r\nund laut\x00 ", "schön\nund laut"),
        (a_question("choice", options=OPTIONS), "often", "often"),
        (a_question("choice", options=OPTIONS, several=True), ["daily", "never", "daily"], "never daily"),
        (a_question("choice", options=OPTIONS, several=True), "daily often", "often daily"),
    ],
)
def test_an_answer_is_written_in_one_way(question: Question, value: object, stored: str) -> None:
    assert check_value(question, value) == stored
    assert check_value(question, stored) == stored


@pytest.mark.parametrize(
    ("question", "value"),
    [
        *((a_question("likert"), value) for value in (0, 8, 2.5, "5;", "", None, True, math.nan, math.inf, [5])),
        *((a_question("slider"), value) for value in (-0.1, 100.1, "nan", "loud", None, False, 10**400)),
        *((a_question("preference"), value) for value in ("tie", "LEFT", "", None, 1)),
        *((a_question("text"), value) for value in ("", " \n", "\x00", "x" * (LONGEST_TEXT + 1), 5, None)),
        *(
            (a_question("choice", options=OPTIONS), value)
            for value in ("", "hourly", [], ["never", "often"], None, [1])
        ),
    ],
)
def test_what_is_no_answer_is_refused(question: Question, value: object) -> None:
    with pytest.raises(SessionError, match="no answer to the question: it"):
        check_value(question, value)


anything = st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none(), st.booleans())


@given(st.one_of(anything, st.lists(anything, max_size=3)), st.sampled_from(["likert", "slider", "text", "choice"]))
def test_whatever_is_sent_is_an_answer_or_refused(value: object, kind: str) -> None:
    question = a_question(kind, options=OPTIONS)
    try:
        stored = check_value(question, value)
    except SessionError:
        return
    assert stored
    assert check_value(question, stored) == stored


@pytest.mark.parametrize(
    ("ranges", "share"),
    [
        ([], 0),
        ([(0, 10)], 1),
        ([(0, 4), (6, 10)], 0.8),
        ([(6, 10), (0, 7)], 1),
        ([(2, 3), (2, 3), (2, 3)], 0.1),
        ([(-5, 5)], 0.5),
        ([(5, 50)], 0.5),
        ([(20, 30)], 0),
        ([(8, 2)], 0),
        ([(0, math.nan), (math.nan, 10), (0, math.inf), (-math.inf, 10)], 0),
        ([("0", "10")], 1),
        ([("a", "b"), None, (1,), (0, 1, 2), "01", 5, (None, 10), (True, 10)], 0),
    ],
)
def test_only_sound_ranges_count_and_overlaps_once(ranges: Any, share: float) -> None:  # noqa: ANN401
    assert played_share(ranges, 10) == pytest.approx(share)


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=8), st.floats(0.1, 1000))
def test_a_share_is_a_share_and_more_playing_never_lessens_it(
    ranges: list[tuple[float, float]], duration_s: float
) -> None:
    shares = [played_share(ranges[:count], duration_s) for count in range(len(ranges) + 1)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert played_share(ranges[::-1], duration_s) == pytest.approx(shares[-1])


def test_ratings_open_once_everything_was_played_and_there_was_time_for_it() -> None:
    whole, most, half = ([(0, 30)], [(0, 29.4)], [(0, 15)])
    assert ratings_open([Playing(30, 1, whole)], 30)
    assert ratings_open([Playing(30, 1, most)], 30)
    assert not ratings_open([Playing(30, 1, [(0, 29.3)])], 30)
    assert not ratings_open([Playing(30, 1, whole)], 5)
    assert not ratings_open([Playing(30, 1, whole), Playing(30, 1, half)], 60)
    assert not ratings_open([Playing(30, 1, whole), Playing(30, 1, whole)], 40)
    assert ratings_open([Playing(30, 1, whole), Playing(30, 1, whole)], 60)
    assert ratings_open([], 0)


def test_five_of_six_pass_the_headphone_check() -> None:
    assert [right for right in range(7) if headphones_passed(right)] == [5, 6]
