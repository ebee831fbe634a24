"""The frame every screen has: breadcrumb and environment, content, status log, question, key hints."""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from ftos_tui.actions import ACTIONS, EVERYWHERE, Action, actions_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.screens.console import Console
from ftos_tui.studio.failures import GivenUp
from ftos_tui.studio.session import Session
from ftos_tui.terminal.compositor import PaintingCompositor
from ftos_tui.widgets.background import start
from ftos_tui.widgets.confirm_line import ConfirmLine
from ftos_tui.widgets.frame import HintLine, TopLine
from ftos_tui.widgets.log_pane import LogPane

T = TypeVar("T")

MENU_PATH = ("Admin", "Omnichannel Communication Automation", "Channel Providers")
"""The vendor's menu path."""

CHANNELS_PATH = (*MENU_PATH[:-1], "Communication Channels")
"""The vendor's menu path to the other list."""

QUEUES_PATH = (*MENU_PATH[:-1], "Message Queues")
"""The vendor's menu path to the messages."""


def bindings_of(*places: str, priority: bool = False) -> list[BindingType]:
    """Textual's bindings for the actions of these places; remapping goes by the action's id.

    Args:
        places: Places of the table of actions.
        priority: Whether they go before the keys of the focused widget.
    """
    # An action without keys is bound to a key that does not exist, so that the settings can give it one.
    return [
        Binding(
            ",".join(action.keys) or action.id,
            action.method,
            action.label,
            show=False,
            priority=priority,
            id=action.id,
        )
        for place in places
        for action in actions_of(place)
    ]


def closed_by(action_id: str) -> list[BindingType]:
    """A binding by which the keys that opened a screen close it, remapped ones too.

    Args:
        action_id: The action that opens the screen.
    """
    return [Binding(",".join(ACTIONS[action_id].keys), "back", show=False, id=action_id)]


def gravity(failure: Failure) -> Level:
    """How the status log tells of a failure: what the operator gave up is none."""
    return Level.INFO if isinstance(failure, GivenUp) else Level.ERROR


