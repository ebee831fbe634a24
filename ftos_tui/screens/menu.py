"""The Studio's menu, level by level: Admin, Omnichannel Communication Automation, and the lists under it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from textual.widget import Widget

from ftos_tui.actions import CHANNELS, MENU, MESSAGES, PROVIDERS
from ftos_tui.screens.frame import CHANNELS_PATH, MENU_PATH, QUEUES_PATH, FrameScreen, bindings_of
from ftos_tui.widgets.background import start
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu.

    Attributes:
        label: The vendor's words.
        about: What it is about.
        place: The list it opens; empty where it is a level of the menu.
    """

    label: str
    about: str
    place: str = ""


LEVELS: Final = (
    (Entry("Admin", "What administrators look after."),),
    (Entry("Omnichannel Communication Automation", "How e-mail and SMS leave the platform."),),
    (
        Entry(CHANNELS_PATH[-1], "Codes messages go under.", CHANNELS),
        Entry(MENU_PATH[-1], "Gateways that send, and their rules.", PROVIDERS),
        Entry(QUEUES_PATH[-1], "Messages, and why they wait.", MESSAGES),
    ),
)
"""The menu, level by level, in the vendor's order."""


class MenuScreen(FrameScreen):
    """One level of the menu.

    Args:
        level: How many parts of the menu path have been entered: 0 shows Admin.
        came_from: The list on whose entry the cursor starts.
    """

    BINDINGS = bindings_of(MENU)
    place = MENU
    help_topic = (
        "The menu follows the vendor's Studio: Admin, then Omnichannel Communication Automation, then Communication "
        "Channels, Channel Providers and Message Queues. Enter or the right arrow goes in, Esc or the left arrow goes "
        "back. F10 or ? lists all keys."
    )

    def __init__(self, level: int = 0, came_from: str = PROVIDERS) -> None:
        super().__init__()
        self.level = level
        self.came_from = came_from

    def breadcrumb(self) -> tuple[str, ...]:
        """The levels entered so far."""
        return MENU_PATH[: self.level] or ("FintechOS Innovation Studio",)

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Open"),
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
            "everywhere.commands",
            "menu.quit",
        )

    def content(self) -> Iterable[Widget]:
        """The entries of this level, with what they are about."""
        rows = [Row(entry.place, (entry.label, entry.about), entry.label) for entry in LEVELS[self.level]]
        columns = (Column("entry", "Menu", width=38), Column("about", "", width=30, flex=1, sentence=True))
        yield RowList(columns, StaticSource(rows), id="menu", cursor_key=self.came_from)

    def on_mount(self) -> None:
        """Puts the focus on the entries."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the entries."""
        self.set_focus(self.query_one(RowList))

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enters the level under the cursor."""
        event.stop()
        self._enter()

    def key_right(self) -> None:
        """Enters, as Enter does."""
        self._enter()

    def key_left(self) -> None:
        """Goes back, as Esc does."""
        self.action_back()

    def _enter(self) -> None:
        row = self.query_one(RowList).row
        if row is not None:
            go_on = partial(self.console_app.enter_menu, self.level + 1, place=row.key or PROVIDERS)
            start(self, go_on, "open")

    async def may_leave(self) -> bool:
        """The first level is where the menu ends: Esc stays there."""
        return self.level > 0
