"""Rows of a list read page by page: a bounded window on a source that may hold any number of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

PAGE = 100
"""Rows asked for at once."""

WINDOW = 400
"""Rows held at most, while a screen shows up to fifty."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list.

    Attributes:
        key: What it is known by, unique in its source.
        cells: Its texts, one a column.
        cursor: Where it stands in the source's order; only the source understands it.
        mark: A sign of one cell before it, empty for none.
    """

    key: str
    cells: tuple[str, ...]
    cursor: object = None
    mark: str = ""


class RowSource(Protocol):
    """Where rows come from."""

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """Read a page without blocking the event loop.

        Args:
            after: The cursor of the row the page starts behind, or ends before when `backwards`; None for the first
                page, or for the last one when `backwards`.
            backwards: Whether to read towards the start.
            limit: Most rows to give, 1 or more. Fewer say that the source ends there.

        Returns:
            The rows, always in the order of the list.

        Raises:
            Exception: Whatever goes wrong; a list shows its text.
        """


class StaticSource:
    """Rows that are all at hand: a menu, the statuses of one provider, the keys of a screen."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        """Take the rows.

        Args:
            rows: All rows in order; their cursors are not used.
        """
        self.rows = tuple(rows)

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """All rows; see `RowSource.fetch`."""
        del after, backwards, limit
        return self.rows


class Load(Enum):
    """Which page to read."""

    FIRST = auto()
    LAST = auto()
    AFTER = auto()
    BEFORE = auto()
    AROUND = auto()


class RowFeed:
    """The rows at hand, and how to come by more.

    Attributes:
        rows: The window, in order.
        at_start: Whether the first row is the source's first.
        at_end: Whether the last row is the source's last.
        limit: Rows held at most; `WINDOW` unless a tall screen needs more.
    """

    def __init__(self, source: RowSource) -> None:
        """Start with nothing read, or with all of a static source.

        Args:
            source: Where rows come from.
        """
        self.source = source
        self.limit = WINDOW
        self.rows: list[Row] = list(source.rows) if isinstance(source, StaticSource) else []
        self.at_start = self.at_end = isinstance(source, StaticSource)

    async def load(self, load: Load, first: int = 0) -> int:
        """Read one page and take it into the window.

        Nothing changes when the read fails or is cancelled.

        Args:
            load: Which page.
            first: For `AROUND`: the index of the first row to read again.

        Returns:
            By how much rows moved: a row at index i is now near i plus this.

        Raises:
            Exception: What the source raised.
        """
        if load is Load.AFTER and self.rows:
            return self._extend_after(await self.source.fetch(self.rows[-1].cursor, False, PAGE))
        if load is Load.BEFORE and self.rows:
            return self._extend_before(await self.source.fetch(self.rows[0].cursor, True, PAGE))
        if load is Load.AROUND:
            # Without the source's start at hand the first row can only be a mark to read behind.
            first = max(first, 0 if self.at_start else 1)
            if 0 < first <= len(self.rows):
                return await self._read_again(first)
        backwards = load is Load.LAST
        self._replace(await self.source.fetch(None, backwards, PAGE), start=not backwards, end=backwards)
        return 0

    async def _read_again(self, first: int) -> int:
        rows = await self.source.fetch(self.rows[first - 1].cursor, False, PAGE)
        if rows:
            self._replace(rows, start=False, end=False)
            return -first
        # All that stood here is gone: what is left ends before it.
        await self.load(Load.LAST)
        return 0

    def _replace(self, rows: Sequence[Row], *, start: bool, end: bool) -> None:
        self.rows = list(rows)
        whole = len(rows) < PAGE or isinstance(self.source, StaticSource)
        self.at_start, self.at_end = start or (end and whole), end or whole

    def _without(self, rows: Sequence[Row]) -> list[Row]:
        """The window without rows just read again: a row that moved between two reads must not stand there twice."""
        again = {row.key for row in rows}
        return [row for row in self.rows if row.key not in again]

    def _extend_after(self, rows: Sequence[Row]) -> int:
        self.at_end = len(rows) < PAGE
        self.rows = [*self._without(rows), *rows]
        surplus = max(0, len(self.rows) - self.limit)
        if surplus:
            del self.rows[:surplus]
            self.at_start = False
        return -surplus

    def _extend_before(self, rows: Sequence[Row]) -> int:
        self.at_start = len(rows) < PAGE
        self.rows = [*rows, *self._without(rows)]
        if len(self.rows) > self.limit:
            del self.rows[self.limit :]
            self.at_end = False
        return len(rows)
