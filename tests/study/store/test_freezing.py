"""What people were asked stays as it is once somebody has taken part."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from video2music.errors import StoreError
from video2music.study.frozen import changed_parts, frozen_parts
from video2music.study.plan import Study
from video2music.study.store import Store
from video2music.study.store.page_times import FEWEST_SESSIONS

CHANGES: dict[str, dict[str, Any]] = {
    "questions (overall, remark)": {"questions": [{"id": "overall", "text": {"en": "other", "de": "Worte"}}]},
    "clips (city)": {"clips": [{"id": "sea", "file": "sea.mp4"}]},
    "conditions (third)": {"conditions": [{"id": n, "source": "files"} for n in ("ours", "theirs", "third")]},
    "conditions": {"conditions": [{"id": n, "source": "files"} for n in ("theirs", "ours")]},
    "design": {"design": {"seed": 2}},
    "attention (awake)": {"attention": []},
    "session": {"session": {"external_id": "PROLIFIC_PID", "headphones": "off"}},
    "consents (2)": {"consent": {"version": "2", "text": {"en": "other", "de": "Worte"}}},
}


@pytest.fixture
def open_it(make_store: Callable[..., Store]) -> Callable[..., Store]:
    """Open one and the same study, with changes: `open_it(design={"seed": 2})`."""
    name = f"s{secrets.token_hex(6)}"
    return lambda **changes: make_store(**{"name": name, **changes})


@pytest.mark.parametrize("named", CHANGES)
def test_a_changed_study_is_refused_and_named(
    named: str, open_it: Callable[..., Store], walk: Callable[..., Any]
) -> None:
    store = open_it()
    walk(store).go_to("trial-1")
    with pytest.raises(StoreError, match="changed after people had taken part") as refused:
        open_it(**CHANGES[named])
    assert named in str(refused.value)
    open_it().enrol("en", "2")  # undone, it goes on


def test_nothing_is_frozen_before_a_live_participant(open_it: Callable[..., Store], walk: Callable[..., Any]) -> None:
    walk(open_it(), mode="test").go_to("trial-1")
    changed = open_it(**CHANGES["design"])
    person = walk(changed).person
    with pytest.raises(StoreError):
        open_it()
    changed.withdraw(person.resume_code)
    open_it()


def test_what_does_not_touch_participants_may_change(open_it: Callable[..., Store], walk: Callable[..., Any]) -> None:
    walk(open_it()).go_to("trial-1")
    words = {"en": "words", "de": "Worte", "fr": "mots"}
    changed = open_it(
        title={"en": "Another title", "de": "Titel", "fr": "Titre"},
        languages=["en", "de", "fr"],
        questions=[
            {"id": "overall", "text": words},
            {"id": "remark", "kind": "text", "text": words, "required": False},
        ],
        conditions=[{"id": name, "source": "files", "label": name.upper()} for name in ("ours", "theirs")],
        design={"planned": 99},
        consent={"version": "3", "text": words},
    )
    assert changed.enrol("fr", "3").consent_version == "3"
    with pytest.raises(StoreError, match=r"consents \(3\)"):
        open_it(consent={"version": "3", "text": {"en": "other", "de": "andere"}})


def test_a_server_with_an_earlier_file_takes_nobody_in(open_it: Callable[..., Store], walk: Callable[..., Any]) -> None:
    earlier, later = open_it(), open_it(**CHANGES["design"])
    walk(later)
    with pytest.raises(StoreError, match="design"):
        earlier.enrol("en", "2")


def test_a_stimulus_that_was_replaced_is_named(make_study: Callable[..., Study]) -> None:
    parts = frozen_parts(make_study())
    kept = {**parts, "stimuli": {"sea with ours": "1", "city with ours": "2"}}
    assert changed_parts(kept, {**parts, "stimuli": {"sea with ours": "1", "city with ours": "3"}}) == [
        "stimuli (city with ours)"
    ]
    assert changed_parts(kept, parts) == []  # they are not here


def test_times_are_measured_once_enough_have_finished(open_it: Callable[..., Store], walk: Callable[..., Any]) -> None:
    store = open_it()
    for _ in range(FEWEST_SESSIONS - 1):
        walk(store).finish()
    walk(store, mode="test").finish()
    assert store.page_times() is None
    walk(store).finish()
    times = store.page_times()
    assert times is not None
    assert times.sessions == FEWEST_SESSIONS
    assert times.median_s["trial"] == 11  # ten for the clip, one for the rest
    assert times.median_s["background"] == 1
    assert "consent" not in times.median_s
