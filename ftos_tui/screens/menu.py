"""The Studio's menu, level by level: Admin, Omnichannel Communication Automation, Channel Providers."""

from collections.abc import Iterable
from functools import partial

from textual.widget import Widget

from ftos_tui.actions import MENU
from ftos_tui.screens.frame import MENU_PATH, FrameScreen, bindings_of
from ftos_tui.widgets.background import start
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource

_ABOUT = {
    "Admin": "What administrators look after.",
    "Omnichannel Communication Automation": "How e-mail and SMS leave the platform.",
    "Channel Providers": "Gateways that send, and their rules.",
}


class MenuScreen(FrameScreen):
    """One level of the menu.

    Args:
        level: How many parts of the menu path have been entered: 0 shows Admin.
    """

    BINDINGS = bindings_of(MENU)
    place = MENU
    help_topic = (
        "The menu follows the vendor's Studio: Admin, then Omnichannel Communication Automation, then Channel "
        "Providers. Enter or the right arrow goes in, Esc or the left arrow goes back. F10 or ? lists all keys."
    )

    def __init__(self, level: int = 0) -> None:
        super().__init__()
        self.level = level

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
        """The one entry of this level, with what it is about."""
        label = MENU_PATH[self.level]
        columns = (Column("entry", "Menu", width=38), Column("about", "", width=30, flex=1))
        yield RowList(columns, StaticSource([Row(label, (label, _ABOUT[label]), label)]), id="menu")

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
        start(self, partial(self.console_app.enter_menu, self.level + 1), "open")

    async def may_leave(self) -> bool:
        """The first level is where the menu ends: Esc stays there."""
        return self.level > 0
