"""The database: tables that migrate, addresses that are refused, files that only the owner reads."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from video2music.errors import StoreError
from video2music.study.plan import Study
from video2music.study.store import VARIABLE, Store, open_store
from video2music.study.store.database import database_url
from video2music.study.store.tables import Table

MakeStore = Callable[..., Store]


def test_migrated_tables_are_those_of_the_program(store: Store) -> None:
    with store.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_a_database_of_a_newer_program_is_left_alone(sqlite_store: Store) -> None:
    with sqlite_store.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        open_store(sqlite_store.study)


def test_what_is_acknowledged_is_on_the_disk(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.database.engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]
    assert settings == ["wal", 2, 1, 1]
    assert stat.S_IMODE((tmp_path / "answers.sqlite").stat().st_mode) == 0o600


def test_what_fails_halfway_stores_nothing(store: Store) -> None:
    def fail() -> None:
        with store.database.writing() as session:
            session.execute(text("UPDATE tallies SET count = 99"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.enrol("en", "2").number == 1


def test_the_place_of_the_answers_is_chosen(
    make_study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study()
    open_store(study).close()
    assert (tmp_path / "answers.sqlite").exists()
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path}/other/named.sqlite")
    open_store(study).close()
    assert (tmp_path / "other" / "named.sqlite").exists()
    open_store(study, str(tmp_path / "50 % #1.sqlite")).close()
    assert (tmp_path / "50 % #1.sqlite").exists()


def test_reading_makes_no_empty_file(make_study: Callable[..., Study], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no answers yet"):
        open_store(make_study(), existing=True)
    assert not (tmp_path / "answers.sqlite").exists()


@pytest.mark.parametrize("address", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "://", "http://host"])
def test_addresses_that_hold_no_answers_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        database_url(address, tmp_path)


def test_a_server_that_cannot_be_reached_is_said_without_its_password(make_study: Callable[..., Study]) -> None:
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is an extra")
    with pytest.raises(StoreError, match="cannot be reached") as refused:
        open_store(make_study(), "postgresql://me:hunter2@127.0.0.1:1/name")
    assert "hunter2" not in str(refused.value)


def test_files_that_hold_no_answers_are_refused(make_study: Callable[..., Study], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("just some notes, much longer than a header" * 20, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be reached"):
        open_store(make_study(), str(tmp_path / "notes.txt"))
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8").startswith("just some notes")
    with pytest.raises(StoreError, match="cannot be stored"):
        open_store(make_study(), str(tmp_path / "notes.txt" / "answers.sqlite"))
