"""A clock for tests that simulate: it goes on only while a worker has nothing in hand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ftos_tui.processor.worker import Worker
from ftos_tui.stores.sql import instants


class SimulatedClock:
    """Stands for the clocks of the machine and of a local store.

    Args:
        start: What time it is at first, UTC.

    Attributes:
        worker: Whose waits move it on; set once the worker is made.
        jumped_s: By how much the wall clock is off.
        waits: How often somebody waited.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.passed_s = 0.0
        self.jumped_s = 0.0
        self.waits = 0
        self.until: datetime | None = None
        self.worker: Worker | None = None

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.passed_s

    def utc_now(self) -> datetime:
        """The time, UTC."""
        return self._start + timedelta(seconds=self.passed_s + self.jumped_s)

    async def wait(self, event: asyncio.Event, timeout_s: float) -> None:
        """Lets the time pass at once where nobody is at work."""
        self.waits += 1
        worker = self.worker
        busy = worker is not None and (
            worker.in_hand > 0 or not all(lane.breaker.written for lane in worker.lanes.values())
        )
        if event.is_set():
            return
        if busy:
            await asyncio.wait_for(event.wait(), 60)
            return
        self.passed_s += timeout_s
        if worker is not None and self.until is not None and self.utc_now() >= self.until:
            worker.stop()


@contextmanager
def store_time(clock: SimulatedClock) -> Iterator[None]:
    """Has the local store go by the clock."""

    class Simulated(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Simulated":
            told = clock.utc_now().astimezone(tz or UTC)
            return cls.fromisoformat(told.isoformat())

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(instants, "datetime", Simulated)
        yield
