"""What the values mean, on a screen of its own where there is no room beside the form."""

from collections.abc import Callable, Iterable, Sequence

from textual.widget import Widget

from ftos_tui.screens.frame import FrameScreen, closed_by
from ftos_tui.widgets.meaning_panel import MeaningPanel, Section


class MeaningScreen(FrameScreen):
    """The window, messages an hour, tries, forecast and readiness of a draft.

    Args:
        path: The breadcrumb of the form.
        sections: Gives what the panel shows, whenever asked.
    """

    help_topic = (
        "The bar shows 24 hours in UTC, full where messages may be sent; the mark under it is now. Below it stands "
        "what the numbers amount to, how the messages that wait would leave (a plot of the next 24 hours), which way "
        "they take, and what is left to do until the provider is ready to send."
    )

    BINDINGS = closed_by("form.meaning")
    CSS = "MeaningScreen MeaningPanel { padding: 0 1; }"

    def __init__(self, path: tuple[str, ...], sections: Callable[[], Sequence[Section]]) -> None:
        super().__init__()
        self.path = path
        self._sections_now = sections

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the screen."""
        return (*self.path, "Meaning")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """The panel."""
        yield MeaningPanel(self._sections_now())

    def show_activity(self) -> None:
        """Something went on at the provider."""
        self.show_outlook()

    def show_outlook(self) -> None:
        """The forecast says something else now."""
        for panel in self.query(MeaningPanel):
            panel.sections = self._sections_now()

    def on_mount(self) -> None:
        """Esc and the keys of scrolling work at once."""
        super().on_mount()
        self.show_outlook()  # it may have come while the panel was made
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the panel."""
        self.set_focus(self.query_one(MeaningPanel))
