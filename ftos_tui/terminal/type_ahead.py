"""Keys reach what has the focus when their turn comes, not what had it when they were read.

Textual's App hands each key to the focused widget at once, but the bindings of that key run only after it has bubbled
up to the App again. Keys that arrive together, as they do over a slow line, all go to the widget that had the focus
first: the password typed after Tab lands in the plain field before it. (Found here; no upstream issue known.)
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event

LONGEST_WAIT: Final = 0.5
"""Seconds after which the next key goes on although nothing told that the one before was done with."""

LONGEST_HOLD: Final = 2.0
"""Seconds that keys wait at most for a screen that is on its way."""


class TypeAhead:
    """Delivers keys and pastes one after another.

    When a key has been delivered, a marker follows it through the message queues of the focused widget and all its
    ancestors up to the App. Queues keep their order, so where the marker comes the key has been.

    Args:
        app: The App.
        deliver: Hands one event to what has the focus.
    """

    def __init__(self, app: App[Any], deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[Event] = deque()
        self._serial = 0
        self._busy = False
        self._holds: set[object] = set()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lets keys wait while a screen is on its way, so that they reach it and not the one that is left.

        A screen that takes longer than `LONGEST_HOLD` lets them go: the operator may want to turn back.
        """
        hold = object()
        self._holds.add(hold)
        over = asyncio.get_running_loop().call_later(LONGEST_HOLD, self._let_go, hold)
        try:
            yield
        finally:
            over.cancel()
            self._let_go(hold)

    def forget(self) -> None:
        """Forgets what waits, and holds nothing any more: what it was meant for does not come."""
        self._holds.clear()
        self._waiting.clear()

    def _let_go(self, hold: object) -> None:
        if hold not in self._holds:
            return
        self._holds.discard(hold)
        if not self._holds and self._waiting and not self._busy:
            self._busy = True
            self._app.call_next(self._release, self._serial)

    async def take(self, event: Event) -> None:
        """Delivers a key or a paste, now or when those before it are done with.

        Args:
            event: What came from the terminal.
        """
        if self._busy or self._holds:
            self._waiting.append(event)
            self._watch_out()
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: Event) -> None:
        self._busy = True
        self._serial += 1
        nodes = self._way_up()
        await self._deliver(event)
        self._follow(self._serial, nodes, again=True)

    def _way_up(self) -> deque[DOMNode]:
        """The focused widget, or the screen, and its ancestors; the App last."""
        focused = self._app.focused
        nodes = (self._app.screen if focused is None else focused).ancestors_with_self
        return deque(chain((node for node in nodes if node is not self._app), [self._app]))

    def _follow(self, serial: int, nodes: deque[DOMNode], again: bool) -> None:
        """Sends the marker to the next node that takes it, and at the end goes on with the next key."""
        while nodes:
            # A widget that is being removed takes no more messages.
            if nodes.popleft().call_later(self._follow, serial, nodes, again):
                return
        if again and self._app.screen_stack:
            # What the key did may have asked for the focus, or for another screen, by messages of its own.
            self._follow(serial, self._way_up(), again=False)
        else:
            self._app.call_next(self._release, serial)

    async def _release(self, serial: int) -> None:
        if serial != self._serial or not self._busy:
            return
        self._busy = False
        if self._waiting and not self._holds:
            await self._hand_on(self._waiting.popleft())
            self._watch_out()

    def _watch_out(self) -> None:
        """Sees to it that what waits does not wait for ever, should the marker be lost with a closed screen."""
        if self._waiting:
            loop = asyncio.get_running_loop()
            loop.call_later(LONGEST_WAIT, self._app.call_later, self._release, self._serial)
