"""The banner of a version on trial: what will happen when, and a countdown that alone is painted each second."""

from textual.app import ComposeResult
from textual.containers import Horizontal

from ftos_tui.widgets.line import Line


class TrialLine(Horizontal):
    """Takes no room while there is no trial."""

    DEFAULT_CSS = """
    TrialLine { height: 1; display: none; }
    TrialLine Line { color: $text-warning; text-style: bold; }
    TrialLine #trial-words { width: 1fr; }
    TrialLine #trial-left { width: 9; padding: 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = Line(id="trial-words")
        self.left = Line(id="trial-left")

    def compose(self) -> ComposeResult:
        yield self.words
        yield self.left

    def show(self, words: str, left: str) -> None:
        """Shows the banner.

        Args:
            words: What will happen, and when; empty to hide the banner.
            left: How long there is to confirm.
        """
        self.display = bool(words)
        self.words.text = words
        self.left.text = left
