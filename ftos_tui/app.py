"""The console: the session, the screens on top of each other, and what every screen asks of them."""

import asyncio
import gc
import os
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from ftos_tui.actions import ACTIONS, Action
from ftos_tui.actions import CHANNELS as CHANNELS_PLACE
from ftos_tui.actions import MESSAGES as MESSAGES_PLACE
from ftos_tui.actions import PROVIDERS as PROVIDERS_PLACE
from ftos_tui.config import Places, Settings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.secret import Secret
from ftos_tui.key_names import key_names
from ftos_tui.screens.carrier import Carrier
from ftos_tui.screens.frame import MENU_PATH, FrameScreen, gravity
from ftos_tui.screens.live_watch import LiveWatch
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.trial_watch import TrialWatch
from ftos_tui.studio.log import note, read_log
from ftos_tui.studio.place import CHANNELS, MENU, MESSAGES, PROVIDERS, Place, last_place, remember_place
from ftos_tui.studio.session import Session, open_session
from ftos_tui.studio.sign_in import Credentials
from ftos_tui.terminal import SafeApp, mouse_wanted
from ftos_tui.widgets.background import start

T = TypeVar("T")

_THEMES = {"dark": "textual-dark", "light": "textual-light", "terminal": "ansi-dark"}

_LISTS = {PROVIDERS_PLACE: PROVIDERS, CHANNELS_PLACE: CHANNELS, MESSAGES_PLACE: MESSAGES}
"""The lists behind the menu: their places in the table of actions, and what they are remembered as."""
_PLACES = {remembered: place for place, remembered in _LISTS.items()}

_STARTED = 2.0
"""Seconds after the first frame when what a start imports has been imported."""


