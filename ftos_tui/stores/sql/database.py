"""One database: its engine, its transactions, and its errors put into words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, null, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.protocol import StoreDamaged, StoreError, StoreReadOnly, StoreUnreachable
from ftos_tui.stores.sql.statements import InTurn, Query, Runs, Transaction

_NO_CLOCK: Final = Query(select(null()))

WRITES: Final = "ftos_tui_writes"
"""The execution option that marks a connection whose transaction will write; its value says beside whom."""

BESIDE_OTHERS: Final = "beside others"
"""The value of `WRITES` for a transaction that does not wait for those who save providers."""


class DoesNotLoad(Exception):
    """A stored row is not what a save wrote; its text says which. Becomes StoreDamaged, with the location."""


class Backend(Protocol):
    """What differs from one database system to the other."""

    name: str
    location: str

    def translate(self, error: DBAPIError, *, writing: bool) -> StoreError:
        """The driver's error as one sentence that says what to do."""
        ...

    def details(self, connection: Connection) -> Mapping[str, str]:
        """What `doctor` says beside the counts."""
        ...

    def signal(self, mode: str) -> Signal:
        """Says when a look at the store is worth it; see `LiveStore.signal`."""
        ...


class Database:
    """Gives transactions, for reading and for writing, to any number of threads.

    Args:
        engine: The engine, its events set up by the backend.
        backend: What is particular to the database system.
        read_only: Whether writing is refused.
    """

    far: bool = False
    """Whether each question to it is a round trip on a line, so that few of them count more than a short lock."""

    def __init__(self, engine: Engine, backend: Backend, *, read_only: bool = False) -> None:
        self.engine = engine
        self.backend = backend
        self._read_only = read_only

    @property
    def location(self) -> str:
        """Where the database is, as sentences name it."""
        return self.backend.location

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store.

        Raises:
            StoreError: What the database said, in words.
        """
        with self._translated(writing=False), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside; committed at its end, rolled back on any exception.

        Raises:
            StoreReadOnly: The store takes no changes.
            StoreError: What the database said, in words; nothing was written.
        """
        self._refuse_read_only()
        with (
            self._translated(writing=True),
            self.engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def dispatching(self) -> Iterator[Connection]:
        """A transaction that writes beside others where the database can: it holds what it changes by row.

        For the message queue, which must not wait for those who save providers; nothing in it is audited.

        Raises:
            StoreReadOnly: The store takes no changes.
            StoreError: What the database said, in words; nothing was written.
        """
        with self.writing() as connection:  # SQLite has one writer at a time
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Runs]:
        """Runs statements that only read. Each call sees one state of the store, though two calls may see two.

        Raises:
            StoreError: What the database said, in words.
        """
        with self.reading() as connection:
            yield InTurn(connection)

    @contextmanager
    def changing(self, operation_id: str = "") -> Iterator[Transaction]:
        """A transaction as `writing` gives, for statements that run together.

        Args:
            operation_id: Of the save that is made; empty for none.

        Raises:
            StoreReadOnly: The store takes no changes.
            OutcomeUnknown: The connection broke while the change was being committed.
            StoreError: What the database said, in words; nothing was written.
        """
        del operation_id  # what is committed in this process is known
        with self.writing() as connection:
            yield InTurn(connection)

    def arrivals(self, mode: str) -> Signal | None:
        """Says when messages come; None where the database tells nobody. See `DispatchStore.arrivals`."""
        del mode
        return None

    @property
    def clock(self) -> Query:
        """Asks for the store's own time as `time_to_text` gives it; NULL where the time of whoever changes counts."""
        return _NO_CLOCK

    def stop(self, thread: int) -> None:
        """Has the database stop what it is doing for a thread; a file is read too soon for that.

        Args:
            thread: The thread, by its `get_ident`.
        """

    def _refuse_read_only(self) -> None:
        if self._read_only:
            raise StoreReadOnly(f"The store {self.location} is opened read-only: nothing was changed.")

    @contextmanager
    def _translated(self, *, writing: bool) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self.backend.translate(error, writing=writing) from error
        except PoolTimeout as error:
            raise StoreUnreachable(f"The store {self.location} is too busy: try again.") from error
        except DoesNotLoad as error:
            raise StoreDamaged(
                f"The store {self.location} is damaged ({error}): restore it from a backup. Nothing was overwritten."
            ) from error
