"""What screens ask of the application: a protocol, so that no screen imports the app that opens it."""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from ftos_tui.actions import PROVIDERS, Action
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.screens.live_watch import LiveWatch
from ftos_tui.screens.trial_watch import TrialWatch
from ftos_tui.studio.session import Session

T = TypeVar("T")


class Console(Protocol):
    """The application as its screens see it.

    Attributes:
        session: The operator's session.
        log_entries: The lines of the status log, newest last.
        trial_watch: Which versions are on trial.
        live_watch: What others do.
    """

    session: Session
    log_entries: deque[LogEntry]
    trial_watch: TrialWatch
    live_watch: LiveWatch

    async def carry_out(
        self, operation: Callable[[], T], *, lasting: bool = True, quiet: bool = False, session: Session | None = None
    ) -> T:
        """Carries out an operation of the studio in a thread; raises its Failure, or GivenUp."""
        ...

    def hold_keys(self) -> AbstractContextManager[None]:
        """Lets keys wait while a screen or the focus is on its way."""
        ...

    def report(self, level: Level, message: str) -> None:
        """Adds a line to the status log."""
        ...

    def heard(self, entry: LogEntry) -> None:
        """Shows a line that was written to the status log."""
        ...

    def keys_of(self, action: Action) -> str:
        """An action's keys as the operator knows them."""
        ...

    def hint(self, action_id: str) -> tuple[str, str]:
        """What the hint line says of an action."""
        ...

    @property
    def editor_command(self) -> str:
        """The command that opens long text."""
        ...

    def edit_in_editor(self, text: str, suffix: str, command: str) -> str | None:
        """Opens a text in the operator's editor."""
        ...

    def toggle_mouse(self) -> None:
        """Switches the mouse."""
        ...

    def action_command_palette(self) -> None:
        """Opens the command palette."""
        ...

    async def leave(self) -> None:
        """Ends the program, once every screen lets go."""
        ...

    def go_back(self) -> None:
        """Takes the screen on top away."""
        ...

    async def enter_menu(self, level: int, cursor_on: str = "", place: str = PROVIDERS) -> None:
        """Goes down the menu path to a level, or to a list."""
        ...

    async def show_list(self, place: str) -> None:
        """Goes to the list of providers, or of communication channels."""
        ...

    async def open_form(self, provider_id: str, *, as_saved: bool = False) -> None:
        """Opens the form of a provider."""
        ...

    async def open_draft(self, draft: Draft, key: str | None = None, session: Session | None = None) -> None:
        """Opens the form with a draft, in the console's own session or in another one."""
        ...

    async def offer_drafts(self, *, asked: bool) -> None:
        """Shows the drafts on disk."""
        ...
