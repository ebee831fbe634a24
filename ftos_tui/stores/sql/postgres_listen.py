"""When a look at a PostgreSQL store is worth it: the server says so (LISTEN), or we look again and again.

What a notification says is not used: it only wakes. A pooler in transaction mode takes LISTEN and delivers nothing, so
what comes of it is tried out first.
"""

import contextlib
import os
import select
import threading
import time
import uuid
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.sql.postgres_engine import connect
from ftos_tui.stores.sql.postgres_errors import in_words
from ftos_tui.stores.sql.signals import PollSignal

if TYPE_CHECKING:
    from typing import Any

CHANNEL: Final = "ftos_tui"
"""What triggers of the store notify."""

HEARD_WITHIN_S: Final = 2.0
"""Seconds in which a notification of our own has to arrive for LISTEN to be relied on."""


def open_signal(target: PostgresTarget, mode: str, channel: str = CHANNEL) -> Signal:
    """Listens where that works, and polls where a pooler or a standby stands in the way.

    Args:
        target: Where the store is.
        mode: `auto` tries LISTEN out, `listen` takes it for granted, `poll` does without.
        channel: What is listened to.

    Raises:
        StoreError: The store is away.
    """
    if mode == "poll" or (target.pooler and mode != "listen"):
        return PollSignal()
    try:
        listener = PostgresSignal(target, channel)
        try:
            if mode == "listen" or listener.hears():
                return listener
        except BaseException:
            listener.close()
            raise
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.ObjectNotInPrerequisiteState):
        return PollSignal()  # a standby server, or a pooler that knows no LISTEN
    except psycopg.Error as error:
        raise in_words(error, target.location, writing=False) from error
    listener.close()
    return PollSignal()


class PostgresSignal:
    """Waits on a connection of its own for the server to notify.

    Args:
        target: Where the store is.
        channel: What is listened to.

    Raises:
        psycopg.Error: It cannot be listened to.
    """

    def __init__(self, target: PostgresTarget, channel: str = CHANNEL) -> None:
        self._target = target
        self._connection: psycopg.Connection[tuple[Any, ...]] = connect(target)
        self._closing = threading.Lock()
        self._read, self._write = os.pipe()
        self._pipe = [self._read, self._write]
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        try:
            self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except BaseException:
            self.close()
            raise

    def hears(self) -> bool:
        """Whether what another connection notifies arrives here in time.

        Raises:
            psycopg.Error: A connection broke.
        """
        own = f"{CHANNEL}_{uuid.uuid4().hex}"
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(own)))
        with contextlib.closing(connect(self._target)) as other:
            other.execute("SELECT pg_notify(%s, '')", (own,))
        until = time.monotonic() + HEARD_WITHIN_S
        heard = False
        while not heard and (left := until - time.monotonic()) > 0:
            heard = any(notice.channel == own for notice in self._connection.notifies(timeout=left, stop_after=1))
        self._connection.execute(sql.SQL("UNLISTEN {}").format(sql.Identifier(own)))
        return heard

    def wait(self, timeout_s: float) -> bool:
        """Waits until the server notifies, for `wake`, or for so long; see `Signal.wait`."""
        try:
            # What arrived beside the answer to a statement waits in the driver, not on the line.
            if self._taken():
                return True
            poller = select.poll()
            poller.register(self._connection.fileno(), select.POLLIN)
            poller.register(self._read, select.POLLIN)
            ready = {fd for fd, _ in poller.poll(max(0.0, timeout_s) * 1000)}
            if self._read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._read, 4096)
            return self._connection.fileno() in ready and self._taken()
        except psycopg.Error as error:
            raise in_words(error, self._target.location, writing=False) from error

    def _taken(self) -> bool:
        """Takes what has arrived; whether there was something."""
        return bool(list(self._connection.notifies(timeout=0)))

    def wake(self) -> None:
        """Ends a wait; from any thread."""
        with self._closing, contextlib.suppress(BlockingIOError):  # full: it is awake anyway
            if self._pipe:
                os.write(self._write, b"\0")

    def close(self) -> None:
        """Closes the connection."""
        with self._closing:  # a wake must not write to whatever has the number afterwards
            self._connection.close()
            while self._pipe:
                os.close(self._pipe.pop())
