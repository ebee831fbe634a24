"""The one hand that writes marks and outcomes of all senders: what comes within a few milliseconds is one commit.

A sender's mark is committed before `mark` returns, so nothing is on the wire without one; an outcome need not be waited
for, the connection serves the next message meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from ftos_tui.domain.delivery.states import IllegalTransition
from ftos_tui.stores.dispatch_protocol import DispatchStore, Lost, Mark, Recorded
from ftos_tui.stores.protocol import StoreError

LINGER_S: Final = 0.002
"""Seconds that a commit waits for company."""

MOST: Final = 400
"""Marks, and as many outcomes, in one commit at most."""

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0

_MISTAKES: Final = 5
"""Unexpected errors in a row after which what is to be written is taken apart, so that the rest can be written."""


class Marked(Enum):
    """What became of a mark."""

    DONE = auto()
    """It is committed: the message may be sent."""
    LOST = auto()
    """Somebody else has the message: it must not be sent."""
    UNSURE = auto()
    """A commit broke off: the mark may be there, or the message lost. It must not be sent."""


class Writer:
    """Writes for all senders of a worker, within its event loop.

    Args:
        messages: The queue.
        trouble: Told why the store does not take it, once, and the empty text when it does again.
        committed: Told how many marks and outcomes each commit had.
        taint: Called when an outcome could not be written.
    """

    def __init__(
        self,
        messages: DispatchStore,
        trouble: Callable[[str], None],
        committed: Callable[[int], None],
        taint: Callable[[], None],
    ) -> None:
        self._messages = messages
        self._trouble = trouble
        self._committed = committed
        self._taint = taint
        self._marks: list[tuple[Mark, asyncio.Future[Marked]]] = []
        self._outcomes: list[tuple[Recorded, asyncio.Future[bool]]] = []
        self._wanted = asyncio.Event()
        self._full = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = ThreadPoolExecutor(1, "writer")
        self._task = asyncio.create_task(self._run())

    async def mark(self, mark: Mark) -> Marked:
        """Sets the mark before the first byte of a message leaves."""
        future: asyncio.Future[Marked] = asyncio.get_running_loop().create_future()
        self._marks.append((mark, future))
        self._want()
        return await future

    def record(self, outcome: Recorded) -> asyncio.Future[bool]:
        """Writes what a try came to.

        Returns:
            Done when it is committed; whether the message was still this worker's.
        """
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._outcomes.append((outcome, future))
        self._want()
        return future

    async def flush(self) -> None:
        """Waits until everything is written."""
        await self._idle.wait()

    async def close(self) -> None:
        """Ends the writer; what was not written is not."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=False)

    def _want(self) -> None:
        self._idle.clear()
        self._wanted.set()
        if len(self._marks) >= MOST or len(self._outcomes) >= MOST:
            self._full.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            if not self._full.is_set():
                await asyncio.sleep(LINGER_S)
            marks, self._marks = self._marks[:MOST], self._marks[MOST:]
            outcomes, self._outcomes = self._outcomes[:MOST], self._outcomes[MOST:]
            self._full.clear()
            if not self._marks and not self._outcomes:
                self._wanted.clear()
            await self._write(outcomes, marks)
            if not self._wanted.is_set():
                self._idle.set()

    async def _write(
        self,
        outcomes: Sequence[tuple[Recorded, asyncio.Future[bool]]],
        marks: Sequence[tuple[Mark, asyncio.Future[Marked]]],
    ) -> None:
        lost, unsure = await self._until_written([one for one, _ in outcomes], [one for one, _ in marks])
        self._committed(len(outcomes) + len(marks))
        for outcome, told in outcomes:
            if not told.done():
                told.set_result(outcome.id not in lost.recorded)
        for mark, marked in marks:
            if not marked.done():
                gone = Marked.UNSURE if unsure else Marked.LOST
                marked.set_result(gone if mark.id in lost.marked else Marked.DONE)

    async def _until_written(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> tuple[Lost, bool]:
        """Tries until the store takes it; also whether an earlier try may have been committed after all."""
        pause, away, mistakes = FIRST_PAUSE_S, False, 0
        while True:
            try:
                lost = await self._advance(outcomes, marks)
            except IllegalTransition as error:
                return await self._one_by_one(outcomes, marks, error), away
            except Exception as error:
                # No error may end the only hand that writes: all that is marked would be in doubt.
                mistakes += not isinstance(error, StoreError)
                if mistakes >= _MISTAKES:
                    return await self._one_by_one(outcomes, marks, error), True
                if not away:
                    said = str(error) if isinstance(error, StoreError) else type(error).__name__
                    self._tell(said)
                away = True
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                continue
            if away:
                self._tell("")
            return lost, away

    async def _one_by_one(self, outcomes: Sequence[Recorded], marks: Sequence[Mark], error: Exception) -> Lost:
        """What the table of states does not have must not keep the rest from being written: its lease runs out."""
        said = str(error) if isinstance(error, IllegalTransition) else type(error).__name__
        if not outcomes:
            self._tell(f"Marks were not written: {said}.")
            return Lost(frozenset(mark.id for mark in marks))
        if len(outcomes) == 1:
            self._tell(f"An outcome was not written: {said}.")
            self._taint()
            lost = await self._until_written([], marks) if marks else (Lost(), False)
            return Lost(lost[0].marked, frozenset(one.id for one in outcomes))
        marked = (await self._until_written([], marks))[0].marked if marks else frozenset[str]()
        recorded = frozenset[str]()
        for outcome in outcomes:
            recorded |= (await self._until_written([outcome], []))[0].recorded
        return Lost(marked, recorded)

    def _tell(self, sentence: str) -> None:
        with suppress(Exception):  # nor may the telling end it
            self._trouble(sentence)

    async def _advance(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
        if not outcomes and not marks:
            return Lost()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._messages.advance, outcomes, marks)
