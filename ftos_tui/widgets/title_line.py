"""The line that names what is edited, with the vendor's two save buttons in the top right corner."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from ftos_tui.widgets.line import Line


class TitleLine(Horizontal):
    """What is edited, how much of it is unsaved, and Save and close, Save and reload.

    Args:
        text: What is edited.
    """

    DEFAULT_CSS = """
    TitleLine { height: 1; }
    TitleLine Line { width: 1fr; color: $text; text-style: bold; }
    TitleLine Button { width: auto; min-width: 14; margin: 0 1 0 0; }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.line = Line(text, id="title")

    def compose(self) -> ComposeResult:
        yield self.line
        yield Button("Save and close", compact=True, id="save-and-close")
        yield Button("Save and reload", compact=True, id="save-and-reload")