def switch_collector_on() -> None:
    """Lets the garbage collector run again after a start without it, and leaves out what was imported: that stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


class FtosApp(SafeApp, inherit_bindings=False):  # Textual's own Ctrl+Q would leave without asking
    """The console.

    Args:
        session: The operator's session.
        start: `providers` to open the list at once; None for the last place.
    """

    TITLE = "ftos-tui"
    CSS = """
    LogPane { height: 4; }
    .-short LogPane { height: 2; }
    CommandPalette SearchIcon { display: none; }
    """
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 (as Textual declares it)
        (0, "-short"),
        (22, "-tall"),
    ]
    COMMAND_PALETTE_BINDING = "f9"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "copy_or_tell", show=False, id="app.copy")]

    def __init__(self, session: Session, start: str | None = None) -> None:
        super().__init__()
        self.session = session
        self.start = start
        self.log_entries: deque[LogEntry] = deque(maxlen=2000)
        self.trial_watch = TrialWatch(self, session)
        self.live_watch = LiveWatch(self, session)
        self.carrier = Carrier(self)
        self.crash_file = session.places.state / "crash.log"
        self.theme = _THEMES[session.settings.theme]
        self.set_keymap({action_id: ",".join(keys) for action_id, keys in session.settings.keys.items()})
        session.listeners.append(self.heard)
        self.mouse_on = mouse_wanted(session.settings.mouse, os.environ)

    # Start and end

    async def on_mount(self) -> None:
        """Opens the screens; everything that reads a disk comes after the first frame."""
        place = Place(PROVIDERS) if self.start == PROVIDERS else last_place(self.session)
        level = 0 if place.screen == MENU else len(MENU_PATH)
        where = _PLACES.get(place.screen, PROVIDERS_PLACE)
        go_on = partial(self.enter_menu, level, cursor_on=place.provider_id, place=where)
        if self.session.asks_first:
            await self.enter_menu(0)
            start(self, partial(self.carrier.after_sign_in, self.session, go_on), "sign in")
        else:
            await go_on()
        self.call_after_refresh(self._after_first_frame)

    def _after_first_frame(self) -> None:
        start(self, self._catch_up, "start", exclusive=False)
        self.set_timer(_STARTED, switch_collector_on)

    async def _catch_up(self) -> None:
        """Shows what was logged before, and offers drafts that a dropped line or a kill left behind."""
        self.live_watch.start()
        entries = await asyncio.to_thread(read_log, self.session, 200)
        own = list(self.log_entries)
        self.log_entries.clear()
        self.log_entries.extend([*(entry for entry in entries if entry not in own), *own])
        if isinstance(self.screen, FrameScreen):
            self.screen.log_pane.load(self.log_entries)
        await self.offer_drafts(asked=False)
        await self.trial_watch.look()

    def emergency(self) -> None:
        """The program is about to end: what was typed goes to disk."""
        for screen in self.screen_stack:
            keep_now = getattr(screen, "keep_now", None)
            if keep_now is not None:
                keep_now()

    async def leave(self) -> None:
        """Ends the program, once every screen on the stack lets go."""
        for screen in reversed(self.screen_stack):
            if getattr(screen, "model", None) is not None:
                while self.screen is not screen:
                    self.pop_screen()
                if not await screen.may_leave():  # type: ignore[attr-defined]
                    return
        remember_place(self.session, self._place())
        self.exit(0)

    def _place(self) -> Place:
        for screen in self.screen_stack:
            if isinstance(screen, FrameScreen) and screen.place in _LISTS:
                return Place(_LISTS[screen.place], str(getattr(screen, "cursor_on", "")))
        return Place(MENU)

    # Moving about

    def go_back(self) -> None:
        """Takes the screen on top away; what lies above it in the menu is made where it was jumped over."""
        level = self._menu_level(self.screen)
        if level is None or self._menu_level(self.screen_stack[-2]) in (level - 1, level):  # or one list over another
            self.pop_screen()
        elif level > 0:
            came_from = self.screen.place if isinstance(self.screen, FrameScreen) else PROVIDERS_PLACE
            self.switch_screen(MenuScreen(level - 1, came_from))

    async def enter_menu(self, level: int, cursor_on: str = "", place: str = PROVIDERS_PLACE) -> None:
        """Goes to a level of the menu path, unless one is there or further down; behind the last one are the lists.

        The levels in between are not made: each costs the start a tenth.

        Args:
            level: How many parts of the menu path are entered.
            cursor_on: The id of the record to put the cursor on, in a list.
            place: Which list, behind the last level.
        """
        levels = [self._menu_level(screen) for screen in self.screen_stack]
        on_list = isinstance(self.screen, FrameScreen) and self.screen.place in _LISTS
        from_list = on_list and self.screen.place != place and level == len(MENU_PATH)  # type: ignore[attr-defined]
        if not from_list and any(there is not None and there >= level for there in levels):
            return
        if level < len(MENU_PATH):
            with self.hold_keys():
                await self.push_screen(MenuScreen(level))
            return
        with self.hold_keys():
            if from_list:
                await self.switch_screen(self._list(place, cursor_on))
            else:
                await self.push_screen(self._list(place, cursor_on))
        remember_place(self.session, Place(_LISTS[place], cursor_on))

    @staticmethod
    def _list(place: str, cursor_on: str) -> FrameScreen:
        if place == CHANNELS_PLACE:
            from ftos_tui.screens.channels import ChannelsScreen

            return ChannelsScreen(cursor_on)
        if place == MESSAGES_PLACE:
            from ftos_tui.screens.messages import MessagesScreen

            return MessagesScreen(cursor_on)
        from ftos_tui.screens.providers import ProvidersScreen

        return ProvidersScreen(cursor_on)

    @staticmethod
    def _menu_level(screen: Screen[Any]) -> int | None:
        """How many parts of the menu path lie above what a screen shows; None for a screen that is not on it."""
        if isinstance(screen, MenuScreen):
            return screen.level
        listing = isinstance(screen, FrameScreen) and screen.place in _LISTS
        return len(MENU_PATH) if listing else None

    async def open_form(self, provider_id: str, *, as_saved: bool = False) -> None:
        """Opens the form of a provider; offers its draft first when one was kept.

        Args:
            provider_id: The provider.
            as_saved: Whether to leave drafts alone and open what is saved.
        """
        with self.hold_keys():
            await self._open_form(provider_id, as_saved)

    async def _open_form(self, provider_id: str, as_saved: bool) -> None:
        from ftos_tui.screens.draft_offer import settled_drafts
        from ftos_tui.screens.drafts import DraftsScreen
        from ftos_tui.screens.form_opening import show_form, tell_unreadable
        from ftos_tui.studio.providers import opened_form

        try:
            drafts = await self.carry_out(lambda: settled_drafts(self.session), lasting=False)
            kept = [draft for draft in drafts if draft.provider_id == provider_id]
            if kept and not as_saved:
                await self.push_screen(DraftsScreen(kept))
                return
            version, begin = await self.carry_out(lambda: opened_form(self.session, provider_id), lasting=False)
        except Failure as failure:
            self.report(gravity(failure), str(failure))
            return
        await tell_unreadable(self, version)
        await show_form(self, begin)

    async def open_draft(self, draft: Draft, key: str | None = None, session: Session | None = None) -> None:
        """Opens the form with a draft.

        Args:
            draft: What the form starts with.
            key: The id of the draft on disk; None for a new one.
            session: Another environment's session to check and save in; None for the console's own.
        """
        from ftos_tui.screens.form_opening import show_form
        from ftos_tui.studio.providers import form_start

        with self.hold_keys():
            try:
                begin = await self.carry_out(
                    lambda: form_start(session or self.session, draft), lasting=False, session=session
                )
            except Failure as failure:
                self.report(gravity(failure), str(failure))
                return
            await show_form(self, begin, key=key, session=session)

    async def show_list(self, place: str) -> None:
        """Goes to the list of providers, channels or messages, past whatever lets go; a form asks first.

        Args:
            place: The list's place in the table of actions.
        """
        while len(self.screen_stack) > 2 and isinstance(self.screen, FrameScreen):
            if self.screen.place == place:
                return
            if isinstance(self.screen, MenuScreen):
                break
            if not await self.screen.may_leave():
                return
            self.pop_screen()
        await self.enter_menu(len(MENU_PATH), place=place)

    async def offer_drafts(self, *, asked: bool) -> None:
        """Shows the drafts on disk, when there are any.

        Args:
            asked: Whether the operator asked for them, and is told when there are none.
        """
        from ftos_tui.screens.draft_offer import offer_drafts

        await offer_drafts(self, self, asked=asked)

    # What screens ask of the console

    async def carry_out(
        self, operation: Callable[[], T], *, lasting: bool = True, quiet: bool = False, session: Session | None = None
    ) -> T:
        """Carries out an operation of the studio in a thread; see `Carrier.carry_out`."""
        return await self.carrier.carry_out(operation, lasting=lasting, quiet=quiet, session=session)

    @property
    def store_away(self) -> bool:
        """Whether the store is known not to answer."""
        return self.live_watch.away

    def stops_waiting(self) -> bool:
        """Esc, while the hint line says what is waited for."""
        return self.carrier.waiting.stop()

    def report(self, level: Level, message: str) -> None:
        """Adds a line to the status log, on screen at once and in its file."""
        note(self.session, level, message)

    def heard(self, entry: LogEntry) -> None:
        """Shows a line that was written to the status log, in whichever thread it was."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._show_entry, entry)

    def _show_entry(self, entry: LogEntry) -> None:
        self.log_entries.append(entry)
        top = self.screen_stack[-1] if self.is_running and self.screen_stack else None
        if isinstance(top, FrameScreen) and top.is_mounted:
            top.log_pane.add(entry)

    def keys_of(self, action: Action) -> str:
        """An action's keys as the operator knows them, remapped ones included."""
        return key_names(self.session.settings.keys.get(action.id, action.keys))

    def hint(self, action_id: str) -> tuple[str, str]:
        """What the hint line says of an action."""
        action = ACTIONS[action_id]
        keys = self.keys_of(action)
        return keys.split(" ")[0] if keys else "F9", action.label

    @property
    def editor_command(self) -> str:
        """The command that opens long text; empty for $VISUAL, $EDITOR."""
        return self.session.settings.editor

    def toggle_mouse(self) -> None:
        """Switches the mouse."""
        self.mouse_on = not self.mouse_on
        self.switch_mouse(self.mouse_on)
        what = "on: click, double click and scroll" if self.mouse_on else "off: the terminal selects text"
        self.report(Level.INFO, f"The mouse is {what}.")

    def action_command_palette(self) -> None:
        """Opens the palette of screens, providers, fields and actions."""
        from ftos_tui.screens.palette import Palette

        if not any(isinstance(screen, Palette) for screen in self.screen_stack):
            self.push_screen(Palette())

    def action_copy_or_tell(self) -> None:
        """Ctrl+C copies what is selected; with nothing selected it says how to leave."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
        else:
            self.report(Level.INFO, "Ctrl+Q leaves ftos-tui, Esc goes back.")


def run_console(
    settings: Settings,
    places: Places,
    environment: str | None = None,
    start: str | None = None,
    ask_passphrase: Callable[[str], Secret] | None = None,
    ask_sign_in: Callable[[str, str], Credentials] | None = None,
) -> int:
    """Runs the console until the operator leaves.

    Args:
        settings: The settings in force.
        places: The operator's folders.
        environment: The environment's name; None for the settings' own.
        start: `providers` to open the list at once; None for the last place.
        ask_passphrase: Asks for the passphrase, where the settings of the environment want one: before the console
            has the terminal.
        ask_sign_in: Asks who signs in to a shared store, where that comes before the passphrase.

    Returns:
        The exit code of the process.

    Raises:
        Failure: The passphrase is not the right one.
    """
    session = open_session(settings, places, environment)
    if session.environment.key == "passphrase":
        session.ask_passphrase, session.ask_sign_in = ask_passphrase, ask_sign_in
        try:
            session.renew_vault(session.vault)
        finally:
            session.ask_passphrase = session.ask_sign_in = None
    app = FtosApp(session, start)
    try:
        return app.run_guarded(mouse=app.mouse_on)
    finally:
        session.close()
