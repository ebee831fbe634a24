"""Carries out operations of the studio for the screens: in threads, and after signing in where a store wants that."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Generic, Protocol, TypeVar

from textual.screen import Screen

from ftos_tui.domain.log import Level
from ftos_tui.screens import waiting
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.screens.live_watch import LiveWatch
from ftos_tui.screens.waiting import Waiting
from ftos_tui.studio.failures import SignInNeeded
from ftos_tui.studio.session import Session

T = TypeVar("T")


async def in_passing_thread(operation: Callable[[], T]) -> T:
    """Carries out an operation in a thread that does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the program is ending: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if future.done() else outcome())

    def work() -> None:
        try:
            result = operation()
        except BaseException as error:
            failure = error
            tell(lambda: future.set_exception(failure))
        else:
            tell(lambda: future.set_result(result))

    threading.Thread(target=work, name="opening", daemon=True).start()
    return await future


class Desk(waiting.Desk, Protocol):
    """What the carrier asks of the application."""

    live_watch: LiveWatch

    @property
    def screen(self) -> Screen[object]:
        """The screen on top."""
        ...

    def push_screen(self, screen: FrameScreen) -> object:
        """Puts a screen on top."""
        ...

    def report(self, level: Level, message: str) -> None:
        """Adds a line to the status log."""
        ...


class Reader(Generic[T]):
    """An operation in the thread that carries it out, which the store can be told to stop.

    Args:
        session: In whose store.
        operation: What to do.
    """

    def __init__(self, session: Session, operation: Callable[[], T]) -> None:
        self._session = session
        self._operation = operation
        self._thread = 0

    def __call__(self) -> T:
        self._thread = threading.get_ident()
        try:
            return self._operation()
        finally:
            self._thread = 0

    def give_up(self) -> None:
        """Has the store stop what it does for nobody; it may be done already."""
        thread = self._thread
        if thread and self._session.is_open:
            stop = partial(self._session.store.stop, thread)
            threading.Thread(target=stop, name="stopping", daemon=True).start()


class Carrier:
    """Carries out operations. Several that need somebody to sign in wait for the same screen.

    Args:
        app: The console.
    """

    def __init__(self, app: Desk) -> None:
        self._app = app
        self._asked: asyncio.Future[bool] | None = None
        self._asked_for: Session | None = None
        self.waiting = Waiting(app)

    async def carry_out(
        self, operation: Callable[[], T], *, lasting: bool = True, quiet: bool = False, session: Session | None = None
    ) -> T:
        """Carries out an operation in a thread; once more after somebody signed in, where it needs that.

        Args:
            operation: What to do.
            lasting: Whether it cannot be un-asked once it began, as a change; a read may be given up.
            quiet: Whether nothing is said when it takes long.
            session: In which session; None for the console's own.

        Raises:
            GivenUp: The operator stopped waiting.
            Failure: The operation did not succeed, or nobody signed in.
        """
        while True:
            try:
                result = await self._in_thread(operation, lasting, quiet, session)
                if not quiet and session in (None, self._app.session):
                    self._app.live_watch.answered()
                return result
            except SignInNeeded as needed:
                if not await self.sign_in(needed.session, needed.session.refused):
                    raise
            finally:
                self._show_who()

    async def sign_in(self, session: Session, why: str = "") -> bool:
        """Has somebody sign in to the store of a session, on a screen of its own.

        Args:
            session: The session.
            why: What the server said, where it was asked already.

        Returns:
            Whether somebody did.
        """
        while self._asked is not None and self._asked_for is not session:
            await asyncio.shield(self._asked)
        if self._asked is None:
            from ftos_tui.screens.sign_in import SignInScreen

            self._asked, self._asked_for = asyncio.get_running_loop().create_future(), session
            self._app.push_screen(SignInScreen(session, why, self._answered))
        return await asyncio.shield(self._asked)

    async def after_sign_in(self, session: Session, go_on: Callable[[], Awaitable[None]]) -> None:
        """Goes on once somebody has signed in; stays where one is when nobody did.

        Args:
            session: Whose store wants somebody to sign in.
            go_on: What to do then.
        """
        if await self.sign_in(session):
            await go_on()

    def _answered(self, signed_in: bool) -> None:
        if self._asked is not None:
            self._asked.set_result(signed_in)
            self._asked = self._asked_for = None

    def _show_who(self) -> None:
        """Opening the store told who is signed in: the top line says so."""
        screen = self._app.screen
        if isinstance(screen, FrameScreen) and screen.is_mounted:
            screen.show_environment()

    async def _in_thread(self, operation: Callable[[], T], lasting: bool, quiet: bool, session: Session | None) -> T:
        session = session or self._app.session
        # Who leaves does not wait for what only reads, nor for an opening: while no store is open nothing is saved.
        passing = (session.shared and not lasting) or not self._app.session.is_open
        run = in_passing_thread if passing else asyncio.to_thread
        if quiet:
            return await run(operation)
        reader = Reader(session, operation)
        return await self.waiting.result(run(reader), lasting=lasting, session=session, give_up=reader.give_up)
