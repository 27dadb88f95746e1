"""A small study, databases for its answers, a clock that is wound by hand, and somebody who takes part."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from video2music.study.plan import Study
from video2music.study.session import Playing
from video2music.study.store import Participant, Store, open_store

VARIABLE = "VIDEO2MUSIC_TEST_POSTGRES"
SECONDS = 10.0
WORDS = {"en": "words", "de": "Worte"}

FACTS: dict[str, Any] = {
    "title": WORDS,
    "languages": ["en", "de"],
    "consent": {"version": "2", "text": WORDS},
    "questions": [
        {"id": "overall", "text": WORDS},
        {"id": "remark", "kind": "text", "text": WORDS, "required": False},
    ],
    "conditions": [{"id": name, "source": "files"} for name in ("ours", "theirs")],
    "clips": [{"id": name, "file": f"{name}.mp4"} for name in ("sea", "city")],
    "attention": [{"id": "awake", "after": 1, "question": {"id": "asked", "text": WORDS}, "expect": 2}],
    "background": [{"id": "age", "kind": "slider", "text": WORDS}],
    "session": {"external_id": "PROLIFIC_PID"},
}


class Clock:
    """Stands still unless it is wound."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def wind(self, **amount: float) -> None:
        self.time += timedelta(**amount)


class Walker:
    """Takes part in a study, page by page."""

    def __init__(self, store: Store, clock: Clock, person: Participant | None = None, **enrolment: Any) -> None:  # noqa: ANN401
        self.store, self.clock = store, clock
        self.person = person or store.enrol("en", "2", **enrolment)

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def page(self) -> str:
        return self.store.position(self.id).key

    def play(self, ranges: Any = ((0, SECONDS),), after_s: float = SECONDS) -> bool:  # noqa: ANN401
        self.clock.wind(seconds=after_s)
        return self.store.played(self.id, self.page, [Playing(SECONDS, 1, ranges)])

    def do(self, **answers: object) -> str:
        """Do what the page asks for, and leave it."""
        step = self.store.position(self.id)
        self.store.open_step(self.id, step.key)
        if step.trial is not None:
            assert self.play()
        if step.kind == "headphones":
            self.store.headphones(self.id, 6)
        for name in step.required:
            self.store.answer(self.id, step.key, name, answers.get(name, 2))
        self.clock.wind(seconds=1)
        return self.store.pass_step(self.id, step.key).key

    def go_to(self, key: str) -> "Walker":
        """Go on until a page is open."""
        while self.page != key:
            self.do()
        self.store.open_step(self.id, key)
        return self

    def finish(self) -> str:
        self.go_to("done")
        return self.store.finish(self.id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of an empty schema, which is dropped afterwards."""
    if VARIABLE not in os.environ:
        pytest.skip(f"needs a PostgreSQL server: {VARIABLE}=postgresql://user@host/name")
    url = make_url(os.environ[VARIABLE]).set(drivername="postgresql+psycopg")
    schema = f"test_{secrets.token_hex(6)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database of each kind."""
    return str(tmp_path / "answers.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Study]:
    """Write a study down: `make_study(session={...})`; each has a name of its own, as databases hold several."""

    def make(**changes: Any) -> Study:  # noqa: ANN401
        return Study.model_validate(FACTS | {"name": f"s{secrets.token_hex(6)}", "folder": tmp_path} | changes)

    return make


@pytest.fixture
def make_store(address: str, make_study: Callable[..., Study], clock: Clock) -> Iterator[Callable[..., Store]]:
    """Open the store of a study, a new one or the given one again: `make_store(study=None, **changes)`."""
    stores: list[Store] = []

    def make(study: Study | None = None, **changes: Any) -> Store:  # noqa: ANN401
        stores.append(open_store(study or make_study(**changes), address, now=clock))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    return make_store()


@pytest.fixture
def walk(clock: Clock) -> Callable[..., Walker]:
    """Let somebody take part: `walk(store, external_id=None, mode="live")`."""
    return lambda store, **enrolment: Walker(store, clock, **enrolment)


@pytest.fixture
def sqlite_store(make_study: Callable[..., Study]) -> Iterator[Store]:
    with closing(open_store(make_study())) as store:
        yield store
