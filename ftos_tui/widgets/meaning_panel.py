"""What the values mean: titled lines beside a form, repainted only where they changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import events
from textual.binding import BindingType

from ftos_tui.widgets.cells import wrapped
from ftos_tui.widgets.choice_field import field_key
from ftos_tui.widgets.line_widget import LineWidget, Piece


class Drawn(Protocol):
    """Something that is drawn over the panel's width: a window bar, a plot."""

    def lines(self, width: int) -> list[str]:
        """Its lines, of at most `width` cells each."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the panel.

    Attributes:
        title: What it is about.
        lines: Sentences, wrapped to the panel's width, and what is drawn over it.
    """

    title: str
    lines: tuple[str | Drawn, ...]


class MeaningPanel(LineWidget, can_focus=True):
    """A scrolling list of sections."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"meaning-panel--title", "meaning-panel--more"}

    DEFAULT_CSS = """
    MeaningPanel {
        height: 1fr;
        & > .meaning-panel--title { text-style: bold; }
        & > .meaning-panel--more { color: $text-muted; }
        &:ansi > .meaning-panel--more { color: ansi_default; }
        &:focus > .meaning-panel--title { text-style: bold underline; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        field_key("down,j", "down", "A line down", "panel"),
        field_key("up,k", "up", "A line up", "panel"),
        field_key("pagedown", "page_down", "A page down", "panel"),
        field_key("pageup", "page_up", "A page up", "panel"),
        field_key("home,g", "top", "To the start", "panel"),
        field_key("end,G", "bottom", "To the end", "panel"),
    ]

    def __init__(self, sections: Sequence[Section] = (), *, id: str | None = None, classes: str | None = None) -> None:
        """Make a panel.

        Args:
            sections: What it shows.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self._sections = tuple(sections)
        self._laid: tuple[int, list[Piece]] = (-1, [])
        self._top = 0

    @property
    def sections(self) -> tuple[Section, ...]:
        """What it shows. Setting it keeps the place it is scrolled to."""
        return self._sections

    @sections.setter
    def sections(self, sections: Sequence[Section]) -> None:
        before = self._lines(self.size.width)
        self._sections = tuple(sections)
        self._laid = (-1, [])
        after = self._lines(self.size.width)
        if len(before) != len(after):
            self._top = max(0, min(self._top, len(after) - self.size.height))
            self.refresh(layout=True)
        else:
            changed = [index for index, line in enumerate(after) if line != before[index]]
            self.refresh_lines(*(index - self._top for index in changed))

    def line_count(self, width: int) -> int:
        """The lines of all sections."""
        return len(self._lines(width))

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """One line; the last one on screen says when there is more."""
        lines = self._lines(width)
        at = self._top + y
        if y == self.size.height - 1 and at < len(lines) - 1:
            yield f"↓ {len(lines) - at} more lines"[:width], "meaning-panel--more"
        elif at < len(lines):
            yield lines[at]

    def _lines(self, width: int) -> list[Piece]:
        if self._laid[0] != width:
            lines: list[Piece] = []
            for section in self._sections:
                if lines:
                    lines.append(("", ""))
                lines += [(line, "meaning-panel--title") for line in wrapped(section.title, width)]
                for item in section.lines:
                    drawn = wrapped(item, width) if isinstance(item, str) else item.lines(width)
                    lines += [(line, "") for line in drawn]
            self._laid = (width, lines)
        return self._laid[1]

    def _scroll(self, lines: int) -> None:
        last = max(0, len(self._lines(self.size.width)) - self.size.height)
        top = max(0, min(self._top + lines, last))
        if top != self._top:
            self._top = top
            self.refresh()

    def on_resize(self) -> None:
        """Keep the end at the bottom when there is more room."""
        self._scroll(0)

    def action_down(self) -> None:
        """A line down."""
        self._scroll(1)

    def action_up(self) -> None:
        """A line up."""
        self._scroll(-1)

    def action_page_down(self) -> None:
        """A screenful down; one line stays."""
        self._scroll(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        """A screenful up; one line stays."""
        self._scroll(-max(1, self.size.height - 1))

    def action_top(self) -> None:
        """To the start."""
        self._scroll(-len(self._lines(self.size.width)))

    def action_bottom(self) -> None:
        """To the end."""
        self._scroll(len(self._lines(self.size.width)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self._scroll(-3)
