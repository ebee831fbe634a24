"""What a store does with the events of providers. Part of `MessageStore`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.record import Author

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import KeptEvent
    from ftos_tui.stores.protocol import Sign


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event belongs: the message, and the provider whose status list tells what it means."""

    message_id: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event of a provider, to be taken in.

    Attributes:
        event: The event, its meaning by the provider's status list.
        raw: The event itself as it came, JSON.
        message_id: The message it is about, as `locate_events` found it; None where it found none.
        status_code: The row of the provider's status list to count it under; empty for none.
    """

    event: ProviderEvent
    raw: str
    message_id: str | None = None
    status_code: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a batch of events.

    Attributes:
        taken: How many were new.
        known: How many had been taken in before, under the same id or with the same content.
        unmatched: How many of the new ones belong to no message.
        settled: The ids of messages that the events proved accepted.
        conflicts: The ids of messages that were canceled or expired, though the provider has them.
    """

    taken: int = 0
    known: int = 0
    unmatched: int = 0
    settled: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class EventStore(Protocol):
    """The events of providers."""

    def locate_events(self, events: Sequence[ProviderEvent]) -> Sequence[EventPlace | None]:
        """Where events belong, in their order; None for an event of no message here.

        A message is found by our own id, else by the provider's id or what stands before a dot in it, else by
        Message-ID; never by address.
        """
        ...

    def take_events(self, events: Sequence[NewEvent], by: Author, sign: "Sign") -> Intake:
        """Keeps events and folds them into their messages, all in one transaction; what one settles is audited.

        Args:
            events: In any order, with any doubles.
            by: Who takes them in.
            sign: As for `ProviderStore.write`.
        """
        ...

    def unmatched_events(
        self, before: int | None = None, limit: int = 100, backwards: bool = False
    ) -> "Sequence[KeptEvent]":
        """Events that belong to no message, the newest first: those below a number, or backwards those above it."""
        ...

    def kept_events(
        self, before: int | None = None, limit: int = 100, backwards: bool = False
    ) -> "Sequence[KeptEvent]":
        """All events, the newest first: those below a number, or backwards those above it."""
        ...