class FrameScreen(Screen[None]):
    """A screen in the common frame. Subclasses give `content`, `breadcrumb`, `hints` and `place`.

    Attributes:
        place: The place in the table of actions whose keys work here.
        help_topic: What F1 says where no field is focused.
        other_session: Another environment's session, where the screen does not work in the console's own.
    """

    AUTO_FOCUS = ""
    # Textual 8.2.8 paints the whole screen again whenever the focus moves: 5,600 bytes an arrow key in the form instead
    # of 250. What gets or loses the focus paints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    BINDINGS = bindings_of(EVERYWHERE)

    place = EVERYWHERE
    help_topic = ""
    other_session: Session | None = None

    def __init__(self) -> None:
        super().__init__()
        self._compositor = PaintingCompositor()

    @property
    def console_app(self) -> Console:
        """The application, typed."""
        return cast(Console, self.app)

    @property
    def session(self) -> Session:
        """The session the screen works in: the console's own, but for a form of another environment."""
        return self.other_session or self.console_app.session

    def open_screen(self, screen: "FrameScreen") -> None:
        """Puts a screen on top of this one, in the same session."""
        screen.other_session = self.other_session
        self.app.push_screen(screen)

    def breadcrumb(self) -> tuple[str, ...]:
        """The parts of the menu path that lead here."""
        return MENU_PATH

    def hints(self) -> tuple["str | tuple[str, str]", ...]:
        """What the hint line names, the most important first: an action's id, or a key and its label."""
        return ()

    def content(self) -> Iterable[Widget]:
        """The screen's own widgets, between the top line and the status log."""
        return ()

    def compose(self) -> ComposeResult:
        name, colour, read_only, user, trouble = self._environment()
        yield TopLine(self.breadcrumb(), name, colour=colour, read_only=read_only, user=user, trouble=trouble)
        yield from self.content()
        yield LogPane(id="log")
        yield ConfirmLine()
        yield HintLine(self._hint_pairs(), always=self.console_app.hint("everywhere.keys"))

    def show_environment(self) -> None:
        """Shows the environment, whether it takes changes, and who is signed in to a shared store."""
        for line in self.query(TopLine):
            line.show_environment(*self._environment())

    def _environment(self) -> tuple[str, str, bool, str, str]:
        session = self.session
        environment = session.environment
        user = session.author.user if session.shared and session.rights is not None else ""
        watch = self.console_app.live_watch
        trouble = watch.trouble if session is watch.session else ""
        return environment.name.upper(), environment.colour, not session.may_change, user, trouble

    def on_mount(self) -> None:
        """Shows what the log holds so far."""
        self.log_pane.load(self.console_app.log_entries)

    def on_screen_resume(self) -> None:
        """Catches up with what was logged while another screen was on top."""
        self.show_environment()
        self.log_pane.load(self.console_app.log_entries)

    @property
    def log_pane(self) -> LogPane:
        """The status log pane."""
        return self.query_one("#log", LogPane)

    @property
    def question(self) -> ConfirmLine:
        """The line that asks instead of a dialog."""
        return self.query_one(ConfirmLine)

    @property
    def hint_line(self) -> HintLine:
        """The line of key hints, which also says what is waited for."""
        return self.query_one(HintLine)

    def refresh_frame(self) -> None:
        """Shows a changed breadcrumb or changed hints."""
        self.query_one(TopLine).breadcrumb = self.breadcrumb()
        self.query_one(HintLine).hints = self._hint_pairs()

    def _hint_pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.console_app.hint(hint) if isinstance(hint, str) else hint for hint in self.hints())

    def on_hint_line_pressed(self, event: HintLine.Pressed) -> None:
        """A click on a hint does what its key does."""
        event.stop()
        for hint, pair in zip(self.hints(), self._hint_pairs(), strict=True):
            if pair == (event.key, event.label) and not self.question.asking:
                if isinstance(hint, str):
                    getattr(self, f"action_{ACTIONS[hint].method}")()
                else:
                    # A key that a screen sends goes no further up than to that screen: the app has to send it.
                    self.app.call_later(self.app.simulate_key, event.key.lower())

    def actions_here(self) -> tuple[Action, ...]:
        """The actions that work on this screen, its own first."""
        return (*(actions_of(self.place) if self.place != EVERYWHERE else ()), *actions_of(EVERYWHERE))

    async def attempt(self, operation: Callable[[], T], *, lasting: bool = True, quiet: bool = False) -> T | None:
        """Carries out an operation of the studio in a thread; a failure becomes a line in the status log.

        Args:
            operation: What to do.
            lasting: Whether it cannot be un-asked, as a change; a read may be given up.
            quiet: Whether nothing is said when it takes long, since nobody waits for it.

        Returns:
            What the operation gave back, or None when it failed.
        """
        try:
            return await self.console_app.carry_out(operation, lasting=lasting, quiet=quiet, session=self.session)
        except Failure as failure:
            self.console_app.report(gravity(failure), str(failure))
            return None

    async def succeeds(self, operation: Callable[[], object]) -> bool:
        """Carries out an operation as `attempt` does.

        Returns:
            Whether it succeeded.
        """
        return await self.attempt(lambda: (operation(), True)) is not None

    async def may_leave(self) -> bool:
        """Whether the screen may be left now; a form asks when there are unsaved changes."""
        return True

    def action_back(self) -> None:
        """Goes back, once the screen lets go."""
        start(self, self._leave, "leave")

    async def _leave(self) -> None:
        if self.app.screen is self and await self.may_leave():
            self.console_app.go_back()

    def action_quit(self) -> None:
        """Leaves the program, once every screen lets go."""
        # The app's worker: one of this screen would end when the screen goes to show a form under it.
        start(self.app, self.console_app.leave, "leave")

    def action_help(self) -> None:
        """Explains the focused field, or the screen."""
        from ftos_tui.screens.help import HelpScreen

        self.open_screen(HelpScreen(self.help_title(), self.help_text(), self.breadcrumb()[: len(MENU_PATH)]))

    def help_title(self) -> str:
        """The heading of F1's answer."""
        return self.breadcrumb()[-1]

    def help_text(self) -> str:
        """F1's answer, in plain words."""
        return self.help_topic

    def action_keys(self) -> None:
        """Lists the keys that work here."""
        from ftos_tui.screens.keys import KeysScreen, moves_on

        self.open_screen(KeysScreen(self.actions_here(), self.breadcrumb(), moves_on(self)))

    def action_status_log(self) -> None:
        """Moves the focus to the status log pane, and back to where it was."""
        if self.log_pane.has_focus:
            self.focus_content()
        else:
            self.log_pane.focus()

    def focus_content(self) -> None:
        """Puts the focus where the operator works on this screen."""

    def action_commands(self) -> None:
        """Opens the command palette."""
        self.console_app.action_command_palette()

    def action_mouse(self) -> None:
        """Switches the mouse on or off."""
        self.console_app.toggle_mouse()
