"""One database: its engine, its transactions, and its errors put into words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ftos_tui.stores.protocol import StoreDamaged, StoreError, StoreReadOnly, StoreUnreachable

WRITES: Final = "ftos_tui_writes"
"""The execution option that marks a connection whose transaction will write."""


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


class Database:
    """Gives transactions, for reading and for writing, to any number of threads.

    Args:
        engine: The engine, its events set up by the backend.
        backend: What is particular to the database system.
        read_only: Whether writing is refused.
    """

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
