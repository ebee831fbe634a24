"""The cursor of a list on the rows at hand, and the reading of more as it nears an end."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from ftos_tui.terminal.app import SafeApp
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line_widget import LineWidget
from ftos_tui.widgets.row_feed import PAGE, WINDOW, Load, Row, RowFeed, RowSource, StaticSource

SLOW = 0.15
"""Seconds after which a read that is not done is worth a word."""

_MARGIN = 30
"""Rows beyond the screen that are read ahead."""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A page to read: into which feed, from which row on, and on which row to stand afterwards."""

    load: Load
    feed: RowFeed
    first: int = 0
    key: str | None = None


class RowPager(LineWidget):
    """A cursor that walks a source of any size; only what it can reach soon is held.

    Reads run beside the interface, one at a time; a newer one ends the one before.
    """

    def __init__(
        self, source: RowSource | None, head: bool, key: str | None, id: str | None, classes: str | None
    ) -> None:
        """Start at the first row.

        Args:
            source: Where rows come from; none for no rows.
            head: Whether a head takes the first line.
            key: The row to start on if the first page holds it.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self._head = int(head)
        self._feed = RowFeed(source or StaticSource())
        self._index = self._top = 0
        self._key = key
        self._reading: _Read | None = None
        self._failed: _Read | None = None
        self._slow = False
        self._error = ""
        self._posted: Row | None = None
        self._started = False
        self._outdated = False

    @abstractmethod
    def row_changed(self) -> None:
        """The cursor stands on another row, or on none."""

    @abstractmethod
    def fetch_failed(self, error: Exception) -> None:
        """A page could not be read."""

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None in an empty list."""
        return self._feed.rows[self._index] if self._index < len(self._feed.rows) else None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows at hand: a part of a paged source."""
        return tuple(self._feed.rows)

    @property
    def busy(self) -> bool:
        """Whether a page is being read."""
        return self._reading is not None

    def set_source(self, source: RowSource, key: str | None = None) -> None:
        """Show other rows, from their start. What is on screen stays until the first page has come.

        Args:
            source: Where rows come from now.
            key: The row to put the cursor on if the first page holds it; else the row it stood on is looked for.
        """
        read = _Read(Load.FIRST, RowFeed(source), key=key or (self.row.key if self.row else None))
        if self._started:
            self._start(read)
        else:
            self._feed, self._key = read.feed, read.key

    def reload(self, key: str | None = None, *, keep: bool = True) -> None:
        """Read again what is on screen; the cursor stays on its row.

        Args:
            key: Another row to put the cursor on, if it is read.
            keep: Whether to stay where the cursor is; otherwise the list starts anew, as when the source was told to
                filter or sort otherwise and its old cursors mean nothing any more.
        """
        if not keep:
            self._start(_Read(Load.FIRST, RowFeed(self._newest.source), key=key))
        elif self._newest is self._feed:
            self._start(_Read(Load.AROUND, self._feed, max(0, self._top - _MARGIN), key))
        else:
            self._start(_Read(Load.FIRST, self._newest, key=key))

    def update_rows(self) -> None:
        """Read again what is on screen as soon as nothing else is being read; only lines that differ are painted."""
        if self._reading is not None:
            self._outdated = True
        else:
            self.reload()

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row at hand.

        Args:
            key: The row's key.

        Returns:
            Whether it is at hand.
        """
        for index, row in enumerate(self._feed.rows):
            if row.key == key:
                self._move(index)
                return True
        return False

    @property
    def note(self) -> str:
        """What is to be said about reading; empty for nothing."""
        return self._error or ("loading…" if self._slow else "")

    @property
    def _view(self) -> int:
        """Rows that have room on screen."""
        return max(1, self.size.height - self._head - bool(self.note and self._feed.rows))

    # Moving

    def _move(self, index: int) -> None:
        index = max(0, min(index, len(self._feed.rows) - 1))
        before, top = self._index, self._top
        self._index = index
        self._keep_in_view()
        if self._top != top:
            self.refresh()
        elif index != before:
            self.refresh_lines(*(self._head + at - top for at in (before, index)))
        self._moved()

    def _keep_in_view(self) -> None:
        last = max(0, len(self._feed.rows) - self._view)
        self._top = max(self._index - self._view + 1, min(self._top, self._index, last), 0)

    def _moved(self) -> None:
        if self.row is not self._posted:
            self._posted = self.row
            self.row_changed()
        feed = self._feed
        if self._reading is None and self._failed is None and feed.rows:
            ahead = self._view + _MARGIN
            feed.limit = max(WINDOW, 4 * self._view + 2 * PAGE)
            if not feed.at_end and len(feed.rows) - self._top - self._view < ahead:
                self._start(_Read(Load.AFTER, feed))
            elif not feed.at_start and self._top < ahead:
                self._start(_Read(Load.BEFORE, feed))

    def _jump(self, load: Load) -> None:
        feed = self._newest
        if feed is self._feed and (feed.at_start if load is Load.FIRST else feed.at_end):
            self._move(0 if load is Load.FIRST else len(feed.rows) - 1)
        else:
            self._start(_Read(load, feed))

    @property
    def _newest(self) -> RowFeed:
        """The feed set last, whether or not its first page has come."""
        read = self._reading or self._failed
        return read.feed if read else self._feed

    # Reading

    def on_mount(self) -> None:
        """Read the first page."""
        self._started = True
        self._start(_Read(Load.FIRST, self._feed, key=self._key))

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._keep_in_view()
        self.refresh()
        if self._feed.rows:
            self._moved()

    def _start(self, read: _Read) -> None:
        if isinstance(read.feed.source, StaticSource):
            before = tuple(self._feed.rows)
            read.feed.rows = list(read.feed.source.rows)
            self._take(read, 0, before)
            return
        self._reading = read
        start(self, partial(self._read, read), "rows")

    async def _read(self, read: _Read) -> None:
        timer = self.set_timer(SLOW, self._say_slow)
        before = tuple(self._feed.rows)
        try:
            with self._keys_waiting():
                shift = await read.feed.load(read.load, read.first)
        except Exception as error:
            # Whatever a source raises, the list stays usable and its owner hears of it.
            self._reading, self._failed = None, read
            self._outdated = False
            self._note_is(str(error) or type(error).__name__)
            self.fetch_failed(error)
        else:
            self._take(read, shift, before)
        finally:
            timer.stop()

    def _keys_waiting(self) -> AbstractContextManager[None]:
        """Keys typed ahead are meant for rows: they wait for the first ones, as they do for a screen."""
        if self._feed.rows or not self.has_focus or not isinstance(self.app, SafeApp):
            return nullcontext()
        return self.app.hold_keys()

    def _say_slow(self) -> None:
        self._slow = True
        self._note_is("")

    def _note_is(self, error: str) -> None:
        self._error = error
        self._slow = self._slow and not error
        self._keep_in_view()
        self.refresh(layout=self._auto_height)

    def _take(self, read: _Read, shift: int, before: Sequence[Row]) -> None:
        """Show what was read instead of the rows before, the cursor's row on the line where it was."""
        here = self._posted
        line = self._index - self._top
        shown = self._picture(before)
        self._reading = self._failed = None
        self._slow, self._error, self._feed = False, "", read.feed
        rows = read.feed.rows
        at = {row.key: index for index, row in enumerate(rows)}
        if read.load in (Load.FIRST, Load.LAST):
            self._index = 0 if read.load is Load.FIRST else len(rows) - 1
        else:
            self._index = at.get(here.key if here else "", self._index + shift)
        self._index = max(0, min(at.get(read.key or "", self._index), len(rows) - 1))
        self._top = self._index - line
        self._keep_in_view()
        self._paint_after(shown, resized=self._auto_height and len(before) != len(rows))
        self._moved()
        if self._outdated and self._reading is None:
            self._outdated = False
            self.reload()

    def _picture(self, rows: Sequence[Row]) -> tuple[object, tuple[Row, ...]]:
        """What the screen shows of rows, and what it shows besides."""
        waiting = not rows and self._reading is not None
        return (self._index - self._top, self.note, waiting), tuple(rows[self._top : self._top + self._view])

    def _paint_after(self, shown: tuple[object, tuple[Row, ...]], *, resized: bool) -> None:
        """Paint what differs from what was shown: nothing, a few lines, or all."""
        (frame, before), (now_frame, now) = shown, self._picture(self._feed.rows)
        if resized or frame != now_frame or len(before) != len(now):
            self.refresh(layout=self._auto_height)
            return
        self.refresh_lines(*(self._head + at for at in range(len(now)) if before[at] != now[at]))

    @property
    def _auto_height(self) -> bool:
        height = self.styles.height
        return height is not None and height.is_auto
