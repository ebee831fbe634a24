"""Message Queues: the messages of this environment, with live counts, and what an operator does to them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import events
from textual.widget import Widget

from ftos_tui.actions import MESSAGES
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened
from ftos_tui.screens.filtered_list import FilteredListScreen
from ftos_tui.screens.frame import QUEUES_PATH, bindings_of
from ftos_tui.screens.message_acts import MOST_MARKED, MessageActs
from ftos_tui.screens.message_source import KIND_BY_KEY, KINDS, MessageSource, columns_for, counts_of
from ftos_tui.studio.failures import counted
from ftos_tui.studio.message_views import why
from ftos_tui.studio.messages import Dispatch, MessageQuery, message_counts
from ftos_tui.studio.place import Place, remember_place
from ftos_tui.widgets.background import running, start
from ftos_tui.widgets.counts_line import CountsLine
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from ftos_tui.studio.live import News
    from ftos_tui.studio.messages import Counts

PACE: Final = 2.0
"""Seconds between two looks at the counts; they cost the line nothing unless they differ."""

_PAUSE_S: Final = 0.1
"""Seconds for which the cursor must stand on a message before the store is asked why it does not move."""

_MOVING: Final = (Dispatch.CLAIMED, Dispatch.SENDING)


class MessagesScreen(FilteredListScreen, MessageActs):
    """The list: counts by status to choose from, filter, order, marks, acts, and why a message does not move.

    Args:
        cursor_on: The id of the message to put the cursor on.
        provider: The id and the Name of the provider whose messages are shown, from where it was opened for that one;
            None for all.
    """

    BINDINGS = bindings_of(MESSAGES)
    place = MESSAGES
    filter_words = "Filter by recipient or subject"
    help_topic = (
        "The messages of this environment, those queued last first; S turns the order round. The line above counts "
        "them by status and follows what the processor does: a figure (0 to 9) or a click shows only those, p only "
        "those of one provider, / only those whose recipient or subject contains a text. The line under the list "
        "says why the message under the cursor does not move.\n\n"
        "Enter shows all that is known of a message. Space marks several. h holds waiting messages, l releases held "
        "ones, c cancels, t tries failed ones again, v settles what is in doubt once you know from the provider; each "
        "asks first, and can be done to all that are listed after their number was typed. P pauses the sending of "
        "the provider, or lets it go on. n queues a message. w shows which processors run and which providers are "
        "stopped, E what providers reported."
    )

    def __init__(self, cursor_on: str = "", provider: tuple[str, str] | None = None) -> None:
        super().__init__()
        self.provider = provider
        self.of_one = provider is not None
        self.kind = KINDS[0]
        self.source = MessageSource(self, MessageQuery(provider_id=provider[0] if provider else None))
        self.cursor_on = cursor_on
        self._queued = ""
        self.counts_line = CountsLine(id="counts")
        self.detail = Line(most=3, id="detail")
        self.numbers: Counts | None = None

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path of the queues, and the provider that was chosen."""
        return (*QUEUES_PATH, shortened(self.provider[1], 40)) if self.provider else QUEUES_PATH

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Show"),
            ("0-9", "Status"),
            "messages.filter",
            "messages.new",
            "messages.hold",
            "messages.release",
            "messages.cancel",
            "messages.retry",
            "everywhere.keys",
            "everywhere.help",
            "everywhere.back",
        )

    def content(self) -> Iterable[Widget]:
        """The counts, the filter, the list, and why the row under the cursor does not move."""
        yield self.counts_line
        yield self.filter_field
        yield RowList(
            columns_for(one_provider=self.of_one),
            self.source,
            id="messages",
            sort=("queued", True),
            cursor_key=self.cursor_on,
            empty_text="No message here. n queues one, 0 shows all, / changes the filter.",
        )
        yield self.detail

    def on_mount(self) -> None:
        """Counts what there is, and again and again."""
        super().on_mount()
        self._show_counts({})
        start(self, self._count, "count")
        self.set_interval(PACE, self._look)

    def on_screen_resume(self) -> None:
        """Reads again what may have changed while another screen was open."""
        super().on_screen_resume()
        if self.numbers is not None and self.listed:
            self.action_refresh()
        if self._queued and self.listed:
            self.rows.reload(self._queued, keep=False)
            self._queued = ""

    # Counts

    def _look(self) -> None:
        if self.listed and self.app.screen is self and self.numbers is not None and not running(self, "count"):
            start(self, self._count_again, "count")

    async def _count(self) -> None:
        session, of = self.session, self.source.query.provider_id
        numbers = await self.attempt(lambda: message_counts(session, of), lasting=False)
        if numbers is not None and self.listed:
            self.numbers = numbers
            self._show_counts(numbers)

    async def _count_again(self) -> None:
        """A look that nobody asked for: where the store is away, others say so."""
        session, of = self.session, self.source.query.provider_id
        try:
            numbers = await self.carry_out_quietly(lambda: message_counts(session, of))
        except Failure:
            return
        if self.listed and (numbers != self.numbers or any(numbers.get(state) for state in _MOVING)):
            self.numbers = numbers
            self._show_counts(numbers)
            self.rows.update_rows()
            self._describe(self.rows.row)

    def _show_counts(self, numbers: "Counts") -> None:
        self.counts_line.counts = counts_of(numbers, self.kind)

    # The row under the cursor

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the row under the cursor what its columns have no room for."""
        event.stop()
        message = self.source.messages.get(event.row.key) if event.row else None
        marked = f"{counted(len(self.source.marked), 'message', 'messages')} marked · " if self.source.marked else ""
        self.detail.text = f"{marked}{message.status}" if message else marked.removesuffix(" · ")
        self._describe(event.row)

    def _describe(self, row: Row | None) -> None:
        if row is not None:
            self.cursor_on = row.key
            start(self, partial(self._ask_why, row.key), "why")

    async def _ask_why(self, message_id: str) -> None:
        await asyncio.sleep(_PAUSE_S)
        session = self.session
        try:
            told = await self.carry_out_quietly(lambda: why(session, message_id))
        except Failure:
            return  # it is gone, or the store is away, which the list says
        message = self.source.messages.get(message_id)
        if self.listed and self.rows.row is not None and self.rows.row.key == message_id and message is not None:
            marked = len(self.source.marked)
            head = f"{counted(marked, 'message', 'messages')} marked · " if marked else ""
            status = "" if told.startswith(message.status) else f"{message.status} · "
            self.detail.text = f"{head}{status}{told}"

    # Which messages

    def filter_by(self, text: str) -> None:
        """Shows only the messages whose recipient or subject contains a text."""
        self._show(replace(self.source.query, filter=text))

    def _show(self, query: MessageQuery) -> None:
        self.source.query = query
        self.source.marked.clear()
        self.detail.text = ""
        self.rows.reload(keep=False)
        start(self, self._count, "count")

    def choose(self, key: str) -> None:
        """Shows the messages of one kind.

        Args:
            key: The figure of the kind.
        """
        self.kind = KIND_BY_KEY[key]
        self._show_counts(self.numbers or {})
        self._show(replace(self.source.query, states=self.kind.states))

    def on_counts_line_pressed(self, event: CountsLine.Pressed) -> None:
        """A click on a count shows those messages."""
        event.stop()
        if not self.question.asking:
            self.choose(event.key)

    def on_key(self, event: events.Key) -> None:
        """A figure shows the messages of one kind, unless it is typed into a text."""
        if event.key in KIND_BY_KEY and self.focused is self.rows:
            event.stop()
            self.choose(event.key)

    def on_row_list_sort_requested(self, event: RowList.SortRequested) -> None:
        """The list has one order and its reverse: by the time the messages were queued."""
        event.stop()
        self.rows.sort = ("queued", event.descending)
        self._show(replace(self.source.query, oldest_first=not event.descending))

    def action_status(self) -> None:
        """Asks which status to show."""
        start(self, self._ask_status, "ask")

    async def _ask_status(self) -> None:
        answer = await self.question.ask("Show which?", {kind.key: kind.label for kind in KINDS})
        if answer in KIND_BY_KEY:
            self.choose(answer)

    def action_provider(self) -> None:
        """Asks for the provider whose messages to show."""
        start(self, self._ask_provider, "ask")

    async def _ask_provider(self) -> None:
        before = self.provider[1] if self.provider else ""
        name = await self.question.ask_text(
            "Messages of which provider? Nothing for all:", before, typing_replaces=True
        )
        if name is None:
            return
        of = await self.provider_named(name.strip()) if name.strip() else ""
        if of is not None:
            self.provider = (of, name.strip()) if of else None
            self.refresh_frame()
            self.rows.columns = columns_for(one_provider=bool(of))
            self.rows.refresh()
            self._show(replace(self.source.query, provider_id=of or None))

    async def may_leave(self) -> bool:
        """Esc first takes the filter away; then the menu is the last place, unless it was opened for a provider."""
        if not await super().may_leave():
            return False
        if not self.of_one:
            remember_place(self.console_app.session, Place())
        return True

    def action_refresh(self) -> None:
        """Reads the list again; the cursor stays on its message."""
        self.rows.reload(keep=True)
        start(self, self._count, "count")

    def show_news(self, news: "News") -> None:
        """Others did something: an operator may have moved messages."""
        if self.listed and self.app.screen is self and (news.changes or news.back):
            self.rows.update_rows()
            start(self, self._count, "count")

    # What acts are for

    def targets(self) -> tuple[str, ...]:
        """The marked messages, or the one under the cursor."""
        row = self.rows.row
        return tuple(sorted(self.source.marked)) or ((row.key,) if row is not None else ())

    def recipient(self, message_id: str) -> str:
        """To whom a listed message goes."""
        message = self.source.messages.get(message_id)
        return message.row.recipient if message else message_id

    def provider_id(self) -> str:
        """The chosen provider, or that of the message under the cursor."""
        row = self.rows.row
        message = self.source.messages.get(row.key) if row is not None else None
        return self.provider[0] if self.provider else message.row.provider_id if message else ""

    def all_listed(self) -> MessageQuery:
        """What the list shows, all pages of it."""
        return self.source.query

    def acted(self) -> None:
        """Shows what became of it; the marks have done their service."""
        if self.listed:
            self.source.marked.clear()
            self.action_refresh()
            self._describe(self.rows.row)

    def action_mark(self) -> None:
        """Marks the message under the cursor, or takes its mark away."""
        row, marked = self.rows.row, self.source.marked
        if row is None:
            return
        if row.key in marked:
            marked.discard(row.key)
        elif len(marked) >= MOST_MARKED:
            told = f"No more than {MOST_MARKED:,} can be marked: filter the list, and act on all that are listed."
            self.console_app.report(Level.WARNING, told)
            return
        else:
            marked.add(row.key)
        self.rows.reload(keep=True)

    # Other screens

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Shows the message of the row."""
        event.stop()
        self.action_show()

    def action_show(self) -> None:
        """Shows all that is known of the message under the cursor."""
        from ftos_tui.screens.message import MessageScreen

        row = self.rows.row
        if row is not None:
            self.open_screen(MessageScreen(self.breadcrumb(), row.key))

    def action_processor(self) -> None:
        """Shows which processors run, and what keeps each provider's messages."""
        from ftos_tui.screens.processor import ProcessorScreen

        self.open_screen(ProcessorScreen())

    def action_events(self) -> None:
        """Shows what providers reported."""
        from ftos_tui.screens.events import EventsScreen

        self.open_screen(EventsScreen())

    def action_new(self) -> None:
        """Queues a message."""
        from ftos_tui.screens.message_form import MessageFormScreen

        self.open_screen(
            MessageFormScreen(self.breadcrumb(), self.provider[1] if self.provider else "", self._show_new)
        )

    def _show_new(self, message_id: str) -> None:
        """Puts the cursor on a message that was queued, once the list is seen again."""
        self._queued = message_id
