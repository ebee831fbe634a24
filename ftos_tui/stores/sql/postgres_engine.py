"""Connections to PostgreSQL: how they are made, and how a transaction on one begins."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import ConnectionPoolEntry

from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.sql.database import BESIDE_OTHERS, WRITES
from ftos_tui.stores.sql.postgres_errors import NoAnswer
from ftos_tui.stores.sql.postgres_pipeline import BEGUN_BY_US

WRITERS_LOCK: Final = 0x66746F732D747569
"""The advisory lock that each writing transaction takes first: nobody else writes beside it ("ftos-tui")."""

# A client that vanishes between two statements of a change must not hold the writers' lock for long.
_IDLE_IN_CHANGE_S: Final = 10.0

# A server that is alive ends a statement itself in time; this is for one that is frozen, or out of reach.
_BEYOND_STATEMENT_S: Final = 10.0

_CANCEL_S: Final = 5.0
_POOL_SIZE: Final = 5
_BEYOND_POOL: Final = 5
_POOL_WAIT_S: Final = 10.0
_RECYCLE_S: Final = 600


class QuietDialect(PGDialect_psycopg):
    """SQLAlchemy's dialect, which asks a new server nothing: what it wants to know came with the connection."""

    supports_statement_cache = True

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        number: int = _driver(connection).info.server_version
        return divmod(number, 10_000)

    def _get_default_schema_name(self, connection: Connection) -> str:
        return "public"

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        """What transactions are that say nothing else; all of ours say."""
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Connection) -> None:
        self._backslash_escapes = _driver(connection).info.parameter_status("standard_conforming_strings") == "off"


registry.register("postgresql.quiet", __name__, "QuietDialect")


class TimedConnection(psycopg.Connection[Any]):
    """A connection that waits for no answer longer than `answer_s` seconds, even when the server is frozen."""

    answer_s: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Waits for the end of an operation; psycopg calls it for each."""
        if timeout is not None:  # psycopg itself waits for notifications, and takes their lack for no error
            return super().wait(gen, interval, timeout)
        _working[threading.get_ident()] = self
        try:
            return super().wait(gen, interval, self.answer_s)
        except psycopg.OperationalError as error:
            if "wait timeout" not in str(error):
                raise
            self.close()  # in the middle of an answer, of no use to anybody
            raise NoAnswer("timeout expired") from error
        finally:
            _working.pop(threading.get_ident(), None)


_working: Final[dict[int, TimedConnection]] = {}
"""The connection on which each thread waits for an answer."""


def stop(thread: int) -> None:
    """Asks the server to cancel the statement that a thread waits for; nothing where it waits for none.

    Args:
        thread: The thread, by its `get_ident`.
    """
    connection = _working.get(thread)
    if connection is not None:
        with suppress(psycopg.Error):  # it cannot be asked either
            connection.cancel_safe(timeout=_CANCEL_S)


def connect(target: PostgresTarget) -> "psycopg.Connection[tuple[Any, ...]]":
    """A new connection. It begins no transaction by itself.

    Args:
        target: Where to.

    Raises:
        psycopg.Error: It cannot be made.
    """
    connection = TimedConnection.connect(autocommit=True, **conninfo(target))
    connection.answer_s = target.statement_timeout_s + _BEYOND_STATEMENT_S
    if target.pooler:
        connection.prepare_threshold = None
    return connection


def conninfo(target: PostgresTarget) -> dict[str, Any]:
    """What libpq is given; whatever is left out it finds in its own places."""
    statement_ms = round(target.statement_timeout_s * 1000)
    given: dict[str, Any] = {
        "host": ",".join(target.hosts),
        "port": ",".join(map(str, target.ports)),
        "dbname": target.database,
        "user": target.user,
        "password": target.password.reveal() if target.password else "",
        "service": target.service,
        "passfile": target.passfile,
        "sslmode": target.sslmode,
        "sslrootcert": _authorities(target),
        "sslcert": target.sslcert,
        "sslkey": target.sslkey,
        "target_session_attrs": "any" if target.read_only else target.target_session_attrs,
        "connect_timeout": max(2, target.connect_timeout_s),
        "application_name": "ftos-tui",
        "client_encoding": "UTF8",
        "gssencmode": "disable",
        # A peer that is gone without a word: idle connections find out in a minute, statements when they have waited
        # a little longer than the server itself would let them.
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": statement_ms + 5000,
    }
    return {name: str(value) for name, value in given.items() if value not in ("", None)}


def _authorities(target: PostgresTarget) -> Path | str | None:
    """Whose certificates are trusted: those named, those of libpq's own file, or else the system's."""
    if target.sslrootcert is not None or target.sslmode != "verify-full" or target.local:
        return target.sslrootcert
    own = Path("~/.postgresql/root.crt").expanduser()
    return None if own.exists() or target.service else "system"


def begin_reading(target: PostgresTarget) -> tuple[str, ...]:
    """The statements that begin a transaction which sees one state and changes none."""
    return ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", _limits(target))


def begin_writing(target: PostgresTarget) -> tuple[str, ...]:
    """The statements that begin a transaction beside which nobody else writes.

    It must see what was committed before it got the lock, so each of its statements looks anew (READ COMMITTED).
    """
    return (*begin_dispatching(target), f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")


def begin_dispatching(target: PostgresTarget) -> tuple[str, ...]:
    """The statements that begin a transaction which writes beside others, and holds what it changes by row."""
    limits = _limits(target, idle_in_transaction_session_timeout=_IDLE_IN_CHANGE_S)
    return ("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", limits)


def _limits(target: PostgresTarget, **more_s: float) -> str:
    # As SET LOCAL would, all in one statement. Within the transaction: a pooler hands the session to somebody else
    # afterwards.
    limits_s = {"statement_timeout": target.statement_timeout_s, "lock_timeout": target.lock_timeout_s, **more_s}
    each = (f"set_config('{name}', '{round(seconds * 1000)}', true)" for name, seconds in limits_s.items())
    return f"SELECT {', '.join(each)}"


class ClosingPool(QueuePool):
    """A pool that closes what comes back after it was disposed of, as from a read that nobody waited for any more.

    SQLAlchemy's own keeps it, for nobody, until it is collected while it is still open.
    """

    _over = False

    def dispose(self) -> None:
        """Closes the connections that are not in use, and from now on each that comes back."""
        self._over = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        if self._over:
            super().dispose()


def make_engine(target: PostgresTarget) -> Engine:
    """An engine with a small pool; connections are made when they are needed.

    Args:
        target: Where to.
    """
    engine = create_engine(
        "postgresql+quiet://",
        creator=lambda: connect(target),
        poolclass=ClosingPool,
        pool_size=_POOL_SIZE,
        max_overflow=_BEYOND_POOL,
        pool_timeout=_POOL_WAIT_S,
        pool_recycle=_RECYCLE_S,
        use_native_hstore=False,
        hide_parameters=True,
    )
    # Without parameters all of it goes in one message.
    beginnings = {
        False: ";".join(begin_reading(target)).encode(),
        True: ";".join(begin_writing(target)).encode(),
        BESIDE_OTHERS: ";".join(begin_dispatching(target)).encode(),
    }

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(WRITES, False)
        if kind != BEGUN_BY_US:
            _driver(connection).execute(beginnings[kind])

    return engine


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
