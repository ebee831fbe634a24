"""The status log at the foot of a screen: what happened, newest last."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.widgets.cells import fit, width_of, wrapped
from ftos_tui.widgets.choice_field import field_key
from ftos_tui.widgets.line_widget import LineWidget, Piece

KEPT = 1000
"""Entries held at most; the log file has all of them."""

_SURPLUS = 100
"""Entries above `KEPT` before the oldest go, all at once."""

LEAST_HEIGHT = 2
"""Lines of the smallest pane: its rule and one entry."""

SIGNS = {Level.INFO: "·", Level.SUCCESS: "✓", Level.WARNING: "!", Level.ERROR: "✗"}
"""What stands before a message; tells the level without colour."""

_FILTERS = {
    Level.INFO: "all levels",
    Level.SUCCESS: "success and above",
    Level.WARNING: "warning and above",
    Level.ERROR: "errors only",
}


class LogPane(LineWidget, can_focus=True):
    """A rule with the pane's state, and the last entries under it; long messages wrap."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-pane--rule",
        *(f"log-pane--{level.value}" for level in Level),
    }

    DEFAULT_CSS = """
    LogPane {
        height: 4;
        & > .log-pane--rule { color: $text-muted; }
        & > .log-pane--success { color: $success; }
        & > .log-pane--warning { color: $warning; text-style: bold; }
        & > .log-pane--error { color: $error; text-style: bold; }
        &:ansi > .log-pane--rule { color: ansi_default; }
        &:focus > .log-pane--rule { color: $foreground; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        field_key("down,j", "down", "A line down", "log"),
        field_key("up,k", "up", "A line up", "log"),
        field_key("pagedown", "page_down", "A page down", "log"),
        field_key("pageup", "page_up", "A page up", "log"),
        field_key("home,g", "oldest", "Oldest entry", "log"),
        field_key("end,G", "newest", "Newest entry", "log"),
        field_key("f", "follow", "Follow, or hold still", "log"),
        field_key("l", "level", "Which levels are shown", "log"),
        field_key("plus", "grow", "A line more", "log"),
        field_key("minus", "shrink", "A line less", "log"),
    ]

    @dataclass
    class Resized(Message):
        """The operator made the pane larger or smaller; `height` is in lines."""

        log_pane: "LogPane"
        height: int

        @property
        def control(self) -> "LogPane":
            """The pane."""
            return self.log_pane

    def __init__(self, entries: Iterable[LogEntry] = (), *, id: str | None = None, classes: str | None = None) -> None:
        """Make a pane.

        Args:
            entries: What happened so far, oldest first.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self._entries = list(entries)[-KEPT:]
        self._least = Level.INFO
        self._following = True
        self._top = 0
        self._unseen = 0
        self._laid: tuple[int, date | None] | None = None
        self._lines: list[tuple[Level, str]] = []

    # What others ask of it

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """What it holds, oldest first, whatever the filter."""
        return tuple(self._entries)

    @property
    def following(self) -> bool:
        """Whether the newest entry is kept in sight."""
        return self._following

    def load(self, entries: Iterable[LogEntry]) -> None:
        """Show these entries instead.

        Args:
            entries: What happened, oldest first; the last thousand are kept.
        """
        kept = list(entries)[-KEPT:]
        if kept != self._entries:
            self._entries = kept
            self._lay_again()

    def add(self, entry: LogEntry) -> None:
        """Show one more entry; where the pane follows, only lines that changed are painted.

        Args:
            entry: What happened just now.
        """
        first, count = self._first, len(self._lay())
        self._entries.append(entry)
        if len(self._entries) > KEPT + _SURPLUS:
            del self._entries[:-KEPT]
            self._lay_again()
            return
        if not entry.level.at_least(self._least):
            return
        self._unseen += not self._following
        if self._laid is None or self._laid[1] != entry.at.astimezone(UTC).date():
            self._lay_again()
            return
        self._lines += self._lines_of(entry, *self._laid)
        if self._first != first:
            self.refresh()
        else:
            self.refresh_lines(*(1 + at - first for at in range(count, len(self._lines))))
            if not self._following:
                self.refresh_lines(0)

    # Drawing

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """The rule, or a line of an entry."""
        if y == 0:
            yield self._rule(width), "log-pane--rule"
            return
        lines = self._lay()
        at = self._first + y - 1
        if at < len(lines):
            level, text = lines[at]
            yield text, "" if level is Level.INFO else f"log-pane--{level.value}"

    def _rule(self, width: int) -> str:
        state = "following" if self._following else f"held, {self._unseen} new" if self._unseen else "held"
        line = f"── Status log ── {_FILTERS[self._least]} ── {state} "
        return fit(line + "─" * (width - width_of(line)), width)

    @property
    def _body(self) -> int:
        return max(1, self.size.height - 1)

    @property
    def _last(self) -> int:
        """The first line on screen when the newest is the last one."""
        return max(0, len(self._lay()) - self._body)

    @property
    def _first(self) -> int:
        return self._last if self._following else min(self._top, self._last)

    def _lay(self) -> list[tuple[Level, str]]:
        """All lines at the width at hand."""
        today = self._entries[-1].at.astimezone(UTC).date() if self._entries else None
        if self._laid != (self.size.width, today):
            self._laid = (self.size.width, today)
            shown = [entry for entry in self._entries if entry.level.at_least(self._least)]
            self._lines = [line for entry in shown for line in self._lines_of(entry, *self._laid)]
        return self._lines

    def _lay_again(self) -> None:
        self._laid = None
        self.refresh()

    @staticmethod
    def _lines_of(entry: LogEntry, width: int, today: date | None) -> list[tuple[Level, str]]:
        at = entry.at.astimezone(UTC)
        # An old entry must not pass for one of today.
        day = "" if at.date() == today else f"{at:%Y-%m-%d} "
        head = f"{day}{at:%H:%M:%S} {SIGNS[entry.level]} "
        texts = wrapped(entry.message, width - width_of(head))
        return [(entry.level, (" " * width_of(head) if index else head) + text) for index, text in enumerate(texts)]

    # Actions

    def _scroll(self, lines: int) -> None:
        first, following = self._first, self._following
        self._top = max(0, min(first + lines, self._last))
        self._following = self._top == self._last if lines > 0 else self._following and not self._top < first
        self._seen()
        if self._top != first:
            self.refresh()
        elif self._following != following:
            self.refresh_lines(0)

    def _seen(self) -> None:
        if self._following:
            self._unseen = 0

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self._lay_again()

    def action_down(self) -> None:
        """A line down."""
        self._scroll(1)

    def action_up(self) -> None:
        """A line up; the pane holds still from then on."""
        self._scroll(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self._scroll(self._body)

    def action_page_up(self) -> None:
        """A page up."""
        self._scroll(-self._body)

    def action_oldest(self) -> None:
        """To the oldest entry."""
        self._scroll(-len(self._lay()))

    def action_newest(self) -> None:
        """To the newest entry, and follow."""
        self._scroll(max(1, len(self._lay())))

    def action_follow(self) -> None:
        """Follow the newest entry, or hold still."""
        self._top = self._first
        self._following = not self._following
        self._seen()
        self.refresh()

    def action_level(self) -> None:
        """Show fewer levels, after errors all of them again."""
        levels = list(Level)
        self._least = levels[(levels.index(self._least) + 1) % len(levels)]
        self._lay_again()

    def action_grow(self) -> None:
        """A line more."""
        self._resize(self._wanted_height + 1)

    def action_shrink(self) -> None:
        """A line less."""
        self._resize(self._wanted_height - 1)

    @property
    def _wanted_height(self) -> int:
        """The height it has, or gets with the next layout: keys may come quicker than that."""
        height = self.styles.height
        return self.size.height if height is None or height.cells is None else height.cells

    def _resize(self, height: int) -> None:
        height = max(LEAST_HEIGHT, min(height, self.screen.size.height // 2))
        if height != self._wanted_height:
            self.styles.height = height
            self.post_message(self.Resized(self, height))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self._scroll(-3)
