"""What the list of channel providers shows: its columns, and pages of rows read from the store."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.drafts import offered_drafts
from ftos_tui.studio.reading import Cursor, ListQuery, ProviderSummary, SortColumn, list_providers
from ftos_tui.widgets.row_list import Column, Row

if TYPE_CHECKING:
    from ftos_tui.studio.activity import Load

COLUMNS = (
    Column(SortColumn.NAME, "Name", width=16, flex=3),
    Column(SortColumn.CHANNEL, "Chan", width=6),
    Column(SortColumn.PROVIDER, "Provider", width=9, flex=1),
    Column(SortColumn.WINDOW, "Window (UTC)", width=17),
    Column(SortColumn.BULK, "Bulk", width=4, align="right"),
    Column(SortColumn.READINESS, "Ready", width=7),
    Column(SortColumn.SAVED_BY, "By", width=7, flex=1),
    Column(SortColumn.SAVED_AT, "Saved", width=5, min_width=5),
    Column("waiting", "Waiting", width=9, align="right", drop=2, sortable=False),
    Column("errors", "Errors", width=7, align="right", drop=1, sortable=False),
)
"""The last two only where all others have their room."""


_MOST_SUMMARIES = 2000
"""Summaries held: more than the list holds rows, however far it was scrolled."""


class ProviderSource:
    """Pages of the list, read from the store in a thread.

    Args:
        screen: The screen that shows them.
        query: Sort and filter.

    Attributes:
        query: Sort and filter; the page is asked for by the list.
        drafted: Ids of providers with an unsaved draft.
        new_drafts: How many unsaved drafts are of providers that were never saved.
        loads: Messages of providers that are not at a good end, as of the last look.
        drafts_known: Whether `drafted` and `new_drafts` were read since the list was last asked to refresh.
    """

    def __init__(self, screen: FrameScreen, query: ListQuery) -> None:
        self.screen = screen
        self.query = query
        self.drafted: frozenset[str] = frozenset()
        self.new_drafts = 0
        self.drafts_known = False
        self.summaries: dict[str, ProviderSummary] = {}
        self.loads: Mapping[str, Load] = {}

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
        """One page, in sort order.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        session = self.screen.session
        cursor: Cursor | None = after if isinstance(after, tuple) else None
        query = replace(self.query, after=cursor, backwards=backwards, limit=limit)

        def read() -> list[ProviderSummary]:
            if after is None or not self.drafts_known:
                self.drafts_known = True
                drafts = offered_drafts(session)
                self.drafted = frozenset(kept.provider_id for kept in drafts if kept.provider_id)
                self.new_drafts = sum(kept.provider_id is None for kept in drafts)
            return list(list_providers(session, query))

        page = await self.screen.console_app.carry_out(read, lasting=False, session=session)
        if after is None:
            self.summaries.clear()
        for summary in page:
            self.summaries.pop(summary.provider_id, None)
            self.summaries[summary.provider_id] = summary
        for provider_id in list(self.summaries)[:-_MOST_SUMMARIES]:
            del self.summaries[provider_id]
        now = session.clock()
        return [self.row(summary, now) for summary in page]

    def row(self, summary: ProviderSummary, now: datetime) -> Row:
        """One line of the list."""
        provider_id, console = summary.provider_id, self.screen.console_app
        marks = {
            "◷": provider_id in console.trial_watch.known,
            "@": provider_id in console.live_watch.present,
            "✎": provider_id in self.drafted,
        }
        mark = next((mark for mark, holds in marks.items() if holds), "")
        load = self.loads.get(provider_id)
        numbers = (load.waiting + load.in_hand, load.errors + load.in_doubt) if load else (0, 0)
        cells = (*_cells(summary, now), *(f"{number:,}" if number else "" for number in numbers))
        return Row(summary.provider_id, cells, summary.cursor, mark)


def _cells(summary: ProviderSummary, now: datetime) -> tuple[str, ...]:
    window = f"{summary.interval_min}-{summary.interval_max}" if summary.interval_min and summary.interval_max else "—"
    return (
        summary.name,
        summary.communication_channel or "—",
        summary.provider_name or "—",
        window,
        "—" if summary.bulk_no is None else str(summary.bulk_no),
        "ready" if summary.ready else f"✗ {len(summary.missing)}",
        summary.saved_by,
        saved_when(summary.saved_at, now),
    )


def saved_when(at: datetime, now: datetime) -> str:
    """When a version was saved, in five characters: the time today, the day this year, else the year."""
    at = at.astimezone(UTC)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d}" if at.year == now.year else f"{at:%Y}"
