"""How tests of screens wait for the console to have done what a key asks for.

Textual's pilot sleeps twice twenty milliseconds after every key, and takes a process that was given no processor for
an idle one. Here it goes on as soon as the event loop has nothing to do, and not before.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
import textual.app
import textual.pilot

_SOON: Final = 0.035
"""Seconds within which a timer counts as part of what the key began: Textual paints at most two sixtieths later."""

_IDLE: Final = 0.001
"""Seconds of processor time in `_SOON` below which a thread counts as waiting for something: a held store, an event."""

_LONGEST: Final = 3.0
"""Seconds after which threads that still work are no longer waited for: tests wait for what these bring about."""


async def until_settled(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Waits until nothing is ready to run, no thread works, and no timer ends soon; in place of `wait_for_idle`.

    Args:
        min_sleep: Not heeded; there because Textual gives it.
        max_sleep: Seconds after which it goes on all the same.
    """
    loop: Any = asyncio.get_running_loop()
    began = time.monotonic()
    until = began + max_sleep
    for_timers = 2 * _SOON
    while time.monotonic() < until:
        stuck = await _threads_done(loop, began + _LONGEST)
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


async def _threads_done(loop: Any, until: float) -> bool:
    """Waits for the threads that work for the loop; True when they only wait for something themselves."""
    while _threads_busy(loop) and time.monotonic() < until:
        began, worked, wants_more = time.monotonic(), _worked_s(loop), False
        while _threads_busy(loop) and time.monotonic() - began < _SOON:
            await asyncio.sleep(0.001)
            wants_more = wants_more or _on_the_way(loop)
        if _threads_busy(loop) and not wants_more and _worked_s(loop) - worked < _IDLE:
            return True
    return _threads_busy(loop)


def _worked_s(loop: Any) -> float:
    """Processor time of the threads that work for the loop: not of the loop, nor of what watches a store beside it."""
    worked = 0.0
    for thread in loop._default_executor._threads:
        with suppress(OSError):  # it ended
            worked += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return worked


def _on_the_way(loop: Any) -> bool:
    """Whether one of the threads would work if it were given a processor, or waits for the disk (as Linux tells)."""
    for thread in loop._default_executor._threads:
        with suppress(OSError):
            stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text("utf-8")
            if stat.rpartition(")")[2].split()[0] in "RD":
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
