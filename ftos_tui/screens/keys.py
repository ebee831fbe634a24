"""The keys that work on a screen, filtered as you type."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import Input

from ftos_tui.actions import Action
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.widgets.field_row import FieldRow
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource
from ftos_tui.widgets.text_input import OneLineInput

_LIST_KEYS = (
    ("j k ↓ ↑", "Next and previous row."),
    ("g G Home End", "First and last row."),
    ("PgDn PgUp", "A page on and back."),
)
_TEXT_KEYS = (("↓ ↑ PgDn PgUp Home End", "Through the text."),)
_SORT_KEYS = (("s S", "Sort by the next column; reverse the order."),)
_LOG_KEYS = ("l f + -", "Status log", "In the status log: which levels, follow or hold still, a line more or less.")
_FORM_KEYS = (
    ("Tab ↓", "Next field."),
    ("Shift+Tab ↑", "Previous field."),
    ("Space ← →", "Another option of a select, on or off of a switch."),
)


def moves_on(screen: FrameScreen) -> tuple[tuple[str, str], ...]:
    """The keys that move about on a screen, and what each does: they are its lists' and fields' own.

    Args:
        screen: A screen that is shown.
    """
    if screen.query(FieldRow):
        return _FORM_KEYS
    lists = screen.query(RowList)
    if not lists:
        return _TEXT_KEYS
    return (*_LIST_KEYS, *(_SORT_KEYS if any(rows.sort is not None for rows in lists) else ()))


class KeysScreen(FrameScreen):
    """What can be pressed where the operator came from; the key that opened it closes it.

    Args:
        actions: The actions that work there.
        path: The breadcrumb of where that is.
        moves: The keys that move about there, and what each does.
    """

    help_topic = "Type a part of a key or of what it does. Keys are changed in the settings file under [keys]."

    def __init__(self, actions: Sequence[Action], path: tuple[str, ...], moves: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.listed = actions
        self.path = path
        self.moves = moves

    def breadcrumb(self) -> tuple[str, ...]:
        """The way to where they were asked for, and what is listed."""
        return (*self.path, "Keys")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (("type", "Filter"), "everywhere.back", "everywhere.help")

    def rows(self, wanted: str) -> list[Row]:
        """The rows that contain a text in their key, name or description."""
        found: list[Row] = []
        cells = [(self.console_app.keys_of(action), action.label, action.description) for action in self.listed]
        cells += [(keys, "Move", description) for keys, description in self.moves]
        cells.append(_LOG_KEYS)
        for keys, label, description in cells:
            if wanted.casefold() in f"{keys} {label} {description}".casefold():
                found.append(Row(f"{keys} {label}", (keys or "command", label, description), len(found)))
        return found

    def content(self) -> Iterable[Widget]:
        """The filter and the list."""
        yield OneLineInput(placeholder="Filter by key, name or what it does", id="filter")
        columns = (
            Column("keys", "Key", width=16),
            Column("label", "Action", width=19),
            Column("description", "What it does", width=30, flex=1, sentence=True),
        )
        yield RowList(columns, StaticSource(self.rows("")), id="keys", empty_text="No key does that here.")
        yield Line(most=2, id="description")

    def on_mount(self) -> None:
        """Filtering starts with the first letter typed."""
        super().on_mount()
        self.focus_content()

    def action_keys(self) -> None:
        """Goes back: they are listed already."""
        self.action_back()

    def focus_content(self) -> None:
        """Puts the focus on the filter."""
        self.set_focus(self.query_one("#filter"))

    async def on_input_changed(self, event: Input.Changed) -> None:
        """Shows the rows that match what was typed."""
        event.stop()
        self.query_one("#keys", RowList).set_source(StaticSource(self.rows(event.value)))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says in full what the column had no room for."""
        event.stop()
        self.query_one("#description", Line).text = event.row.cells[2] if event.row else ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter moves on into the list."""
        event.stop()
        self.set_focus(self.query_one("#keys"))

    def key_down(self) -> None:
        """The arrow moves on into the list, as Enter does."""
        self.set_focus(self.query_one("#keys"))
