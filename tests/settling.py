"""How tests of screens wait for the console to have done what a key asks for.

Textual's pilot sleeps twice twenty milliseconds after every key, and takes a process that was given no processor for
an idle one. Here it goes on as soon as the event loop has nothing to do, and not before.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import textual.app
import textual.pilot

_SOON: Final = 0.035
"""Seconds within which a timer counts as part of what the key began: Textual paints at most two sixtieths later."""

_IDLE: Final = 0.001
"""Seconds of processor time in `_SOON` below which a thread counts as waiting for something: a held store, an event."""


async def until_settled(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Waits until nothing is ready to run, no thread works, and no timer ends soon; in place of `wait_for_idle`.

    Args:
        min_sleep: Not heeded; there because Textual gives it.
        max_sleep: Seconds after which it goes on all the same.
    """
    loop: Any = asyncio.get_running_loop()
    until = time.monotonic() + max_sleep
    for_timers = 2 * _SOON
    while time.monotonic() < until:
        stuck = await _threads_done(loop)
        await _ran_dry(loop, until)
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=float("inf"))
        left = max(due - loop.time(), 0.0)
        if left < _SOON and for_timers > 0:
            for_timers -= max(left, 0.001)
            await asyncio.sleep(left)
        elif stuck or not _threads_busy(loop):
            return


async def _ran_dry(loop: Any, until: float) -> None:
    """Gives the loop its turns until this task is the only one that wants one."""
    await asyncio.sleep(0)
    while loop._ready and time.monotonic() < until:
        await asyncio.sleep(0)


async def _threads_done(loop: Any) -> bool:
    """Waits for the threads that work for the loop; True when they only wait for something themselves."""
    while _threads_busy(loop):
        began, worked = time.monotonic(), time.process_time()
        while _threads_busy(loop) and time.monotonic() - began < _SOON:
            await asyncio.sleep(0.001)
        if _threads_busy(loop) and time.process_time() - worked < _IDLE:
            return True
    return False


def _threads_busy(loop: Any) -> bool:
    pool = loop._default_executor
    if pool is None:
        return False
    return bool(pool._work_queue.qsize()) or pool._idle_semaphore._value < len(pool._threads)


@contextmanager
def settling_pilot() -> Iterator[None]:
    """Has Textual's pilot wait by `until_settled`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual.app, "wait_for_idle", until_settled)
        patch.setattr(textual.pilot, "wait_for_idle", until_settled)
        yield
