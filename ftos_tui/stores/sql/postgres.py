"""The store in a PostgreSQL database: opening it, and making or upgrading its schema. The driver is imported here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.protocol import StoreDamaged, StoreError, StoreNewer
from ftos_tui.stores.sql.migrate import run_migrations
from ftos_tui.stores.sql.postgres_database import PostgresDatabase
from ftos_tui.stores.sql.postgres_engine import make_engine
from ftos_tui.stores.sql.postgres_errors import in_words
from ftos_tui.stores.sql.rights import protected
from ftos_tui.stores.sql.schema import HEAD, REVISIONS
from ftos_tui.stores.sql.statements import InTurn, Query, Runs
from ftos_tui.stores.sql.store import SqlStore

# Making indexes in a large store takes a while; whoever makes the schema at the same time waits for it.
_SCHEMA_TIMEOUT_S: Final = 3600.0

_NUMBER: Final = Query(text("SELECT version_num FROM alembic_version"))


def open_postgres(target: PostgresTarget, *, read_only: bool = False) -> SqlStore:
    """Opens the store in a database whose schema is the last one; never makes or changes the schema.

    Args:
        target: Where it is.
        read_only: Whether every change is refused, as with `target.read_only`.

    Raises:
        StoreError: There is no store yet, or an older one: the sentence names the command.
        StoreNewer: A newer ftos-tui made it.
        SignInRefused: The server does not let this user in.
        StoreForbidden: The role may not read the store.
        StoreUnreachable: No server answers, or not safely.
        StoreDamaged: There are tables, but not ours.
    """
    database = _database(replace(target, read_only=target.read_only or read_only))
    try:
        found = schema_revision(database)
        if found is None:
            raise StoreError(f"There is no store in {database.location} yet: run `ftos-tui store init`.")
        if found != HEAD:
            raise StoreError(
                f"The store {database.location} is older than this ftos-tui (schema {found}, not {HEAD}): "
                "run `ftos-tui store upgrade`."
            )
    except BaseException:
        database.engine.dispose()
        raise
    return SqlStore(database)


def make_schema(target: PostgresTarget) -> bool:
    """Makes the schema in a database that has none; of several at once one does.

    Args:
        target: Where; the role needs the right to create tables.

    Returns:
        Whether it was made; False where it was there already.

    Raises:
        StoreError: An older store is there: the sentence names the command. Otherwise as `open_postgres`.
    """
    return _migrate(target, from_nothing=True)


def upgrade_schema(target: PostgresTarget) -> bool:
    """Brings an older store to the last schema; of several at once one does.

    Args:
        target: Where; the role needs to own the tables.

    Returns:
        Whether something was changed; False where the schema was the last one already.

    Raises:
        StoreError: There is no store yet: the sentence names the command. Otherwise as `open_postgres`.
    """
    return _migrate(target, from_nothing=False)


def schema_of(target: PostgresTarget) -> str | None:
    """The schema of a store, None where there is none yet; `HEAD` of `schema` is the last one.

    Raises:
        StoreError: As `open_postgres`.
    """
    database = _database(target)
    try:
        return schema_revision(database)
    finally:
        database.engine.dispose()


def schema_revision(database: PostgresDatabase) -> str | None:
    """The revision the schema is at; None where there is no store yet."""
    try:
        with database.looking() as look:
            return _revision(look, database.location)
    except StoreDamaged as error:
        if not isinstance(error.__cause__, psycopg.ProgrammingError):
            raise
    _refuse_unnumbered(database)
    return None


class PostgresBackend:
    """PostgreSQL's part of a `Database`.

    Args:
        location: Where the database is, as sentences name it.
    """

    name = "PostgreSQL"

    def __init__(self, target: PostgresTarget) -> None:
        self.location = target.location
        self._target = target

    def translate(self, error: DBAPIError, *, writing: bool) -> StoreError:
        """Puts a driver's error into one sentence."""
        return in_words(error.orig, self.location, writing=writing)

    def signal(self, mode: str) -> Signal:
        """Listens, or polls where that does not work."""
        from ftos_tui.stores.sql.postgres_listen import open_signal

        return open_signal(self._target, mode)

    def details(self, connection: Connection) -> Mapping[str, str]:
        """The server's version, who signed in, whether it is a standby, and whether the line is encrypted."""
        row = connection.execute(
            text(
                "SELECT current_setting('server_version') AS version, current_user AS role, "
                "pg_is_in_recovery() AS standby, "
                "pg_database_size(current_database()) AS bytes"
            )
        ).one()
        return {
            "server": row.version,
            "role": row.role,
            "standby": "yes" if row.standby else "no",
            "tls": "yes" if protected(connection) else "no",
            "bytes": str(row.bytes),
        }


def _database(target: PostgresTarget) -> PostgresDatabase:
    return PostgresDatabase(make_engine(target), PostgresBackend(target), target)


def _migrate(target: PostgresTarget, *, from_nothing: bool) -> bool:
    patient = replace(target, statement_timeout_s=_SCHEMA_TIMEOUT_S, lock_timeout_s=_SCHEMA_TIMEOUT_S, read_only=False)
    database = _database(patient)
    try:
        if schema_revision(database) == HEAD:
            return False
        with database.writing() as connection:
            # Under the writers' lock: whoever had it before may have done it.
            exists = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar()
            found = _revision(InTurn(connection), database.location) if exists else None
            if found == HEAD:
                return False
            if found is None and not from_nothing:
                raise StoreError(f"There is no store in {database.location} yet: run `ftos-tui store init`.")
            if found is not None and from_nothing:
                raise StoreError(f"There is an older store in {database.location}: run `ftos-tui store upgrade`.")
            run_migrations(connection)
    finally:
        database.engine.dispose()
    return True


def _revision(look: Runs, location: str) -> str:
    [rows] = look.run(_NUMBER)
    found = [str(row[0]) for row in rows]
    if len(found) != 1 or not (found[0] in REVISIONS or found[0].isdecimal()):
        raise StoreDamaged(f"{location} is a database, but no ftos-tui store: name another one. Nothing was changed.")
    if found[0] not in REVISIONS:
        raise StoreNewer(
            f"The store {location} was made by a newer ftos-tui (schema {found[0]}, this one knows {HEAD}): "
            "install the newer one. Nothing was changed."
        )
    return found[0]


def _refuse_unnumbered(database: PostgresDatabase) -> None:
    """There is no revision: all is well where our tables are not there either."""
    ours = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'provider_version'"
    with database.reading() as connection:
        if connection.execute(text(ours)).scalar():
            raise StoreDamaged(
                f"The store {database.location} is damaged (it lacks its schema's number): restore it from a backup."
            )
