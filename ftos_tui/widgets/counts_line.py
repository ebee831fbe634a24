"""How many records there are of each kind, on a line or two; the kind that is shown stands out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message

from ftos_tui.widgets.cells import cut, width_of
from ftos_tui.widgets.line_widget import LineWidget, Piece

_BETWEEN = "  "


@dataclass(frozen=True, slots=True)
class Count:
    """One kind: the key that chooses it, what it is called, how many there are, and whether it is shown now."""

    key: str
    label: str
    number: int
    chosen: bool = False

    @property
    def text(self) -> str:
        """As it stands on the line; brackets tell the chosen one without colour."""
        told = f"{self.key} {self.label} {self.number:,}"
        return f"[{told}]" if self.chosen else f" {told} "


class CountsLine(LineWidget):
    """Counts that paint only the lines that differ; a click chooses a kind.

    Args:
        most: The most lines it may take.
        id: The widget's id.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"counts-line--chosen"}
    DEFAULT_CSS = """
    CountsLine { height: auto; & > .counts-line--chosen { text-style: bold; } }
    """

    @dataclass
    class Pressed(Message):
        """A kind was clicked."""

        key: str

    def __init__(self, *, most: int = 2, id: str | None = None) -> None:
        super().__init__(id=id)
        self.most = most
        self._counts: tuple[Count, ...] = ()

    @property
    def counts(self) -> tuple[Count, ...]:
        """What it shows; setting it repaints what differs."""
        return self._counts

    @counts.setter
    def counts(self, counts: Sequence[Count]) -> None:
        width = self.size.width
        before = self._lines(width)
        self._counts = tuple(counts)
        after = self._lines(width)
        if len(before) != len(after):
            self.refresh(layout=True)
        else:
            self.refresh_lines(*(y for y, line in enumerate(after) if line != before[y]))

    def line_count(self, width: int) -> int:
        """The lines it takes, at least one."""
        return len(self._lines(width))

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """One of its lines."""
        lines = self._lines(width)
        for count in lines[y] if y < len(lines) else ():
            yield cut(count.text, width), "counts-line--chosen" if count.chosen else ""
            yield _BETWEEN, ""

    def on_click(self, event: events.Click) -> None:
        """Says which kind was clicked."""
        event.stop()
        lines = self._lines(self.size.width)
        x = 0
        for count in lines[event.y] if event.y < len(lines) else ():
            width = width_of(count.text)
            if x <= event.x < x + width:
                self.post_message(self.Pressed(count.key))
            x += width + len(_BETWEEN)

    def _lines(self, width: int) -> list[list[Count]]:
        lines: list[list[Count]] = [[]]
        used = 0
        for count in self._counts:
            needed = width_of(count.text)
            if lines[-1] and used + needed > width:
                if len(lines) == self.most:
                    break
                lines.append([])
                used = 0
            lines[-1].append(count)
            used += needed + len(_BETWEEN)
        return lines
