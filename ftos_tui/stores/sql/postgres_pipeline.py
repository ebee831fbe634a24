"""Statements sent to PostgreSQL together: one round trip, however many they are.

They are compiled once by SQLAlchemy and run by psycopg in its pipeline mode.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler

from ftos_tui.stores.protocol import OutcomeUnknown
from ftos_tui.stores.sql.postgres_errors import is_broken, is_worth_another
from ftos_tui.stores.sql.statements import Query, Rows

Driver = psycopg.Connection[Any]

BEGUN_BY_US: Final = "by us"
"""The value of the execution option `WRITES` for a connection whose transaction is begun in a pipeline."""

_DIALECT: Final = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]


class LookOnce:
    """Runs statements that only read, each call in a transaction and a round trip of its own.

    Args:
        engine: Whose connections are used. One that is found dead is replaced, once.
        beginning: The statements that begin a transaction.
    """

    def __init__(self, engine: Engine, beginning: Sequence[bytes]) -> None:
        self._engine = engine
        self._beginning = beginning

    def run(self, *queries: Query) -> list[Rows]:
        """The rows of each statement."""
        try:
            return self._once(queries)
        except psycopg.Error as error:
            if not is_worth_another(error):
                raise
        # After a restart of the server all others in the pool are dead as well.
        self._engine.dispose()
        return self._once(queries)

    def each(self, *queries: Query) -> Iterator[Rows]:
        """The rows of each statement."""
        return iter(self.run(*queries))

    def _once(self, queries: Sequence[Query]) -> list[Rows]:
        connection = self._engine.raw_connection()
        try:
            return _sent(_driver(connection), self._beginning, queries, commit=True)
        except BaseException as error:
            if not isinstance(error, psycopg.Error) or is_broken(error):
                connection.invalidate()
            raise
        finally:
            connection.close()


class ChangeInPipelines:
    """A transaction that begins with its first statements and is committed with its last ones; a context manager.

    Args:
        engine: Whose connection is used. One that is found dead by the first statements is replaced, once: until they
            are answered nothing is written.
        option: The execution option that keeps SQLAlchemy from beginning a transaction.
        beginning: The statements that begin it.
        unknown: What to raise where the commit was sent and not answered.
    """

    def __init__(self, engine: Engine, option: str, beginning: Sequence[bytes], unknown: OutcomeUnknown) -> None:
        self._engine = engine
        self._option = option
        self._beginning = beginning
        self._unknown = unknown
        self._connection: Connection | None = None
        self._finished = False

    def __enter__(self) -> "ChangeInPipelines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._connection is not None:
                self.finish()
        except BaseException as failed:
            error = failed
            raise
        finally:
            self._give_back(error)

    @property
    def connection(self) -> Connection:
        """The connection, its transaction begun."""
        if self._connection is None:
            self.run()
        if self._connection is None:
            raise RuntimeError("the transaction is over")
        return self._connection

    def run(self, *queries: Query) -> list[Rows]:
        """The rows of each statement."""
        if self._connection is not None:
            return _sent(_driver(self._connection), (), queries)
        try:
            return self._first(queries)
        except psycopg.Error as error:
            if not is_worth_another(error):
                raise
            self._give_back(error)
        self._engine.dispose()
        return self._first(queries)

    def each(self, *queries: Query) -> Iterator[Rows]:
        """The rows of each statement."""
        return iter(self.run(*queries))

    def finish(self, *queries: Query) -> None:
        """Runs the last statements and commits.

        Raises:
            OutcomeUnknown: The connection broke after the commit was sent.
        """
        if self._finished:
            return
        driver = _driver(self.connection)
        watch = _Watch()
        try:
            _sent(driver, (), queries, commit=True, watch=watch)
        except psycopg.Error as error:
            if watch.commit_sent and is_broken(error):
                raise self._unknown from error
            raise
        self._finished = True

    def _first(self, queries: Sequence[Query]) -> list[Rows]:
        self._connection = self._engine.connect().execution_options(**{self._option: BEGUN_BY_US})
        return _sent(_driver(self._connection), self._beginning, queries)

    def _give_back(self, error: BaseException | None) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # A change that was left half way in any other manner than by an answer of the server is not worth keeping.
        if isinstance(error, OutcomeUnknown) or (isinstance(error, psycopg.Error) and is_broken(error)):
            connection.invalidate()
        connection.close()


class _Watch:
    """Tells how far sending came."""

    commit_sent = False


def _sent(
    driver: Driver,
    beginning: Sequence[bytes],
    queries: Sequence[Query],
    *,
    commit: bool = False,
    watch: _Watch | None = None,
) -> list[Rows]:
    """Sends statements in one go and gives back their rows."""
    cursors = []
    with driver.pipeline():
        for statement in beginning:
            driver.cursor().execute(statement)
        for query in queries:
            text, fixed = _compiled(query.statement)
            cursor = driver.cursor(row_factory=namedtuple_row)
            cursors.append(cursor.execute(text, {**fixed, **query.values}))
        if commit:
            if watch is not None:
                watch.commit_sent = True
            driver.cursor().execute(b"COMMIT")
    return [_rows(cursor) for cursor in cursors]


def _rows(cursor: psycopg.Cursor[Any]) -> Rows:
    # Not `description`, which describes every column anew.
    return cursor.fetchall() if cursor.pgresult is not None and cursor.pgresult.nfields else ()


@lru_cache(512)
def _compiled(statement: Executable) -> tuple[bytes, dict[str, Any]]:
    """A statement's text, and the parameters whose values are part of it."""
    compiled: SQLCompiler = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]  # every clause has it
    fixed = {name: bound.effective_value for bound, name in compiled.bind_names.items() if not bound.required}
    return str(compiled).encode(), fixed


def _driver(connection: Any) -> Driver:
    """Psycopg's own connection under one of SQLAlchemy's, or of its pool."""
    held: Any = connection.connection if isinstance(connection, Connection) else connection
    driver: Driver = held.driver_connection
    return driver
