"""Time for a worker: waiting by a clock that never jumps, and the store's time between two looks at it."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

JUMP_S: Final = 300.0
"""Seconds by which the store's clock may differ from what was expected before it is an alarm."""


class Clock(Protocol):
    """What a worker measures and waits by."""

    def monotonic(self) -> float:
        """Seconds of a clock that only goes forward."""
        ...

    def utc_now(self) -> datetime:
        """The time of this machine, UTC; counts only for a store without a clock of its own."""
        ...

    async def wait(self, event: asyncio.Event, timeout_s: float) -> None:
        """Waits until the event is set, or for so many seconds."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def monotonic(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()

    def utc_now(self) -> datetime:
        """The time of this machine, UTC."""
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, timeout_s: float) -> None:
        """Waits until the event is set, or for so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)


class StoreClock:
    """The store's time, asked for now and then and carried on by the monotonic clock in between.

    Args:
        clock: Measures in between.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told = clock.utc_now()
        self._at = clock.monotonic()
        self._known = False

    def now(self) -> datetime:
        """The store's time, UTC."""
        return self._told + timedelta(seconds=self._clock.monotonic() - self._at)

    def tell(self, told: datetime) -> float:
        """Takes what the store said.

        Args:
            told: The store's time, UTC.

        Returns:
            By how many seconds it is ahead of what was expected; 0 the first time.
        """
        ahead = (told - self.now()).total_seconds() if self._known else 0.0
        self._told, self._at, self._known = told, self._clock.monotonic(), True
        return ahead
