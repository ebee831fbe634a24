"""What the values mean, on a screen of its own where there is no room beside the form."""

from collections.abc import Iterable, Mapping

from textual.widget import Widget

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.draft import Draft
from ftos_tui.screens.frame import FrameScreen, closed_by
from ftos_tui.screens.meaning_panel import sections_of
from ftos_tui.widgets.meaning_panel import MeaningPanel


class MeaningScreen(FrameScreen):
    """The window, messages an hour, tries and readiness of a draft.

    Args:
        path: The breadcrumb of the form.
        draft: What the form holds.
        checked: The verdict on it.
        counts: Messages by status code.
        serves: Which communication channels send through the provider, in words.
    """

    help_topic = (
        "The bar shows 24 hours in UTC, full where messages may be sent; the mark under it is now. Below it stands "
        "what the numbers amount to, and what is left to do until the provider is ready to send."
    )

    BINDINGS = closed_by("form.meaning")
    CSS = "MeaningScreen MeaningPanel { padding: 0 1; }"

    def __init__(
        self, path: tuple[str, ...], draft: Draft, checked: Checked, counts: Mapping[str, int], serves: str = ""
    ) -> None:
        super().__init__()
        self.path = path
        self.draft = draft
        self.checked = checked
        self.counts = counts
        self.serves = serves

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the screen."""
        return (*self.path, "Meaning")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """The panel."""
        yield MeaningPanel(sections_of(self.session, self.draft, self.checked, self.counts, self.serves))

    def on_mount(self) -> None:
        """Esc and the keys of scrolling work at once."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the panel."""
        self.set_focus(self.query_one(MeaningPanel))
