"""A text of one line, or of a few, that says something and is repainted only when it changes."""

from collections.abc import Iterable

from textual.reactive import reactive

from ftos_tui.widgets.cells import fit, wrapped
from ftos_tui.widgets.line_widget import LineWidget, Piece


class Line(LineWidget):
    """A text that never is markup: cut in the middle on one line, or wrapped over a few.

    Args:
        text: What it says at first.
        most: The most lines it may take.
        id: The widget's id.

    Attributes:
        text: What it says; made visible when it is drawn.
    """

    DEFAULT_CSS = "Line { height: 1; color: $text-muted; padding: 0 1; }"

    text: reactive[str] = reactive("")

    def __init__(self, text: str = "", *, most: int = 1, id: str | None = None) -> None:
        super().__init__(id=id)
        self.most = most
        self.set_reactive(Line.text, text)
        self.styles.height = most

    def draw_line(self, y: int, width: int) -> Iterable[Piece]:
        """One of its lines; the last one ends in … where there is more to say."""
        if self.most == 1:
            return [(fit(self.text, width), "")]
        lines = wrapped(self.text, width)
        if y == self.most - 1 and len(lines) > self.most:
            return [(fit(f"{lines[y]}"[: width - 1] + "…", width), "")]
        return [(fit(lines[y] if y < len(lines) else "", width), "")]
