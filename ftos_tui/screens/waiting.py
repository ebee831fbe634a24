"""What a screen says while it waits for a slow store, and how the operator stops waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from textual.screen import Screen

from ftos_tui.domain.visible import shortened
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.failures import GivenUp
from ftos_tui.studio.session import Session

T = TypeVar("T")

SLOW_S: Final = 0.15
"""Seconds after which waiting for a shared store is worth a word."""

SLOW_FILE_S: Final = 1.0
"""Seconds for a store in a file: it answers at once, unless another program has it locked."""


class Desk(Protocol):
    """What waiting asks of the application."""

    session: Session

    @property
    def screen_stack(self) -> Sequence[Screen[Any]]:
        """The screens on top of each other."""
        ...

    @property
    def store_away(self) -> bool:
        """Whether the store is known not to answer."""
        ...

    def let_keys_go(self) -> None:
        """Forgets keys that wait for a screen which is not to come, and holds no more."""
        ...


@dataclass(eq=False)
class _Wait:
    """One operation that is waited for.

    Attributes:
        lasting: Whether it goes on when nobody waits for it any more, as a save does.
        began: When, by the loop's clock.
        stopped: Done when the operator does not want to wait.
    """

    lasting: bool
    began: float
    stopped: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Waiting:
    """Says in place of the key hints what is waited for, once that takes long.

    Args:
        app: The console.
    """

    def __init__(self, app: Desk) -> None:
        self._app = app
        self._waits: list[_Wait] = []

    async def result(
        self, work: Awaitable[T], *, lasting: bool, session: Session | None = None, give_up: Callable[[], None]
    ) -> T:
        """Waits for an operation, which runs beside the interface.

        Args:
            work: The operation.
            lasting: Whether it cannot be un-asked: then stopping only takes the words off the screen, and this goes on.
            session: In which session; None for the console's own.
            give_up: Called where the operator stops waiting for something that can be given up.

        Returns:
            What the operation gave.

        Raises:
            GivenUp: The operator stopped waiting.
            Failure: What the operation raised.
        """
        session = session or self._app.session
        task = asyncio.ensure_future(work)
        task.add_done_callback(_looked_at)
        wait = _Wait(lasting, asyncio.get_running_loop().time())
        try:
            await asyncio.wait({task}, timeout=SLOW_S if session.shared else SLOW_FILE_S)
            if not task.done():
                await self._shown(task, wait)
            if task.done() or lasting:
                return await task
        except asyncio.CancelledError:
            if not lasting:
                give_up()
            raise
        give_up()
        raise GivenUp(f"Stopped waiting for {place(session)}: nothing was read. Try again when it answers.")

    async def _shown(self, task: "asyncio.Future[Any]", wait: _Wait) -> None:
        """Says what is waited for until it has come, or is not wanted any more."""
        self._waits.append(wait)
        either: set[asyncio.Future[Any]] = {task, wait.stopped}
        try:
            while not task.done() and not wait.stopped.done():
                self._show()
                await asyncio.wait(either, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waits.remove(wait)
            self._show()

    def stop(self) -> bool:
        """The operator does not want to wait any longer; whether anything was waited for, and said so."""
        top = self._app.screen_stack[-1] if self._app.screen_stack else None
        if not self._waits or not isinstance(top, FrameScreen) or top.question.asking:
            return False
        if not top.hint_line.waiting:  # a screen opened meanwhile: Esc does what its hints still say
            return False
        for wait in self._waits:
            if not wait.stopped.done():
                wait.stopped.set_result(None)
        self._app.let_keys_go()
        return True

    def _show(self) -> None:
        words = self._words()
        stack = self._app.screen_stack
        for screen in stack:
            if isinstance(screen, FrameScreen) and screen.is_mounted:
                screen.hint_line.waiting = words if screen is stack[-1] else ""

    def _words(self) -> str:
        if not self._waits:
            return ""
        wait = self._waits[0]
        seconds = int(asyncio.get_running_loop().time() - wait.began)
        away = " (it is away)" if self._app.store_away else ""
        way_out = "Esc goes on meanwhile" if all(each.lasting for each in self._waits) else "Esc stops waiting"
        return f"Waiting for {place(self._app.session)}{away} … {seconds} s · {way_out}"


def place(session: Session) -> str:
    """The store, as sentences name it: by its first host, or its environment.

    Args:
        session: In which session.
    """
    shared = session.environment.postgresql
    host = shared.host[0] if shared is not None and shared.host else session.environment.name
    return f"the store {shortened(host, 40)}"


def _looked_at(task: "asyncio.Future[Any]") -> None:
    """Takes note of what an operation ended with, for perhaps nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
