"""Events: what providers reported of messages, the newest first, and what fits no message here."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from ftos_tui.actions import EVENTS
from ftos_tui.domain.log import Level
from ftos_tui.screens.frame import QUEUES_PATH, FrameScreen, bindings_of, closed_by
from ftos_tui.studio.events import concerns, list_events
from ftos_tui.studio.message_views import event_in_words
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from ftos_tui.studio.events import KeptEvent

COLUMNS: Final = (
    Column("received", "Received (UTC)", width=19, sortable=False),
    Column("event", "Event", width=12, flex=1, sortable=False),
    Column("meaning", "Meaning", width=12, sortable=False),
    Column("message", "Message", width=8, sortable=False),
)

_MOST_HELD: Final = 2000
"""Events held: more than the list holds rows, however far it was scrolled."""


class EventSource:
    """Pages of the events, read from the store in a thread.

    Attributes:
        unmatched: Whether only those that belong to no message are shown.
        events: Those that were read last, by the key of their row.
    """

    def __init__(self, screen: "EventsScreen") -> None:
        self.screen = screen
        self.unmatched = False
        self.events: dict[str, KeptEvent] = {}

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
        """One page.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        session, unmatched = self.screen.session, self.unmatched
        before = after if isinstance(after, int) else None
        page = await self.screen.console_app.carry_out(
            lambda: list_events(session, unmatched=unmatched, before=before, limit=limit, backwards=backwards),
            lasting=False,
            session=session,
        )
        for event in page:
            self.events.pop(str(event.number), None)
            self.events[str(event.number)] = event
        for key in list(self.events)[:-_MOST_HELD]:
            del self.events[key]
        return [Row(str(event.number), _cells(event), event.number) for event in page]


def _cells(event: "KeptEvent") -> tuple[str, ...]:
    received = f"{event.received_at:%Y-%m-%d %H:%M:%S}"
    return (received, event.code or "—", event.canonical or "unknown", (event.message_id or "none")[:8])


class EventsScreen(FrameScreen):
    """Browses the events of all providers; one key leaves those that belong to no message."""

    BINDINGS = bindings_of(EVENTS) + closed_by("messages.events")
    CSS = "EventsScreen RowList { height: 1fr; }"
    place = EVENTS
    help_topic = (
        "What providers reported of messages after they took them, the newest first: deliveries, bounces, opens and "
        "clicks, by `ftos-tui events serve` and `ftos-tui events bounce`. Enter shows the message of an event.\n\n"
        "u shows only the events that fit no message here: of mail that was sent by something else through the same "
        "account, of another environment, or of a bounce that does not say which message it returns. They are never "
        "matched by address, and change nothing. An event whose meaning is unknown is missing in the provider's list "
        "of statuses. Links, programs and addresses of readers are withheld from consultants and auditors of a shared "
        "store."
    )

    def __init__(self) -> None:
        super().__init__()
        self.source = EventSource(self)

    def breadcrumb(self) -> tuple[str, ...]:
        """Under the queues."""
        return (*QUEUES_PATH, "Unmatched events" if self.source.unmatched else "Events")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Message"),
            "events.unmatched",
            "events.refresh",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The events, and the one under the cursor in full."""
        yield RowList(COLUMNS, self.source, id="events", empty_text="No event here. u shows unmatched ones, or all.")
        yield Line(most=3, id="detail")

    def on_mount(self) -> None:
        """Starts at the newest."""
        super().on_mount()
        self.focus_content()

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    def focus_content(self) -> None:
        """Puts the focus on the list."""
        self.set_focus(self.rows)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the event under the cursor what its columns have no room for."""
        event.stop()
        kept = self.source.events.get(event.row.key) if event.row is not None else None
        self.query_one("#detail", Line).text = in_full(kept) if kept is not None else ""

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Shows the message of the event."""
        event.stop()
        self.action_show()

    def action_show(self) -> None:
        """Shows the message of the event under the cursor."""
        from ftos_tui.screens.message import MessageScreen

        row = self.rows.row
        kept = self.source.events.get(row.key) if row is not None else None
        if kept is not None and kept.message_id is not None:
            self.open_screen(MessageScreen(self.breadcrumb(), kept.message_id))
        elif kept is not None:
            self.console_app.report(Level.INFO, "This event fits no message here.")

    def action_unmatched(self) -> None:
        """Shows only the events that fit no message, or all again."""
        self.source.unmatched = not self.source.unmatched
        self.refresh_frame()
        self.rows.reload(keep=False)

    def action_refresh(self) -> None:
        """Reads the events again, from the newest on."""
        self.rows.reload(keep=False)


def in_full(kept: "KeptEvent") -> str:
    """What the line under the list says of an event: when, whom, what."""
    happened = f"{kept.at:%Y-%m-%d %H:%M:%S} UTC" if kept.at is not None else "It does not say when"
    return " · ".join(part for part in (happened, concerns(kept), event_in_words(kept)) if part)
