"""The connection to the database: what makes a stored answer survive a crash, and who may write when."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from video2music.errors import StoreError

PRAGMAS = (
    "PRAGMA busy_timeout = 15000",  # another process may be storing; milliseconds
    "PRAGMA journal_mode = WAL",  # reading and storing do not wait for each other
    "PRAGMA synchronous = FULL",  # an answer is on the disk before it is acknowledged, and survives a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what a participant withdraws is overwritten, not only unlinked
)

MIGRATION_LOCK = 7_305_201
"""Any number that no other program uses on the same PostgreSQL server: whoever holds it migrates alone."""


class Database:
    """A database whose tables are those of this program.

    Args:
        url: of SQLite or PostgreSQL.
        existing: refuse an SQLite file that is not there yet, instead of making it.

    Raises:
        StoreError: it cannot be reached, or a newer program has stored in it.
    """

    def __init__(self, url: URL, *, existing: bool = False) -> None:
        self.url = url
        self._alone: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
        if url.get_backend_name() == "sqlite":
            self._alone = threading.Lock()  # waiting here is shorter and fairer than SQLite's polling
            _make_private(Path(str(url.database)), existing=existing)
        try:
            self.engine = _engine(url)
            self._writer = self.engine.execution_options(writes=True)
            self._migrate()
        except CommandError as error:
            raise StoreError(
                "A newer version of this program has stored here", where=_shown(url), remedy="Update the program"
            ) from error
        except ImportError as error:
            raise StoreError(
                "The driver for this database is missing", where=error.name, remedy="Install psycopg[binary]"
            ) from error
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise StoreError(
                f"The answers cannot be reached ({reason})",
                where=_shown(url),
                remedy="Check the address of the database",
            ) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a transaction that stores everything or nothing; when it has ended, everything is on the disk."""
        with self._alone, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a transaction that sees one moment of the database and stores nothing."""
        with Session(self.engine) as session:
            yield session

    def forget_deleted(self) -> None:
        """Remove deleted answers also from SQLite's journal, where they would stay until it is written over."""
        if self.url.get_backend_name() == "sqlite":
            with self._alone, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self._alone, self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Configure alembic with the migrations in this package.

    Args:
        connection: on which they run, in its transaction.
    """
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def database_url(address: str | None, default: Path) -> URL:
    """Read the address of a database.

    Args:
        address: a URL such as postgresql://user@host/name, or the path of an SQLite file; None for the default.
        default: path of an SQLite file.

    Raises:
        StoreError: it is the address of neither.
    """
    if not address or "://" not in address:
        return URL.create("sqlite", database=str(Path(address).expanduser() if address else default))
    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "This is no address of a database", remedy="Write it as postgresql://user@host/name"
        ) from error
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or url.database in {None, "", ":memory:"}:
        raise StoreError("Answers are stored in SQLite files or PostgreSQL", where=_shown(url))
    return url


def _engine(url: URL) -> Engine:
    """Connect; parameters, which are answers, never appear in messages."""
    engine = create_engine(url, hide_parameters=True, pool_size=20, max_overflow=30, pool_pre_ping=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin below, not where Python guesses
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make_private(path: Path, *, existing: bool) -> None:
    """Make the file so that only this account can read it; the journals inherit that."""
    if existing and not path.exists():
        raise StoreError("There are no answers yet", where=path, remedy="Name the database with --database")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"The answers cannot be stored ({error.strerror})", where=path, remedy="Choose another place"
        ) from error


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
