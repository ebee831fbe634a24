"""How screens show a difference: a row a field, and what follows from it under it."""

from collections.abc import Iterable, Sequence

from ftos_tui.domain.diff import DiffRow
from ftos_tui.widgets.meaning_panel import Section
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource

_COLUMNS = (
    Column("field", "Field", width=22, flex=1, sortable=False),
    Column("change", "Change", width=8, sortable=False),
    Column("before", "Before", width=20, flex=2, sortable=False),
    Column("after", "After", width=20, flex=2, sortable=False),
)
NOTHING = "—"
"""Stands for a value that is not there."""


def diff_list(rows: Sequence[DiffRow], list_id: str) -> RowList:
    """A list of differences.

    Args:
        rows: What differs.
        list_id: The widget's id.
    """
    return RowList(_COLUMNS, StaticSource(diff_rows(rows)), id=list_id, empty_text="No difference.")


def diff_rows(rows: Sequence[DiffRow]) -> list[Row]:
    """The lines of the list; a row's key is its place."""
    return [
        Row(str(place), (row.label, str(row.change), row.before or NOTHING, row.after or NOTHING))
        for place, row in enumerate(rows)
    ]


def in_full(row: Row | None) -> str:
    """What the columns had no room for; empty where they had."""
    return f"{row.cells[0]}: {row.cells[2]} → {row.cells[3]}" if row is not None else ""


def what_follows(sentences: Iterable[str]) -> Section:
    """The consequences of a difference, as a panel shows them."""
    return Section("What follows", tuple(f"→ {sentence}" for sentence in sentences) or ("Nothing else.",))
