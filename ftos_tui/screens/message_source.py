"""What the list of messages shows: its columns, its statuses to choose from, and pages of rows read from the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ftos_tui.screens.frame import FrameScreen
from ftos_tui.screens.provider_source import saved_when
from ftos_tui.studio.message_views import Listed, listed, short_status
from ftos_tui.studio.messages import Dispatch, MessageQuery
from ftos_tui.widgets.counts_line import Count
from ftos_tui.widgets.row_list import Column, Row

COLUMNS: Final = (
    Column("to", "To", width=20, min_width=18, flex=3, sortable=False),
    Column("subject", "Subject", width=16, min_width=12, flex=2, sortable=False, sentence=True),
    Column("status", "Status", width=20, min_width=17, sortable=False),
    Column("due", "Due", width=5, sortable=False),
    Column("tries", "Tries", width=5, sortable=False, align="right"),
    Column("provider", "Provider", width=14, min_width=8, flex=1, drop=1, sortable=False),
    Column("changed", "Chgd", width=5, drop=3, sortable=False),
    Column("queued", "Added", width=6, drop=2),
)


def columns_for(*, one_provider: bool) -> tuple[Column, ...]:
    """The columns; where messages of one provider are shown, recipients have the room of its name."""
    if not one_provider:
        return COLUMNS
    recipients, *others = COLUMNS
    kept = (column for column in others if column.key not in ("provider", "changed"))
    return (replace(recipients, width=26, min_width=23), *kept)


_MOST_HELD: Final = 2000
"""Messages held: more than the list holds rows, however far it was scrolled."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Messages that an operator looks at together: by which key, called what, in which states."""

    key: str
    label: str
    states: tuple[Dispatch, ...]


KINDS: Final = (
    Kind("0", "All", ()),
    Kind("1", "Waiting", (Dispatch.QUEUED,)),
    Kind("2", "Being sent", (Dispatch.CLAIMED, Dispatch.SENDING)),
    Kind("3", "Error, again", (Dispatch.RETRY_WAIT,)),
    Kind("4", "Error", (Dispatch.FAILED,)),
    Kind("5", "In doubt", (Dispatch.IN_DOUBT,)),
    Kind("6", "Held", (Dispatch.HELD,)),
    Kind("7", "Accepted", (Dispatch.ACCEPTED,)),
    Kind("8", "Expired", (Dispatch.EXPIRED,)),
    Kind("9", "Canceled", (Dispatch.CANCELED,)),
)

KIND_BY_KEY: Final = {kind.key: kind for kind in KINDS}


def counts_of(numbers: Mapping[Dispatch, int], chosen: Kind) -> tuple[Count, ...]:
    """The kinds that have messages, the one that is shown, and all."""
    counts = []
    for kind in KINDS:
        number = sum(number for state, number in numbers.items() if not kind.states or state in kind.states)
        if number or kind is chosen or not kind.states:
            counts.append(Count(kind.key, kind.label, number, kind is chosen))
    return tuple(counts)


class MessageSource:
    """Pages of the messages by the time they were queued, read from the store in a thread.

    Args:
        screen: The screen that shows them.

    Attributes:
        query: Which messages; the page is asked for by the list.
        messages: Those that were read last, by id.
        marked: The ids of those that the operator marked.
    """

    def __init__(self, screen: FrameScreen, query: MessageQuery) -> None:
        self.screen = screen
        self.query = query
        self.messages: dict[str, Listed] = {}
        self.marked: set[str] = set()

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """One page.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        session = self.screen.session
        cursor = after if isinstance(after, str) else None
        query = replace(self.query, after=cursor, backwards=backwards, limit=limit)
        page = await self.screen.console_app.carry_out(lambda: listed(session, query), lasting=False, session=session)
        for message in page:
            self.messages.pop(message.row.id, None)
            self.messages[message.row.id] = message
        for message_id in list(self.messages)[:-_MOST_HELD]:
            del self.messages[message_id]
        return [self._row(message) for message in page]

    def _row(self, message: Listed) -> Row:
        row, now = message.row, self.screen.session.clock()
        texts = {
            "to": row.recipient,
            "subject": row.subject,
            "status": short_status(row, message.tries),
            "due": saved_when(row.due, now),
            "tries": f"{row.attempt}/{max(message.tries, row.attempt)}",
            "provider": row.provider or "(deleted)",
            "changed": saved_when(row.changed_at, now),
            "queued": saved_when(row.created_at, now),
        }
        cells = tuple(texts[column.key] for column in columns_for(one_provider=bool(self.query.provider_id)))
        return Row(row.id, cells, row.id, "*" if row.id in self.marked else "")
