"""The smallest Textual app that takes a key: what every ratio is measured against."""

from textual.app import App, ComposeResult
from textual.widgets import Input


class Smallest(App[None]):
    """One compact input whose cursor does not blink, as blinking would cost bytes that the console does not spend."""

    def compose(self) -> ComposeResult:
        """The input, with a text that tells when it is painted."""
        field = Input("smallest-app", compact=True)
        field.cursor_blink = False
        yield field


if __name__ == "__main__":
    Smallest().run()
