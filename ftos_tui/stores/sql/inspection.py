"""Looks at a store as it is, whatever its schema: nothing is made, upgraded or changed."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.protocol import StoreUnreachable
from ftos_tui.stores.sql.database import Database
from ftos_tui.stores.sql.schema import HEAD, REVISIONS

_COUNTED: Final = {
    "provider": "providers",
    "provider_version": "versions",
    "secret": "secrets",
    "communication_channel": "channels",
    "trial": "trials",
    "audit": "audit",
    "message": "messages",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see of a store.

    Attributes:
        location: Where it is.
        backend: Which database system.
        schema: The revision of its schema; None where there is no store yet.
        counts: How many rows there are of what the signed-in user may read.
        details: What the database system says beside that: version, TLS, size, and so on.
        members: Who has which role; None for a file, which knows none.
        copying: Whether a copy into it is not done yet.
        closing: SQL that keeps out who has no role; empty where every other user of the server is kept out already.
    """

    location: str
    backend: str
    schema: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Sequence[str]] | None = None
    copying: bool = False
    closing: str = ""

    @property
    def known(self) -> bool:
        """Whether this program knows the schema."""
        return self.schema is None or self.schema in REVISIONS

    @property
    def current(self) -> bool:
        """Whether the schema is the last one."""
        return self.schema == HEAD


def database_in(path: Path) -> Database:
    """A SQLite file, for looking only.

    Raises:
        StoreUnreachable: There is no such file.
    """
    from sqlalchemy import NullPool, create_engine

    from ftos_tui.stores.sql.sqlite import SqliteBackend

    if not path.is_file():
        raise StoreUnreachable(f"There is no store at {path} yet: run `ftos-tui store init`, or open it once.")
    place = f"{path.absolute().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(place, uri=True), poolclass=NullPool, hide_parameters=True
    )
    return Database(engine, SqliteBackend(path), read_only=True)


def database_at(target: PostgresTarget) -> Database:
    """A PostgreSQL database, whatever is in it."""
    from ftos_tui.stores.sql.postgres import PostgresBackend
    from ftos_tui.stores.sql.postgres_database import PostgresDatabase
    from ftos_tui.stores.sql.postgres_engine import make_engine

    return PostgresDatabase(make_engine(target), PostgresBackend(target), target)


def look(database: Database) -> Seen:
    """What there is to see of a store.

    Raises:
        StoreError: The database is not to be had.
    """
    with database.reading() as connection:
        shared = connection.dialect.name == "postgresql"
        readable = _readable(connection, shared=shared)
        there = [table for table in _COUNTED if table in readable]
        # The names are those of the table above.
        counts = {_COUNTED[t]: int(connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one()) for t in there}  # noqa: S608
        members: Mapping[str, Sequence[str]] | None = None
        closing = ""
        if shared:
            from ftos_tui.stores.sql import roles

            members = {str(role): users for role, users in roles.members(connection).items()}
            closing = roles.closing(connection)
        copying = "fact" in readable and bool(
            connection.execute(text("SELECT 1 FROM fact WHERE key = 'copy'")).scalar()
        )
        backend = database.backend
        return Seen(
            backend.location,
            backend.name,
            _schema(connection, readable, shared=shared),
            counts,
            backend.details(connection),
            members,
            copying,
            closing,
        )


def _schema(connection: Connection, readable: frozenset[str], *, shared: bool) -> str | None:
    """The revision; None where there is no store. One that may not be read is refused by the database."""
    made = "alembic_version" in readable
    if not made and shared:
        made = bool(connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar())
    if not made:
        return None
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _readable(connection: Connection, *, shared: bool) -> frozenset[str]:
    """The tables that there are and that may be read."""
    if not shared:
        return frozenset(inspect(connection).get_table_names())
    statement = text(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind IN ('r', 'p') AND has_any_column_privilege(oid, 'SELECT')"
    )
    return frozenset(str(row[0]) for row in connection.execute(statement))
