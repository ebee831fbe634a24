"""Transactions on PostgreSQL, in as few round trips as can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import Connection, Engine, func, literal, select
from sqlalchemy.exc import DBAPIError

from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.protocol import OutcomeUnknown
from ftos_tui.stores.sql.database import BESIDE_OTHERS, WRITES, Backend, Database
from ftos_tui.stores.sql.postgres_engine import begin_reading, begin_writing, stop
from ftos_tui.stores.sql.postgres_errors import in_words, is_broken, is_worth_another
from ftos_tui.stores.sql.postgres_pipeline import ChangeInPipelines, LookOnce
from ftos_tui.stores.sql.signals import ARRIVALS
from ftos_tui.stores.sql.statements import Query, Runs, Transaction

_FORMAT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
# As `time_to_text` writes it. The time of asking: a transaction may have waited for its lock since it began.
_CLOCK: Final = Query(select(func.to_char(func.timezone("UTC", func.clock_timestamp()), literal(_FORMAT)).label("at")))


class PostgresDatabase(Database):
    """Gives transactions on PostgreSQL.

    Args:
        engine: What `make_engine` made.
        backend: What is particular to PostgreSQL.
        target: Where the database is.
    """

    far = True

    def __init__(self, engine: Engine, backend: Backend, target: PostgresTarget) -> None:
        super().__init__(engine, backend, read_only=target.read_only)
        self._target = target
        self._reads = tuple(statement.encode() for statement in begin_reading(target))
        self._writes = tuple(statement.encode() for statement in begin_writing(target))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store; a connection found dead at its start is replaced."""
        with self._translated(writing=False), self._begun(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside; see `Database.writing`.

        Raises:
            OutcomeUnknown: The connection broke while the change was being committed.
        """
        self._refuse_read_only()
        with self._translated(writing=True), self._begun(writes=True) as connection:
            yield connection
            self._commit(connection)

    @contextmanager
    def looking(self) -> Iterator[Runs]:
        """Runs statements that only read, each call in one round trip; see `Database.looking`."""
        with self._translated(writing=False):
            yield LookOnce(self.engine, self._reads)

    @contextmanager
    def changing(self, operation_id: str = "") -> Iterator[Transaction]:
        """A transaction that begins and ends with the statements that run in it; see `Database.changing`."""
        self._refuse_read_only()
        unknown = self._unknown(operation_id)
        with (
            self._translated(writing=True),
            ChangeInPipelines(self.engine, WRITES, self._writes, unknown) as change,
        ):
            yield change

    def arrivals(self, mode: str) -> Signal | None:
        """Says when messages come; see `DispatchStore.arrivals`."""
        from ftos_tui.stores.sql.postgres_listen import open_signal

        return open_signal(self._target, mode, ARRIVALS)

    @property
    def clock(self) -> Query:
        """Asks for the server's time."""
        return _CLOCK

    @contextmanager
    def dispatching(self) -> Iterator[Connection]:
        """A transaction that writes beside others; see `Database.dispatching`."""
        self._refuse_read_only()
        with self._translated(writing=True), self._begun(writes=BESIDE_OTHERS) as connection:
            yield connection
            self._commit(connection)

    def stop(self, thread: int) -> None:
        """Asks the server to cancel what it is doing for a thread; see `Database.stop`."""
        stop(thread)

    @contextmanager
    def _translated(self, *, writing: bool) -> Iterator[None]:
        with super()._translated(writing=writing):
            try:
                yield
            except psycopg.Error as error:
                raise in_words(error, self.location, writing=writing) from error

    @contextmanager
    def _begun(self, *, writes: bool | str) -> Iterator[Connection]:
        try:
            connection = self._begin(writes)
        except (DBAPIError, psycopg.Error) as error:
            if not is_worth_another(driver_error(error)):
                raise
            # Nothing was asked of it yet. After a restart of the server all others in the pool are dead as well.
            self.engine.dispose()
            connection = self._begin(writes)
        with connection:
            yield connection

    def _begin(self, writes: bool | str) -> Connection:
        connection = self.engine.connect().execution_options(**{WRITES: writes})
        try:
            connection.begin()
        except BaseException as error:
            if not isinstance(error, psycopg.Error) or is_broken(error):
                connection.invalidate()
            connection.close()
            raise
        return connection

    def _commit(self, connection: Connection) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            if not is_broken(error.orig):
                raise
            raise self._unknown("") from error

    def _unknown(self, operation_id: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"The connection to the store {self.location} broke while the change was being committed: "
            "it may be made or not. Look before you make it again.",
            operation_id,
        )


def driver_error(error: DBAPIError | psycopg.Error) -> BaseException | None:
    """What psycopg raised, wrapped by SQLAlchemy or not."""
    return error.orig if isinstance(error, DBAPIError) else error
