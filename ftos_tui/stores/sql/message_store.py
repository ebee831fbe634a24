"""The message queue in a relational store: each operation in a transaction of its own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.message import Message
from ftos_tui.domain.record import Author
from ftos_tui.stores.dispatch_protocol import (
    Body,
    DueProvider,
    Lost,
    Mark,
    Planner,
    Recorded,
    Recovery,
    Step,
    StepState,
    WorkerState,
)
from ftos_tui.stores.event_protocol import EventPlace, Intake, NewEvent
from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.message_protocol import (
    Counts,
    Enqueued,
    KeptEvent,
    MessageDetail,
    MessageMove,
    MessageQuery,
    MessageRow,
    Moved,
    NewEntry,
    Refusal,
)
from ftos_tui.stores.protocol import Sign
from ftos_tui.stores.sql import dispatch, message_details, message_events, message_moves, messages, steps, tally
from ftos_tui.stores.sql.database import Database
from ftos_tui.stores.sql.instants import to_micros


class SqlMessages:
    """A `MessageStore` in a relational database; any number of threads may use it.

    Args:
        database: The database, its schema at head.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def enqueue(self, entries: Sequence[NewEntry], by: Author) -> Sequence[Enqueued]:
        """Queues messages, all of them or none."""
        with self.database.dispatching() as connection:
            return messages.enqueue(connection, entries, by)

    def enqueued(self, entries: Sequence[NewEntry]) -> Sequence[Enqueued] | None:
        """What became of entries whose answer was lost; None where nothing did, and never will."""
        with self.database.dispatching() as connection:
            return messages.enqueued(connection, entries)

    def message_page(self, query: MessageQuery) -> Sequence[MessageRow]:
        """One page of the messages."""
        with self.database.reading() as connection:
            return messages.page(connection, query)

    def message(self, message_id: str) -> MessageDetail:
        """A message with its history."""
        with self.database.reading() as connection:
            return message_details.detail(connection, message_id)

    def message_row(self, message_id: str) -> MessageRow:
        """A message as the list has it."""
        with self.database.reading() as connection:
            return messages.row(connection, message_id)

    def queued_messages(self, ids: Sequence[str]) -> Mapping[str, Message]:
        """Messages as they were queued, by id."""
        with self.database.reading() as connection:
            return messages.queued(connection, ids)

    def ids_like(self, start: str, limit: int = 5) -> Sequence[str]:
        """The ids that begin so."""
        with self.database.reading() as connection:
            return messages.ids_like(connection, start, limit)

    def ahead_of(self, message_id: str, most: int = 100_000) -> int:
        """How many waiting messages of its provider are due before a message."""
        with self.database.reading() as connection:
            return messages.ahead_of(connection, message_id, most)

    def counts(self, provider_id: str | None = None) -> Counts:
        """How many messages are in each state."""
        with self.database.reading() as connection:
            return tally.of_all(connection) if provider_id is None else tally.of_provider(connection, provider_id)

    def counts_by_provider(self) -> Mapping[str, Counts]:
        """How many messages of each provider are in each state."""
        with self.database.reading() as connection:
            return tally.by_provider(connection)

    def count_messages(self, query: MessageQuery, most: int = 10_000) -> int:
        """How many messages match."""
        with self.database.reading() as connection:
            return messages.count(connection, query, most)

    def hours(self, provider_id: str, since: datetime) -> Mapping[tuple[str, str], Mapping[datetime, int]]:
        """How many messages came to each status in each hour."""
        with self.database.reading() as connection:
            return tally.hours(connection, provider_id, to_micros(since))

    def refusals(self, provider_id: str, limit: int = 20) -> Sequence[Refusal]:
        """What a provider refused last."""
        with self.database.reading() as connection:
            return message_details.refusals(connection, provider_id, limit)

    def waiting_by_due(self, provider_id: str, bucket_s: int = 3600) -> Mapping[datetime, int]:
        """How many messages wait, by their due time."""
        with self.database.reading() as connection:
            return dict(messages.waiting_by_due(connection, provider_id, bucket_s))

    def move(self, move: MessageMove, sign: Sign) -> Moved:
        """Moves messages as an operator says."""
        with self.database.writing() as connection:
            return message_moves.move(connection, move, sign)

    def claim_step(self, provider_id: str, worker: str, lease_s: float, plan: Planner) -> Step:
        """Claims messages of a provider that are due."""
        with self.database.dispatching() as connection:
            return dispatch.claim_step(connection, provider_id, worker, lease_s, plan)

    def bodies(self, ids: Sequence[str]) -> Mapping[str, Body]:
        """What of messages goes out."""
        with self.database.reading() as connection:
            return dispatch.bodies(connection, ids)

    def mark_sending(self, marks: Sequence[Mark]) -> frozenset[str]:
        """Marks claimed messages as being sent; gives back the ids that were lost."""
        return self.advance((), marks).marked

    def record(self, outcomes: Sequence[Recorded]) -> frozenset[str]:
        """Writes what tries came to; gives back the ids that were lost."""
        return self.advance(outcomes, ()).recorded

    def advance(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
        """Records outcomes and sets marks in one transaction."""
        if not outcomes and not marks:
            return Lost()
        with self.database.dispatching() as connection:
            return dispatch.advance(connection, outcomes, marks)

    def keep_rendered(self, message_id: str, envelope: str, wire: bytes) -> None:
        """Keeps a message that was rendered anew."""
        with self.database.dispatching() as connection:
            message_moves.keep_rendered(connection, message_id, envelope, wire)

    def heartbeat(self, worker: WorkerState, lease_s: float) -> int:
        """Says that a worker lives, and renews its leases."""
        with self.database.dispatching() as connection:
            return steps.heartbeat(connection, worker, lease_s)

    def workers(self) -> Sequence[WorkerState]:
        """The workers that told of themselves."""
        with self.database.reading() as connection:
            return steps.workers(connection)

    def forget_worker(self, worker_id: str) -> None:
        """Takes a worker off that has ended."""
        with self.database.dispatching() as connection:
            steps.forget_worker(connection, worker_id)

    def recover(self, limit: int = 1000) -> Recovery:
        """Takes messages out of the hands of workers whose lease is over."""
        with self.database.dispatching() as connection:
            return dispatch.recover(connection, limit)

    def expire(self, limit: int = 1000) -> int:
        """Expires waiting messages whose not-after time has passed."""
        with self.database.dispatching() as connection:
            return dispatch.expire(connection, limit)

    def step_state(self, provider_id: str) -> StepState:
        """Where a provider stands with its steps."""
        with self.database.reading() as connection:
            return steps.load(connection, provider_id)

    def marked_steps(self, provider_ids: Sequence[str]) -> frozenset[str]:
        """Which of these providers are paused or have anything noted of their breaker."""
        with self.database.reading() as connection:
            return steps.marked(connection, provider_ids)

    def change_breaker(self, provider_id: str, change: Callable[[str, datetime], str | None]) -> StepState:
        """Changes the breaker of a provider."""
        with self.database.dispatching() as connection:
            return steps.change_breaker(connection, provider_id, change)

    def change_pause(self, provider_id: str, why: str, author: Author, sign: Sign) -> StepState:
        """Pauses a provider, or lets it go on."""
        with self.database.writing() as connection:
            return message_moves.pause(connection, provider_id, why, author, sign)

    def close_breaker(self, provider_id: str, author: Author, sign: Sign) -> StepState:
        """Closes the breaker of a provider by an operator's word."""
        with self.database.writing() as connection:
            return message_moves.close_breaker(connection, provider_id, author, sign)

    def arrivals(self, mode: str = "auto") -> Signal | None:
        """Says from now on when messages were queued."""
        return self.database.arrivals(mode)

    def due_providers(self) -> Sequence[DueProvider]:
        """The providers with messages waiting."""
        with self.database.reading() as connection:
            return dispatch.due_providers(connection)

    def locate_events(self, events: Sequence[ProviderEvent]) -> Sequence[EventPlace | None]:
        """Where events belong."""
        with self.database.reading() as connection:
            return message_events.locate(connection, events)

    def take_events(self, events: Sequence[NewEvent], by: Author, sign: Sign) -> Intake:
        """Keeps events and folds them into their messages."""
        if not events:
            return Intake()
        with self.database.writing() as connection:
            return message_events.take(connection, events, by, sign)

    def unmatched_events(
        self, before: int | None = None, limit: int = 100, backwards: bool = False
    ) -> Sequence[KeptEvent]:
        """Events that belong to no message."""
        with self.database.reading() as connection:
            return message_events.unmatched(connection, before, limit, backwards)

    def kept_events(self, before: int | None = None, limit: int = 100, backwards: bool = False) -> Sequence[KeptEvent]:
        """All events."""
        with self.database.reading() as connection:
            return message_events.kept(connection, before, limit, backwards)
