"""Processors: which run, what keeps each provider's messages, and a stopped provider let go on."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from ftos_tui.actions import PROCESSOR
from ftos_tui.domain.delivery.breaker import Position
from ftos_tui.domain.delivery.waiting import CAUSE_REMEDY
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.screens.frame import QUEUES_PATH, bindings_of, closed_by
from ftos_tui.screens.message_acts import ProviderActs
from ftos_tui.studio.processor import close_breaker, processor_status
from ftos_tui.widgets.background import running, start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from ftos_tui.studio.processor import ProcessorStatus, ProviderStanding

PACE: Final = 2.0
"""Seconds between two looks; they cost the line nothing while nothing differs."""

COLUMNS: Final = (
    Column("provider", "Provider", width=18, flex=1, sortable=False),
    Column("waiting", "Waiting", width=9, align="right", sortable=False),
    Column("in_hand", "In hand", width=7, align="right", sortable=False),
    Column("why", "What keeps them", width=26, flex=3, sortable=False, sentence=True),
)

_MARKS: Final = {Position.OPEN: "✗", Position.HALF_OPEN: "!"}


class StandingSource:
    """The providers that were read last, all at hand."""

    def __init__(self) -> None:
        self.standings: dict[str, ProviderStanding] = {}
        self.alive = True
        """Whether any processor runs."""

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """One page; see `RowSource.fetch`."""
        rows = [self._row(at, standing) for at, standing in enumerate(self.standings.values())]
        place = after if isinstance(after, int) else len(rows) if backwards else -1
        return rows[max(0, place - limit) : place] if backwards else rows[place + 1 : place + 1 + limit]

    def _row(self, at: int, standing: "ProviderStanding") -> Row:
        free = "nothing: they go in their turn" if self.alive else "nothing, once a processor runs"
        why = standing.idle.removeprefix(f"{shortened(standing.name, 40)} ") or free
        cells = (standing.name, f"{standing.waiting:,}", f"{standing.in_hand:,}", why)
        return Row(standing.provider_id, cells, at, _MARKS.get(standing.breaker.position, ""))


class ProcessorScreen(ProviderActs):
    """Follows the processors of the environment, and closes the breaker of a provider that was stopped."""

    BINDINGS = bindings_of(PROCESSOR) + closed_by("messages.processor")
    CSS = "ProcessorScreen RowList { height: 1fr; }"
    place = PROCESSOR
    help_topic = (
        "The line above says which processors run, the list what keeps the messages of each provider that is ready or "
        "has any to send; what needs attention comes first. ✗ marks a provider that is stopped: its server, its "
        "sign-in or several messages in a row failed, and trying on would only do harm. The line under the list says "
        "why, and what to do.\n\n"
        "A refused sign-in stays so until the provider is edited; the rest is tried again by itself with one message. "
        "b lets the messages go at once, when you know that what stopped them is over. P pauses the sending of the "
        "provider, or lets it go on."
    )

    def __init__(self) -> None:
        super().__init__()
        self.source = StandingSource()
        self.status: ProcessorStatus | None = None

    def breadcrumb(self) -> tuple[str, ...]:
        """Under the queues."""
        return (*QUEUES_PATH, "Processors")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "processor.close_breaker",
            "processor.pause",
            "processor.refresh",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The processors, the providers, and the one under the cursor in full."""
        yield Line("Looking…", most=2, id="workers")
        yield RowList(COLUMNS, self.source, id="standings", empty_text="No provider is ready or has messages to send.")
        yield Line(most=4, id="detail")

    def on_mount(self) -> None:
        """Reads, and follows."""
        super().on_mount()
        self.focus_content()
        start(self, self._read, "status")
        self.set_interval(PACE, self._look)

    @property
    def rows(self) -> RowList:
        """The providers."""
        return self.query_one(RowList)

    def focus_content(self) -> None:
        """Puts the focus on the list."""
        self.set_focus(self.rows)

    async def _read(self) -> None:
        session = self.session
        found = await self.attempt(lambda: processor_status(session), lasting=False)
        if found is not None:
            self._show(found)

    def _look(self) -> None:
        if self.app.screen is self and self.status is not None and not running(self, "status"):
            start(self, self._read_again, "status")

    async def _read_again(self) -> None:
        """A look that nobody asked for: where the store is away, others say so."""
        session = self.session
        try:
            found = await self.carry_out_quietly(lambda: processor_status(session))
        except Failure:
            return
        self._show(found)

    def _show(self, found: "ProcessorStatus") -> None:
        if not self.query(RowList):
            return  # it was left meanwhile
        self.status = found
        self.query_one("#workers", Line).text = found.in_words
        standings = {standing.provider_id: standing for standing in found.providers}
        if standings != self.source.standings or bool(found.alive) != self.source.alive:
            self.source.standings, self.source.alive = standings, bool(found.alive)
            self.rows.update_rows()
            self._describe(self.rows.row)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the provider under the cursor what its row has no room for."""
        event.stop()
        self._describe(event.row)

    def _describe(self, row: Row | None) -> None:
        standing = self.source.standings.get(row.key) if row is not None else None
        self.query_one("#detail", Line).text = _in_full(standing, self.source.alive) if standing is not None else ""

    def action_refresh(self) -> None:
        """Reads again."""
        start(self, self._read, "status")

    def provider_id(self) -> str:
        """The provider under the cursor."""
        row = self.rows.row
        return row.key if row is not None else ""

    def acted(self) -> None:
        """Shows what became of it."""
        self.action_refresh()

    def action_close_breaker(self) -> None:
        """Lets the messages of the provider under the cursor go again."""
        standing = self.source.standings.get(self.provider_id())
        if standing is not None and not self.question.asking:
            start(self, partial(self._close_breaker, standing), "act", exclusive=False)

    async def _close_breaker(self, standing: "ProviderStanding") -> None:
        session, name = self.session, visible(shortened(standing.name, 60))
        if not await self.succeeds(session.permit_change):
            return
        if self.status is not None and not standing.breaker.keeps_back(self.status.now):
            self.console_app.report(Level.INFO, f"{name} is not stopped: there is no breaker to close.")
            return
        choices = {"y": "let its messages go", "escape": "leave it stopped"}
        if await self.question.ask(f"Close the breaker of {name}? Its cause may still be there.", choices) == "y":
            await self.attempt(lambda: close_breaker(session, name=standing.name))
            self.acted()


def _in_full(standing: "ProviderStanding", alive: bool) -> str:
    if not standing.idle:
        when = "they go in their turn" if alive else "but no processor runs that would send them"
        return f"{standing.name}: nothing keeps its messages, {when}."
    breaker = standing.breaker
    remedy = f" {CAUSE_REMEDY[breaker.cause]}" if breaker.cause and breaker.position is Position.OPEN else ""
    return f"{standing.idle}{remedy}"
