"""A screen that lists rows and filters them as one types: the list of providers, of channels, the audit."""

from abc import abstractmethod

from textual.widgets import Input

from ftos_tui.screens.frame import FrameScreen
from ftos_tui.widgets.row_list import RowList
from ftos_tui.widgets.text_input import OneLineInput


class FilteredListScreen(FrameScreen):
    """One list, and a filter above it that shows when it is asked for.

    Subclasses yield `self.filter_field` above a RowList, and give `filter_by`.

    Attributes:
        filter_words: What the empty filter says.
    """

    filter_words = "Filter"

    def __init__(self) -> None:
        super().__init__()
        self.filter_field = OneLineInput(placeholder=self.filter_words, id="filter")

    @abstractmethod
    def filter_by(self, text: str) -> None:
        """Shows only what contains a text; empty shows everything."""

    def on_mount(self) -> None:
        """Hides the filter until it is asked for and puts the focus on the list."""
        super().on_mount()
        self.filter_field.display = False
        self.focus_content()

    @property
    def rows(self) -> RowList:
        """The list itself."""
        return self.query_one(RowList)

    @property
    def listed(self) -> bool:
        """Whether the list is there: not before the screen is made, nor while it is taken away."""
        return bool(self.query(RowList))

    def focus_content(self) -> None:
        """Puts the focus on the list."""
        self.set_focus(self.rows)

    async def on_input_changed(self, event: Input.Changed) -> None:
        """Filters as the operator types."""
        if event.input is self.filter_field:
            event.stop()
            self.filter_by(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the filter goes on to the list."""
        if event.input is self.filter_field:
            event.stop()
            self.focus_content()

    async def may_leave(self) -> bool:
        """Esc first takes a filter away."""
        if not self.filter_field.display:
            return True
        self.filter_field.value = ""
        self.filter_field.display = False
        self.focus_content()
        return False

    def action_filter(self) -> None:
        """Shows the filter and puts the cursor into it."""
        self.filter_field.display = True
        self.filter_field.focus()
