"""The providers that a communication channel may send through, to choose one by key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from textual.widget import Widget
from textual.widgets import Input

from ftos_tui.screens.frame import FrameScreen, closed_by
from ftos_tui.studio.reading import Cursor, ListQuery, list_providers
from ftos_tui.widgets.row_list import Column, Row, RowList
from ftos_tui.widgets.text_input import OneLineInput

COLUMNS = (
    Column("name", "Name", width=24, flex=2, sortable=False),
    Column("channel", "Chan", width=5, sortable=False),
    Column("provider", "Provider", width=16, flex=1, sortable=False),
    Column("ready", "Ready", width=7, sortable=False),
)


class ProviderChoiceScreen(FrameScreen):
    """A list of providers; the one chosen goes into the form below.

    Args:
        path: The breadcrumb of the form.
        filter: What stands in the filter at first: the channel.
        take: Takes the chosen Name.
    """

    BINDINGS = closed_by("channel.providers")
    help_topic = (
        "The providers whose name, channel or provider contains what stands in the filter. Enter takes the one under "
        "the cursor into the channel. ✗ with a number says how many of its mandatory fields are missing."
    )

    def __init__(self, path: tuple[str, ...], filter: str, take: Callable[[str], None]) -> None:
        super().__init__()
        self.path = path
        self.query_now = ListQuery(filter=filter)
        self.take = take

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the list."""
        return (*self.path, "Providers")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (("Enter", "Choose"), ("Tab", "Filter"), "everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """The filter and the list."""
        yield OneLineInput(self.query_now.filter, placeholder="Filter by name, channel or provider", id="filter")
        yield RowList(COLUMNS, self, id="choice", empty_text="No provider matches. Tab goes to the filter.")

    def on_mount(self) -> None:
        """Starts in the list."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the list."""
        self.set_focus(self.query_one(RowList))

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """One page of the providers, as a list asks for it.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        cursor: Cursor | None = after if isinstance(after, tuple) else None
        query, session = replace(self.query_now, after=cursor, backwards=backwards, limit=limit), self.session
        page = await self.console_app.carry_out(lambda: list_providers(session, query), lasting=False)
        return [
            Row(
                summary.provider_id,
                (
                    summary.name,
                    summary.communication_channel or "—",
                    summary.provider_name or "—",
                    "ready" if summary.ready else f"✗ {len(summary.missing)}",
                ),
                summary.cursor,
            )
            for summary in page
        ]

    async def on_input_changed(self, event: Input.Changed) -> None:
        """Filters as the operator types."""
        event.stop()
        self.query_now = replace(self.query_now, filter=event.value)
        self.query_one(RowList).reload(keep=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the filter goes on to the list."""
        event.stop()
        self.focus_content()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Takes the provider of the row, and goes back."""
        event.stop()
        self.console_app.go_back()
        self.take(event.row.cells[0])
