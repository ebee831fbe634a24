"""What a store can do with the message queue. One contract test suite runs against every store.

A store keeps messages, moves them along the table of states, and counts them; it decides no policy and sends nothing.
Every change of many messages is one short transaction. A worker's changes carry the fence of its claim: where another
hand has had the message since, nothing is changed, and the caller is told. Times are by the store's clock, which is the
database server's where there is one. Every method blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.delivery.fold import Reported
from ftos_tui.domain.delivery.message import Message
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.record import Author
from ftos_tui.stores.dispatch_protocol import DispatchStore
from ftos_tui.stores.event_protocol import EventStore

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import Sign


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A message to be queued.

    Attributes:
        message: The message, checked. Its id is a UUID of version 7, so that ids sort by the time they were made.
        envelope: The envelope as the transport stores it; empty while the message cannot be rendered.
        wire: The message as it goes out, rendered once; empty likewise.
        state: QUEUED, or HELD with a reason.
        reason: Why it is held; empty where it is not.
    """

    message: Message
    envelope: str = ""
    wire: bytes = b""
    state: Dispatch = Dispatch.QUEUED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What became of one new entry: the id it is queued under, and whether it is new, not queued before."""

    id: str
    new: bool


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which page of the messages, by the time they were queued.

    Attributes:
        states: Only messages in one of these states; empty for all.
        provider_id: Only messages of this provider; None for all.
        filter: What recipient or subject contains, whatever its case; empty for all.
        oldest_first: Whether the one queued first comes first; otherwise the one queued last.
        after: The id of the message the page starts behind, or ends before when `backwards`; None for the end.
        backwards: Whether to read towards the start: `after=None` then gives the last page.
        limit: Most rows to return, 1 to 1000.
    """

    states: tuple[Dispatch, ...] = ()
    provider_id: str | None = None
    filter: str = ""
    oldest_first: bool = False
    after: str | None = None
    backwards: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One row of the list of messages.

    Attributes:
        id: Its id.
        group_id: Shared by all messages of one hand-in.
        provider_id: The provider it goes through.
        provider: What the provider is called; None once it is deleted.
        state: Its dispatch state.
        generation: 1, and one more each time an operator tried a failed one again.
        attempt: Tries used in this generation.
        throttled: How often the provider answered that it is too much at once.
        claims: How often a worker was lost while it had the message, before a byte of it left.
        fence: Grows with each claim and each change by others than the worker.
        worker: Who has it in hand; None for nobody.
        lease_until: Until when, UTC.
        due: Not before this time, UTC.
        not_after: Expires when not accepted by this time, UTC; None for never.
        recipient: The one envelope recipient.
        role: As what the recipient was named: to, cc, bcc.
        subject: The subject.
        reason: Why it is in its state, where nobody could tell from the rest; empty otherwise.
        code: The provider's code at the last refusal; empty for none.
        said: What it said then.
        reported: What the provider has reported about it.
        conflict: Whether events contradict the state.
        created_at: When it was queued, UTC.
        changed_at: When it last changed, UTC.
    """

    id: str
    group_id: str
    provider_id: str
    provider: str | None
    state: Dispatch
    generation: int
    attempt: int
    throttled: int
    claims: int
    fence: int
    worker: str | None
    lease_until: datetime | None
    due: datetime
    not_after: datetime | None
    recipient: str
    role: str
    subject: str
    reason: str
    code: str
    said: str
    reported: Reported
    conflict: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a message's history: how a claim ended, or what somebody else did to it.

    Attributes:
        fence: The fence it ended.
        generation: The generation it belongs to.
        number: Tries used by then.
        provider_version: The version of the provider that the try was made with; 0 for none.
        by: The worker, or who acted.
        started_at: When the try began, UTC; None where nothing was tried.
        ended_at: When it was over, UTC.
        before: The state it led from.
        after: The state it led to.
        outcome: What it came to, an `OutcomeKind`, or what was done: hold, release, lease_lost, …
        code: The provider's code; empty for none.
        said: The provider's answer, or the reason; empty for none.
        provider_message_id: The provider's id of the message; None where it gave none.
    """

    fence: int
    generation: int
    number: int
    provider_version: int
    by: str
    started_at: datetime | None
    ended_at: datetime
    before: Dispatch
    after: Dispatch
    outcome: str
    code: str
    said: str
    provider_message_id: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of a provider: which message, when, the provider's code and answer."""

    message_id: str
    at: datetime
    outcome: str
    code: str
    said: str


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An attachment without its content: name, media type, size in bytes."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event of a provider as it is kept.

    Attributes:
        number: Its number in this store.
        message_id: The message it is about; None where none was found.
        code: The provider's own name of it.
        canonical: What it means here; empty where that is not known.
        at: When it happened, UTC; None where it does not say.
        received_at: When it was taken in, UTC.
        raw: The event itself, JSON.
        withheld: Whether who is signed in may not read the event itself: `raw` is empty.
    """

    number: int
    message_id: str | None
    code: str
    canonical: str
    at: datetime | None
    received_at: datetime
    raw: str
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """Everything there is to say about one message.

    Attributes:
        row: As the list has it.
        wire_size: Bytes of the rendered message.
        to: The addresses of the To header.
        cc: The addresses of the Cc header.
        text: The body as plain text.
        html: The body as HTML.
        params: Channel Provider Params, JSON.
        attachments: The attachments, without their content.
        members: The ids of all messages of the same hand-in that were new then.
        queued_by: Who handed it in.
        attempts: Its history, oldest first, the last 200 lines.
        events: The provider's events, oldest first, the last 200.
        withheld: Whether who is signed in may not read what it says: bodies, params and attachments are left out.
    """

    row: MessageRow
    wire_size: int
    to: tuple[str, ...]
    cc: tuple[str, ...]
    text: str
    html: str
    params: str
    attachments: tuple[AttachedFile, ...]
    members: tuple[str, ...]
    queued_by: Author
    attempts: tuple[Attempt, ...]
    events: tuple[KeptEvent, ...]
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class MessageMove:
    """What an operator does to messages.

    Attributes:
        action: What the history and the audit call it: hold, release, cancel, retry, resolve.
        ids: Of which messages, at most 1000.
        before: From which of these states; messages in another one are left alone.
        after: To which state.
        author: Who, from where.
        reason: Why, in the operator's words; kept with a held message.
        anew: Whether a new generation begins, with tries of its own.
        due: A new due time, UTC; None to keep the old one, or, for a retry, for now.
    """

    action: str
    ids: Sequence[str]
    before: frozenset[Dispatch]
    after: Dispatch
    author: Author
    reason: str = ""
    anew: bool = False
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move came to.

    Attributes:
        done: The ids of the messages that were moved.
        refused: Those in another state, with that state.
        missing: Ids of no message.
    """

    done: tuple[str, ...]
    refused: Mapping[str, Dispatch] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


