"""Where the columns of a list stand at a given width."""

from collections.abc import Sequence
from dataclasses import dataclass

from ftos_tui.widgets.cells import Align

GAP = 1
"""Cells between two columns."""

_LEAST = 3
"""Cells below which the rest of a column behind the edge is not shown: there would be little more than a `…`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    Attributes:
        key: By what messages name it.
        title: What its head says.
        width: Cells it would like.
        min_width: Cells it can do with; 0 for `width`.
        flex: Its share of the cells left over; 0 for none.
        align: At which side its text stands.
        drop: When it goes as the list gets narrow: 0 never, otherwise the greatest goes first.
        sortable: Whether a list may be sorted by it.
        sentence: Whether its texts are read from their start, so that they are cut at their end, not in their middle
            as names are, which often differ at their end.
    """

    key: str
    title: str
    width: int
    min_width: int = 0
    flex: int = 0
    align: Align = "left"
    drop: int = 0
    sortable: bool = True
    sentence: bool = False

    @property
    def least(self) -> int:
        """The cells it can do with."""
        return min(self.min_width or self.width, self.width)


@dataclass(frozen=True, slots=True)
class Placed:
    """A column at its place.

    Attributes:
        index: Which of a row's cells it shows.
        column: The column.
        x: Its first cell.
        width: Its cells, 1 or more.
    """

    index: int
    column: Column
    x: int
    width: int


def lay_out(columns: Sequence[Column], width: int, skip: int = 0) -> tuple[Placed, ...]:
    """Place the columns in a width.

    Columns that may go are dropped until the narrowest form of the rest fits; then wide ones give way cell by cell,
    or what is left over goes to the flexible ones.

    Args:
        columns: All columns, from the left.
        width: Cells at hand.
        skip: How many columns behind the first are scrolled away.

    Returns:
        The columns there is room for, from the left.
    """
    chosen = [(index, column) for index, column in enumerate(columns) if index == 0 or index > skip]
    while len(chosen) > 1 and _total([column.least for _, column in chosen]) > width:
        droppable = [pair for pair in chosen if pair[1].drop and pair[0]]
        if not droppable:
            break
        chosen.remove(max(droppable, key=lambda pair: (pair[1].drop, pair[0])))
    widths = _widths([column for _, column in chosen], width)
    placed: list[Placed] = []
    x = 0
    for (index, column), cells in zip(chosen, widths, strict=True):
        if x >= width or (placed and width - x < min(cells, _LEAST)):
            break
        placed.append(Placed(index, column, x, min(cells, width - x)))
        x += cells + GAP
    return tuple(placed)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    widths = [column.width for column in columns]
    while (over := _total(widths) - width) > 0:
        slack = [have - column.least for have, column in zip(widths, columns, strict=True)]
        most = max(range(len(columns)), key=slack.__getitem__, default=0)
        if not columns or slack[most] <= 0:
            return widths
        widths[most] -= min(over, max(1, slack[most] // 2))
    spare = width - _total(widths)
    shares = sum(column.flex for column in columns)
    for index, column in enumerate(columns):
        if column.flex:
            given = spare * column.flex // shares
            widths[index] += given
            spare -= given
            shares -= column.flex
    return widths
