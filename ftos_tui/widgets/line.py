"""One line of text that says something, and is repainted only when it changes."""

from collections.abc import Iterable

from textual.reactive import reactive

from ftos_tui.widgets.cells import fit
from ftos_tui.widgets.line_widget import LineWidget, Piece


class Line(LineWidget):
    """A line of text, cut in the middle where the screen is too narrow. Never markup.

    Attributes:
        text: What it says; made visible when it is drawn.
    """

    DEFAULT_CSS = "Line { height: 1; color: $text-muted; padding: 0 1; }"

    text: reactive[str] = reactive("")

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(Line.text, text)

    def draw_line(self, y: int, width: int) -> Iterable[Piece]:
        """The line as it fits the width."""
        del y
        return [(fit(self.text, width), "")]
