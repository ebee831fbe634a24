"""When a look at the store is worth it, for stores that tell nobody: by looking at little, often."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

from ftos_tui.stores.protocol import StoreError

T = TypeVar("T")

POLL_EVERY_S: Final = 0.8
"""Seconds between two looks: what others save shows within a second."""


ARRIVALS: Final = "ftos_tui_messages"
"""On which channel a database that can notifies that messages were queued, or wait again."""


class PollSignal:
    """Says again and again that a look may be worth it.

    Args:
        every_s: Seconds between two looks; None for `POLL_EVERY_S`.
    """

    def __init__(self, every_s: float | None = None) -> None:
        self._every_s = POLL_EVERY_S if every_s is None else every_s
        self._woken = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        """Waits for the next look, for `wake`, or for so long; see `Signal.wait`."""
        woken = self._woken.wait(min(timeout_s, self._every_s))
        self._woken.clear()
        return not woken

    def wake(self) -> None:
        """Ends a wait; from any thread."""
        self._woken.set()

    def close(self) -> None:
        """Gives back what it holds: nothing."""


class SqliteSignal(PollSignal):
    """Asks SQLite whether another connection committed since, which reads one page of the file at most.

    Args:
        connect: Opens a connection of its own: the number is told to each connection differently.
        translate: Puts the driver's error into words.
        every_s: As for `PollSignal`.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        translate: Callable[[DBAPIError], StoreError],
        every_s: float | None = None,
    ) -> None:
        super().__init__(every_s)
        self._translate = translate
        self._connection = self._translated(connect)
        try:
            self._seen = self._version()
        except BaseException:
            self.close()
            raise

    def wait(self, timeout_s: float) -> bool:
        """Waits until another connection committed, for `wake`, or for so long; see `Signal.wait`."""
        until = time.monotonic() + timeout_s
        while True:
            left = until - time.monotonic()
            looked = super().wait(max(0.0, left))
            version = self._version()
            if version != self._seen:
                self._seen = version
                return True
            if not looked or left <= self._every_s:
                return False

    def close(self) -> None:
        """Closes its connection."""
        self._connection.close()

    def _version(self) -> int:
        # sqlite.org/pragma.html#pragma_data_version
        return int(self._translated(lambda: self._connection.execute("PRAGMA data_version").fetchone()[0]))

    def _translated(self, operation: Callable[[], T]) -> T:
        try:
            return operation()
        except sqlite3.Error as error:
            raise self._translate(DBAPIError(None, None, error)) from error