Counts = Mapping[Dispatch, int]
"""How many messages are in each state; states without messages are left out."""


class MessageStore(DispatchStore, EventStore, Protocol):
    """The message queue of one environment."""

    def enqueue(self, entries: Sequence[NewEntry], by: Author) -> Sequence[Enqueued]:
        """Queues messages, all of them in one transaction, or none.

        Args:
            entries: In any number; those of one group must stand together. One whose dedupe key its provider has had
                already is not queued again.
            by: Who hands them in.

        Returns:
            What became of each entry, in their order.

        Raises:
            NotFound: A provider is not there any more; nothing was queued.
            OutcomeUnknown: The connection broke while they were being committed: ask whether they are `enqueued`.
        """
        ...

    def enqueued(self, entries: Sequence[NewEntry]) -> Sequence[Enqueued] | None:
        """What became of entries that were handed to `enqueue` whose answer was lost; None: nothing, and never will.

        It waits for whoever is queueing for these providers, so that what was on its way is done, or is not.

        Raises:
            StoreError: It is not known yet: try again.
        """
        ...

    def message_page(self, query: MessageQuery) -> Sequence[MessageRow]:
        """One page of the messages."""
        ...

    def message(self, message_id: str) -> MessageDetail:
        """A message with its history.

        Raises:
            NotFound: There is none.
        """
        ...

    def message_row(self, message_id: str) -> MessageRow:
        """A message as the list has it.

        Raises:
            NotFound: There is none.
        """
        ...

    def queued_messages(self, ids: Sequence[str]) -> Mapping[str, Message]:
        """Messages as they were queued, by id, to be rendered anew; ids of no message are left out."""
        ...

    def ids_like(self, start: str, limit: int = 5) -> Sequence[str]:
        """The ids that begin so, the oldest first: what an operator copied may be the beginning only."""
        ...

    def ahead_of(self, message_id: str, most: int = 100_000) -> int:
        """How many messages of its provider wait that are due before a message; looks at `most` of them."""
        ...

    def counts(self, provider_id: str | None = None) -> Counts:
        """How many messages are in each state, of a provider or of all; costs the same however many there are."""
        ...

    def counts_by_provider(self) -> Mapping[str, Counts]:
        """How many messages of each provider are in each state, by provider id."""
        ...

    def count_messages(self, query: MessageQuery, most: int = 10_000) -> int:
        """How many messages match; without a filter from the counts, with one by looking, up to `most`."""
        ...

    def hours(self, provider_id: str, since: datetime) -> Mapping[tuple[str, str], Mapping[datetime, int]]:
        """How many messages came to each status in each hour.

        Returns:
            By axis (`state` for dispatch states, `code` for the provider's codes) and status: hour to number.
        """
        ...

    def refusals(self, provider_id: str, limit: int = 20) -> Sequence[Refusal]:
        """What a provider refused last, the newest first."""
        ...

    def waiting_by_due(self, provider_id: str, bucket_s: int = 3600) -> Mapping[datetime, int]:
        """How many messages wait, by their due time in steps of so many seconds; looks at every waiting one."""
        ...

    def move(self, move: MessageMove, sign: "Sign") -> Moved:
        """Moves messages as an operator says, with an audit entry for each provider, in one transaction.

        Raises:
            IllegalTransition: The table of states has no such way for an operator.
        """
        ...
