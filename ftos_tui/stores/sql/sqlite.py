"""What is particular to SQLite: opening the file, pragmas, transactions, and the words for its errors."""

import errno
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.private import make_private_file, make_private_folder
from ftos_tui.stores.protocol import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnreachable,
)
from ftos_tui.stores.sql.database import WRITES, Backend, Database
from ftos_tui.stores.sql.migrate import bring_to_head
from ftos_tui.stores.sql.signals import SqliteSignal
from ftos_tui.stores.sql.store import SqlStore

# Earlier versions can corrupt a store when two connections checkpoint its write-ahead log at once
# (sqlite.org/wal.html, "the WAL-reset bug").
_SAFE_WAL: Final = (3, 51, 3)

_FULL_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def open_sqlite(path: Path, *, read_only: bool = False, busy_timeout_s: float = 5.0) -> SqlStore:
    """Opens the store in a file; makes folder, file and schema when they are missing.

    Args:
        path: The database file. A missing folder is made 0700, a missing file 0600; journals take the file's mode.
        read_only: Whether every change is refused; nothing is then made or upgraded.
        busy_timeout_s: How long to wait for another process' transaction, in seconds.

    Raises:
        StoreUnreachable: It cannot be opened, or another process holds it too long.
        StoreDamaged: It is no database, or not ours.
        StoreNewer: A newer ftos-tui made it.
        StoreReadOnly: It would have to be made or upgraded, and may not be.
        StoreFull: There is no room to make it.
    """
    _prepare_file(path, read_only=read_only)
    engine = _engine(path, read_only, busy_timeout_s)
    database = SqliteDatabase(engine, SqliteBackend(path), read_only=read_only, turn_s=busy_timeout_s)
    try:
        if not read_only:
            _choose_journal(path)
        bring_to_head(database, may_change=not read_only)
    except BaseException:
        database.engine.dispose()
        raise
    return SqlStore(database)


class SqliteDatabase(Database):
    """A database in a file. Threads that write follow each other at once; SQLite's own waiting is to look now and then.

    Args:
        engine: The engine.
        backend: What is particular to SQLite.
        read_only: Whether writing is refused.
        turn_s: How long a thread waits for the others of this process before it asks the file itself, in seconds.
    """

    def __init__(self, engine: Engine, backend: Backend, *, read_only: bool, turn_s: float) -> None:
        super().__init__(engine, backend, read_only=read_only)
        self._turn_s = turn_s
        self._turn = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside; see `Database.writing`."""
        mine = self._turn.acquire(timeout=self._turn_s)
        try:
            with super().writing() as connection:
                yield connection
        finally:
            if mine:
                self._turn.release()


class SqliteBackend:
    """SQLite's part of a `Database`.

    Args:
        path: The database file.
    """

    name = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, path: Path) -> None:
        self.location = str(path)
        self._path = path

    def translate(self, error: DBAPIError, *, writing: bool) -> StoreError:
        """Puts a driver's error into one sentence, by SQLite's result code (sqlite.org/rescode.html)."""
        code = getattr(error.orig, "sqlite_errorcode", None)
        name = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            return StoreFull(
                f"The disk or the quota under {self.location} is full: make room and try again. Nothing was changed."
            )
        primary = code & 0xFF if code is not None else None
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreUnreachable(f"The store {self.location} is in use by another program for too long: try again.")
        if writing and primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
            return StoreReadOnly(
                f"The store {self.location} may not be written: check the permissions of the file and its folder. "
                "Nothing was changed."
            )
        if code is None and "decode" in str(error.orig):
            primary = sqlite3.SQLITE_CORRUPT  # the driver found a stored text that is not UTF-8
        # SQLITE_ERROR: a table or column is missing.
        if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            return StoreDamaged(
                f"The store {self.location} is damaged ({name}): restore it from a backup. Nothing was overwritten."
            )
        return StoreUnreachable(
            f"The store {self.location} cannot be used ({name}): check the file, its permissions and its disk."
        )

    def details(self, connection: Connection) -> Mapping[str, str]:
        """Journal mode, file mode and size."""
        status = self._path.stat()
        return {
            "journal": str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()),
            "mode": f"{stat.S_IMODE(status.st_mode):04o}",
            "bytes": str(status.st_size),
        }

    def signal(self, mode: str) -> Signal:
        """Looks whether another connection committed; SQLite tells nobody by itself, whatever the mode."""
        del mode
        connect = partial(_connect, self._path, read_only=True, busy_timeout_s=1.0)
        return SqliteSignal(connect, partial(self.translate, writing=False))


def _prepare_file(path: Path, *, read_only: bool) -> None:
    try:
        if not read_only:
            make_private_folder(path.parent)
            make_private_file(path)
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise StoreUnreachable(
            f"There is no store at {path}: open it once without read_only, or name another file as store."
        ) from error
    except OSError as error:
        if error.errno in _FULL_ERRNOS:
            raise StoreFull(f"There is no room for the store {path}: make room and try again.") from error
        raise StoreUnreachable(
            f"The store {path} cannot be opened ({error.strerror}): correct that or name another file as store."
        ) from error


def _connect(path: Path, read_only: bool, busy_timeout_s: float) -> sqlite3.Connection:
    # Without an isolation level the driver starts no transactions of its own.
    connection = sqlite3.connect(
        os.fsencode(path), timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _engine(path: Path, read_only: bool, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, read_only, busy_timeout_s),
        poolclass=QueuePool,
        hide_parameters=True,
        max_overflow=20,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write takes its lock first: a transaction that read before it would be refused the lock later.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _choose_journal(path: Path) -> None:
    """Write-ahead log where this SQLite is safe with it, else the rollback journal; kept as it is when in use."""
    wanted = "wal" if sqlite3.sqlite_version_info >= _SAFE_WAL else "delete"
    # What is wrong with the file is said by the first transaction, in its words.
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(os.fsencode(path), timeout=0)) as connection:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
            connection.execute(f"PRAGMA journal_mode = {wanted}")
