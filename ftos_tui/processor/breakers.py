"""A provider's breaker as a worker sees it: judged at once in memory, then written for all workers."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from ftos_tui.domain.delivery.breaker import CLOSED, Breaker, Position, after_outcome, has_opened
from ftos_tui.domain.delivery.outcome import Outcome
from ftos_tui.domain.delivery.provider import SendingRules
from ftos_tui.domain.delivery.waiting import CAUSE_IN_WORDS, CAUSE_REMEDY
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.processor.backing import Backing
from ftos_tui.processor.pinned import Pinned
from ftos_tui.stores.protocol import StoreError


def stored_breaker(text: str) -> Breaker:
    """A breaker as it is kept; a damaged one counts as closed, for the next failure opens it again."""
    try:
        return Breaker.from_json(text)
    except ValueError:
        return CLOSED


class BreakerView:
    """One provider's breaker.

    Args:
        backing: What the worker works with.
        provider_id: The provider.
    """

    def __init__(self, backing: Backing, provider_id: str) -> None:
        self.now = CLOSED
        self._backing = backing
        self._provider_id = provider_id
        self._waiting: list[tuple[Outcome, Pinned]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def written(self) -> bool:
        """Whether the store has all that happened here."""
        return self._task is None

    def seen(self, stored: str) -> None:
        """Takes the breaker as the store has it."""
        if self.written:
            self.now = stored_breaker(stored)

    def take(self, outcome: Outcome, pinned: Pinned, now: datetime, done: Callable[[], None]) -> None:
        """Draws the consequences of a try for all messages of the provider.

        Args:
            outcome: What it came to.
            pinned: With what it was tried.
            now: When the reply came, UTC.
            done: Called once the store has it.
        """
        before = self.now
        self.now = _after(before, outcome, pinned, now)
        if self.now == before:
            return
        self._waiting.append((outcome, pinned))
        if self._task is None:
            self._task = asyncio.create_task(self._write(done))

    async def flush(self) -> None:
        """Waits until the store has all."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self, done: Callable[[], None]) -> None:
        try:
            while self._waiting:
                outcomes, self._waiting = self._waiting, []
                stored = await asyncio.to_thread(self._change, outcomes)
                if stored is not None and not self._waiting:
                    self.now = stored
        finally:
            self._task = None
            done()

    def _change(self, outcomes: list[tuple[Outcome, Pinned]]) -> Breaker | None:
        """Writes it; blocks. A store that is away keeps nothing: the next failure is written again."""
        last = CLOSED

        def change(stored: str, now: datetime) -> str | None:
            nonlocal last
            first = last = stored_breaker(stored)
            for outcome, pinned in outcomes:
                last = _after(last, outcome, pinned, now)
            self.tell(first, last, outcomes[-1][1])
            return last.to_json() if last != first else None

        try:
            self._backing.messages.change_breaker(self._provider_id, change)
        except StoreError:
            return None
        return last

    def tell(self, before: Breaker, after: Breaker, pinned: Pinned) -> None:
        """Writes into the log that the provider is stopped, or goes on; from any thread."""
        name = visible(pinned.version.name)
        if has_opened(before, after) and after.cause is not None:
            said = f" ({shortened(after.said, 200)})" if after.said else ""
            sentence = f"{name} is stopped: {CAUSE_IN_WORDS[after.cause]}{said}. {CAUSE_REMEDY[after.cause]}"
            self._backing.note(Level.ERROR, sentence, pinned.version.name)
        elif before.position is not Position.CLOSED and after.position is Position.CLOSED:
            self._backing.note(Level.SUCCESS, f"{name} takes messages again.", pinned.version.name)


def _after(breaker: Breaker, outcome: Outcome, pinned: Pinned, now: datetime) -> Breaker:
    rules: SendingRules = pinned.rules
    return after_outcome(breaker, outcome, rules, pinned.version.number, now)
