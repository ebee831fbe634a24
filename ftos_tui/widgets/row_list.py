"""A keyboard list over a source of any size: one line a row, read page by page as the cursor nears an end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ftos_tui.widgets.cells import cut, fit, shown, width_of, wrapped
from ftos_tui.widgets.columns import GAP, Column, Placed, lay_out
from ftos_tui.widgets.line_widget import Piece, fill
from ftos_tui.widgets.row_feed import Load, Row, RowSource, StaticSource
from ftos_tui.widgets.row_pager import RowPager

__all__ = ["Column", "Row", "RowList", "RowSource", "StaticSource"]

GUTTER = 2
"""Cells before the first column: the cursor's sign and the row's mark."""

_RETRY = " · r tries again"


def _keys(keys: str, action: str, description: str) -> Binding:
    return Binding(keys, action, description, show=False, id=f"list.{action}")


class RowList(RowPager, can_focus=True):
    """A list of rows with a cursor, a head and a note line for what is going on.

    It never holds more than a few hundred rows of a paged source, and moving the cursor paints two lines.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--head",
        "row-list--cursor",
        "row-list--mark",
        "row-list--note",
        "row-list--error",
    }

    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        & > .row-list--head { text-style: bold; }
        & > .row-list--mark { color: $warning; }
        & > .row-list--note { color: $text-muted; }
        & > .row-list--error { color: $error; text-style: bold; }
        & > .row-list--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .row-list--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        &:ansi > .row-list--note { color: ansi_default; }
        &:ansi:focus > .row-list--cursor { color: ansi_default; background: ansi_default; text-style: bold reverse; }
        &:nocolor:focus > .row-list--cursor { text-style: bold reverse; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _keys("down,j", "next", "Next row"),
        _keys("up,k", "previous", "Row before"),
        _keys("pagedown", "page_down", "A page down"),
        _keys("pageup", "page_up", "A page up"),
        _keys("ctrl+d", "half_down", "Half a page down"),
        _keys("ctrl+u", "half_up", "Half a page up"),
        _keys("home,g", "first", "First row"),
        _keys("end,G", "last", "Last row"),
        _keys("enter", "choose", "Open the row"),
        _keys("right", "columns_right", "Columns to the right"),
        _keys("left", "columns_left", "Columns to the left"),
        _keys("s,greater_than_sign", "sort_next", "Sort by the next column"),
        _keys("less_than_sign", "sort_previous", "Sort by the column before"),
        _keys("S", "sort_reverse", "Turn the order round"),
        _keys("r", "retry", "Try again to read"),
    ]

    @dataclass
    class Highlighted(Message):
        """The cursor stands on another row, or on none."""

        row_list: "RowList"
        row: Row | None

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.row_list

        def can_replace(self, message: Message) -> bool:
            """Only the last of several matters."""
            return isinstance(message, RowList.Highlighted) and message.row_list is self.row_list

    @dataclass
    class Chosen(Message):
        """Enter or a double click on a row."""

        row_list: "RowList"
        row: Row

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.row_list

    @dataclass
    class SortRequested(Message):
        """The operator asks for an order; whoever owns the source gives it with `set_source`."""

        row_list: "RowList"
        column: str
        descending: bool

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.row_list

    @dataclass
    class FetchFailed(Message):
        """A page could not be read; the list says so and keeps what it has."""

        row_list: "RowList"
        error: Exception

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.row_list

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource | None = None,
        *,
        empty_text: str = "Nothing here.",
        head: bool = True,
        sort: tuple[str, bool] | None = None,
        cursor_key: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make a list.

        Args:
            columns: Its columns, from the left.
            source: Where its rows come from; none for an empty list.
            empty_text: What it says when there are no rows.
            head: Whether the titles of the columns stand above.
            sort: The key of the column it is sorted by, and whether the greatest comes first; None where it cannot
                be sorted.
            cursor_key: The row to start on if the first page holds it.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(source, head, cursor_key, id, classes)
        self.columns = tuple(columns)
        self.empty_text = empty_text
        self._sort = sort
        self._skip = 0

    @property
    def sort(self) -> tuple[str, bool] | None:
        """The key of the column the source is sorted by, and whether the greatest comes first.

        Setting it moves the mark only: `set_source` or `reload(keep=False)` brings the rows in that order.
        """
        return self._sort

    @sort.setter
    def sort(self, sort: tuple[str, bool] | None) -> None:
        self._sort = sort
        self.refresh_lines(0)

    def row_changed(self) -> None:
        """Post `Highlighted`."""
        self.post_message(self.Highlighted(self, self.row))

    def fetch_failed(self, error: Exception) -> None:
        """Post `FetchFailed`."""
        self.post_message(self.FetchFailed(self, error))

    # Drawing

    def line_count(self, width: int) -> int:
        """The head and all rows at hand."""
        if not self._feed.rows and self._error:
            return self._head + len(self._trouble(width))
        return self._head + max(1, len(self._feed.rows)) + bool(self.note and self._feed.rows)

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """The head, a row, or the note on the last line."""
        body = y - self._head
        rows = self._feed.rows
        if body < 0:
            yield from self._draw_head(width)
        elif self._error and not rows:
            lines = self._trouble(width)
            yield fit(lines[body] if body < len(lines) else "", width), "row-list--error"
        elif self.note and (body == self._view if rows else body == 0):
            style = "row-list--error" if self._error else "row-list--note"
            yield self._note_text(width), style
        elif not rows and not self._reading:
            lines = wrapped(self.empty_text, width - GUTTER)
            yield fit(f"{' ' * GUTTER}{lines[body]}" if body < len(lines) else "", width), "row-list--note"
        elif self._top + body < len(rows) and body < self._view:
            yield from self._draw_row(self._top + body, width)

    def _draw_head(self, width: int) -> Iterator[Piece]:
        placed = self._placed(width)
        more = len(placed) + self._skip < len(self.columns)
        yield f"{'‹' if self._skip else ' '}{'›' if more else ' '}", "row-list--head"
        for place in placed:
            title = place.column.title
            if self._sort and self._sort[0] == place.column.key:
                title = f"{cut(title, place.width - 1)}{'▼' if self._sort[1] else '▲'}"
            yield fit(title, place.width, place.column.align) + " " * GAP, "row-list--head"

    def _draw_row(self, index: int, width: int) -> Iterator[Piece]:
        row = self._feed.rows[index]
        cells = " ".join(
            fit(
                row.cells[place.index] if place.index < len(row.cells) else "",
                place.width,
                place.column.align,
                sentence=place.column.sentence,
            )
            for place in self._placed(width)
        )
        mark = fit(row.mark, 1)
        if index == self._index:
            yield from fill([("▸" + mark + cells, "row-list--cursor")], width, "row-list--cursor")
        else:
            yield " ", ""
            yield mark, "row-list--mark" if row.mark else ""
            yield cells.rstrip(), ""

    def _placed(self, width: int) -> tuple[Placed, ...]:
        return lay_out(self.columns, width - GUTTER, self._skip)

    def _note_text(self, width: int) -> str:
        if not self._error:
            return fit(f"  {self.note}", width)
        return fit(cut(f"✗ {shown(self._error)}", width - width_of(_RETRY)) + _RETRY, width)

    def _trouble(self, width: int) -> list[str]:
        """Why there are no rows: the whole sentence, there is room for it."""
        first, *rest = wrapped(f"{self._error}{_RETRY}", width - GUTTER)
        return [f"✗ {first}", *(f"{' ' * GUTTER}{line}" for line in rest)]

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys that would do nothing here to the screen."""
        if action == "retry":
            return self._failed is not None
        if action.startswith("sort_"):
            return self._sort is not None
        if action == "columns_left":
            return self._skip > 0
        if action == "columns_right":
            return len(self._placed(self.size.width)) + self._skip < len(self.columns)
        return True

    def action_next(self) -> None:
        """One row down."""
        self._move(self._index + 1)

    def action_previous(self) -> None:
        """One row up."""
        self._move(self._index - 1)

    def action_page_down(self) -> None:
        """A screenful down."""
        self._move(self._index + self._view)

    def action_page_up(self) -> None:
        """A screenful up."""
        self._move(self._index - self._view)

    def action_half_down(self) -> None:
        """Half a screenful down."""
        self._move(self._index + self._view // 2)

    def action_half_up(self) -> None:
        """Half a screenful up."""
        self._move(self._index - self._view // 2)

    def action_first(self) -> None:
        """To the source's first row."""
        self._jump(Load.FIRST)

    def action_last(self) -> None:
        """To the source's last row."""
        self._jump(Load.LAST)

    def action_choose(self) -> None:
        """Say that the row under the cursor was chosen."""
        if self.row is not None:
            self.post_message(self.Chosen(self, self.row))

    def action_columns_right(self) -> None:
        """Scroll one column away so that those that had no room appear."""
        self._skip += 1
        self.refresh()

    def action_columns_left(self) -> None:
        """Bring the column scrolled away last back."""
        self._skip -= 1
        self.refresh()

    def action_sort_next(self) -> None:
        """Ask for the order by the next column."""
        self._sort_by(1)

    def action_sort_previous(self) -> None:
        """Ask for the order by the column before."""
        self._sort_by(-1)

    def action_sort_reverse(self) -> None:
        """Ask for the other direction."""
        if self._sort is not None:
            self.post_message(self.SortRequested(self, self._sort[0], not self._sort[1]))

    def action_retry(self) -> None:
        """Read again what could not be read."""
        if self._failed is not None:
            read, self._failed = self._failed, None
            self._start(read)

    def _sort_by(self, step: int) -> None:
        keys = [column.key for column in self.columns if column.sortable]
        if keys and self._sort is not None:
            at = keys.index(self._sort[0]) if self._sort[0] in keys else min(-step, 0)
            self.post_message(self.SortRequested(self, keys[(at + step) % len(keys)], False))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a double click opens, a click on a title sorts."""
        event.stop()
        body = event.y - self._head
        if body < 0:
            self._click_title(event.x - GUTTER)
        elif body < self._view and self._top + body < len(self._feed.rows):
            self._move(self._top + body)
            if event.chain == 2:
                self.action_choose()

    def _click_title(self, x: int) -> None:
        for place in self._placed(self.size.width):
            key = place.column.key
            if place.x <= x < place.x + place.width and place.column.sortable and self._sort is not None:
                self.post_message(self.SortRequested(self, key, self._sort == (key, False)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        event.stop()
        self._move(self._index + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        event.stop()
        self._move(self._index - 3)
