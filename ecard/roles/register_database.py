"""Reaching the register's database: SQLite by default, PostgreSQL by URL, and the schema by migrations."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ecard.errors import InvalidInputError, MissingDependencyError, RegisterStateError

if TYPE_CHECKING:
    # alembic is imported where it is used: it takes as long to import as everything else here together
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_SECONDS: Final = 60
_CACHE_KILOBYTES: Final = 64 * 1024  # order numbers are random: with less, a large register waits for its index
_WRITES: Final = "ecard_writes"
_LOCKED: Final = ("is locked by another program", "try again, or end what has held it for a minute")
_FULL: Final = ("has no more room on its disk", "make room, and give the order again")
_READ_ONLY: Final = ("can only be read", "let this user write to it")
_DAMAGED: Final = ("is damaged, or is none", "restore it from a copy that is whole")
_KNOWN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "SQLITE_BUSY": _LOCKED,
        "SQLITE_LOCKED": _LOCKED,
        "SQLITE_FULL": _FULL,
        "SQLITE_READONLY": _READ_ONLY,
        "SQLITE_CORRUPT": _DAMAGED,
        "SQLITE_NOTADB": _DAMAGED,
        "55P03": _LOCKED,
        "53100": _FULL,
        "25006": _READ_ONLY,
        "XX001": _DAMAGED,
        "XX002": _DAMAGED,
    }
)
"""The table: what is wrong and what to do, by the error's name in SQLite (without what is after it) or its SQLSTATE."""
_FAILED: Final = ("failed", "make sure that it is there, that it runs, and that its schema is up to date")


def url_of(place: str | Path) -> URL:
    """The URL of a register: a URL as it is, anything else as the directory or file of an SQLite database.

    A file is what ends in .db, .sqlite or .sqlite3, or is one already.
    """
    if isinstance(place, str) and "://" in place:
        return make_url(place.replace("postgresql://", "postgresql+psycopg://", 1))
    path = Path(place)
    # unlike those of Path, the functions of os.path raise nothing for a name that can be none
    if path.suffix not in {".db", ".sqlite", ".sqlite3"} and not os.path.isfile(path):
        path = path / "register.db"
    return URL.create("sqlite", database=str(path))


def connect(place: str | Path) -> Engine:
    """An engine for the database at ``place``.

    Raises InvalidInputError for a URL that is none or of another kind of database, MissingDependencyError where the
    driver for PostgreSQL is not installed.
    """
    try:
        url = url_of(place)
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise InvalidInputError("a register is kept in SQLite or in PostgreSQL")
        if url.get_backend_name() == "sqlite":
            if url.database in {None, "", ":memory:"}:
                raise InvalidInputError("a register in memory is gone when the program ends", remedy="name a file")
            if "\0" in (url.database or ""):
                raise InvalidInputError("the register's place has a zero byte")
            return _sqlite(url)
        return _postgresql(url)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise InvalidInputError("the register's place is neither a directory nor a database's URL") from None
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"the package {error.name} is not installed", remedy='pip install "ecard[postgresql]"'
        ) from None


def lasting(place: str) -> str:
    """``place`` as it can be written down: a file of SQLite by its whole path, a server's database by its URL.

    Raises what ``connect`` raises.
    """
    url = connect(place).url
    return str(Path(url.database or "").absolute()) if url.get_backend_name() == "sqlite" else place


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
        connection.text_factory = _text
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KILOBYTES}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer takes the lock at once: one that read first could not get it any more
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # the server's own limit is none: who waits for a lock that nobody gives back would wait for ever
        connection.execute(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
        connection.commit()

    return engine


def _text(data: bytes) -> str | bytes:
    """A text of SQLite; one that is damaged stays bytes, so that it is told of like any other value of a wrong type."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def forget_deleted(engine: Engine) -> None:
    """Empty the log of changes that SQLite keeps beside its file, where what was deleted may stand still.

    As long as another program is reading it waits, up to a minute. Where it cannot be done, later changes overwrite it.
    """
    if engine.url.get_backend_name() == "sqlite":
        with suppress(RegisterStateError), database_errors(), closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions write."""
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def database_errors() -> Iterator[None]:
    """RegisterStateError in place of whatever the database raises; never a statement's values in it.

    InvalidInputError where it was asked for a text that no database can hold.
    """
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
        what, remedy = _KNOWN.get("_".join(name.split("_")[:2]), _FAILED)
        words = type(cause or error).__name__
        raise RegisterStateError(f"the register's database {what} ({words})", remedy=remedy) from None
    except UnicodeEncodeError:
        raise InvalidInputError("the register was asked for a text with half of a character pair") from None


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; on an empty database, make it.

    Raises RegisterStateError, also where it is of a version that this program does not know.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database_errors(), for_writing(engine).begin() as connection:
        if not _versions(connection) <= known:
            raise RegisterStateError(
                "the register's schema is of a version that this program does not know",
                remedy="use the version that made it",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool | None:
    """Whether the schema is the one that this version of the program works with; None where there is no register.

    Raises RegisterStateError where the database cannot be asked.
    """
    from alembic.script import ScriptDirectory

    if engine.url.get_backend_name() == "sqlite" and not os.path.exists(engine.url.database or ""):
        return None  # SQLite would make a file, and leave it behind
    with database_errors(), engine.connect() as connection:
        found = _versions(connection)
    return found == {ScriptDirectory.from_config(_config()).get_current_head()} if found else None


def require_current(engine: Engine) -> None:
    """Raise RegisterStateError unless the schema is the one that this version of the program works with."""
    current = is_current(engine)
    if current is None:
        raise RegisterStateError("there is no register here", remedy="found one first")
    if not current:
        raise RegisterStateError(
            "the register's schema is of another version", remedy="migrate it, or use the version that made it"
        )


def _versions(connection: Connection) -> set[str]:
    """The versions that the database says it has: one, or none where it is empty; others where somebody changed it."""
    from alembic.runtime.migration import MigrationContext
    from alembic.util import CommandError

    try:
        return set(MigrationContext.configure(connection).get_current_heads())
    except CommandError:  # what stands there is no text
        return {""}


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
