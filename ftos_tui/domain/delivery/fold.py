"""What a provider's events add up to, whatever their order and however often each comes.

Delivery only rises in rank, times only reach further, and each event counts once: so the end is the same for any
order. Nothing here is dispatch: an event says what became of a message that the provider took, and with that, that it
took it (`settlement`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.statuses import Canonical


class Delivery(StrEnum):
    """How far the provider got with a message."""

    NONE = "none"
    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    BOUNCED = "bounced"


RANK: Final = {
    Delivery.NONE: 0,
    Delivery.PROCESSED: 1,
    Delivery.DEFERRED: 2,
    Delivery.DELIVERED: 3,
    Delivery.BLOCKED: 4,
    Delivery.DROPPED: 4,
    Delivery.BOUNCED: 5,
}
"""Delivery moves up only; an event of lower rank is kept, not applied. Delivered may still bounce, hours later."""

_DELIVERY: Final = {
    Canonical.ACCEPTED: Delivery.PROCESSED,
    Canonical.PROCESSED: Delivery.PROCESSED,
    Canonical.DEFERRED: Delivery.DEFERRED,
    Canonical.ERROR: Delivery.DEFERRED,
    Canonical.DELIVERED: Delivery.DELIVERED,
    Canonical.OPENED: Delivery.DELIVERED,
    Canonical.CLICKED: Delivery.DELIVERED,
    Canonical.COMPLAINED: Delivery.DELIVERED,
    Canonical.UNSUBSCRIBED: Delivery.DELIVERED,
    Canonical.BLOCKED: Delivery.BLOCKED,
    Canonical.DROPPED: Delivery.DROPPED,
    Canonical.EXPIRED: Delivery.DROPPED,
    Canonical.BOUNCED: Delivery.BOUNCED,
    Canonical.FAILED: Delivery.BOUNCED,
}
"""What each meaning says about delivery: who opened, clicked or complained has received it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a provider has reported about one message.

    Attributes:
        delivery: How far it got.
        delivery_at: The earliest time reported for that, UTC; None where no event told one.
        opens: Opens by a reader.
        machine_opens: Opens by a machine, which say nothing about a reader.
        clicks: Clicks on links.
        first_open: The first open by a reader, UTC.
        last_open: The last open by a reader, UTC.
        complained: Whether the recipient reported it as spam.
        unsubscribed: Whether the recipient unsubscribed by it.
    """

    delivery: Delivery = Delivery.NONE
    delivery_at: datetime | None = None
    opens: int = 0
    machine_opens: int = 0
    clicks: int = 0
    first_open: datetime | None = None
    last_open: datetime | None = None
    complained: bool = False
    unsubscribed: bool = False

    @property
    def rank(self) -> int:
        """The rank of its delivery, 0 to 5."""
        return RANK[self.delivery]

    @property
    def is_evidence(self) -> bool:
        """Whether any event has shown that the provider took the message."""
        return self.delivery is not Delivery.NONE


NOTHING: Final = Reported()


def apply(reported: Reported, event: ProviderEvent) -> Reported:
    """What is reported once an event has come that did not come before.

    Args:
        reported: What was reported so far.
        event: The event. `fold` shows how those that came before are told.
    """
    meaning = event.canonical
    if meaning is None or meaning not in _DELIVERY:
        return reported
    delivery, delivery_at = _raised(reported, _DELIVERY[meaning], event.at if _tells_time(meaning) else None)
    human = meaning is Canonical.OPENED and not event.machine
    return Reported(
        delivery=delivery,
        delivery_at=delivery_at,
        opens=reported.opens + human,
        machine_opens=reported.machine_opens + (meaning is Canonical.OPENED and event.machine),
        clicks=reported.clicks + (meaning is Canonical.CLICKED),
        first_open=_earlier(reported.first_open, event.at) if human else reported.first_open,
        last_open=_later(reported.last_open, event.at) if human else reported.last_open,
        complained=reported.complained or meaning is Canonical.COMPLAINED,
        unsubscribed=reported.unsubscribed or meaning is Canonical.UNSUBSCRIBED,
    )


def fold(events: Iterable[ProviderEvent]) -> Reported:
    """What events add up to: the same for any order, with any of them doubled, under the same or a new id."""
    reported, ids, contents = NOTHING, set(), set()
    for event in events:
        if event.content_hash in contents or (event.event_id and event.event_id in ids):
            continue
        contents.add(event.content_hash)
        ids.add(event.event_id)
        reported = apply(reported, event)
    return reported


_SETTLEMENT: Final[dict[Dispatch, tuple[Dispatch, ...]]] = {
    Dispatch.IN_DOUBT: (Dispatch.ACCEPTED,),
    Dispatch.RETRY_WAIT: (Dispatch.ACCEPTED,),
    Dispatch.FAILED: (Dispatch.ACCEPTED,),
    Dispatch.HELD: (Dispatch.ACCEPTED,),
    Dispatch.QUEUED: (Dispatch.HELD, Dispatch.ACCEPTED),
}


def settlement(state: Dispatch) -> tuple[Dispatch, ...]:
    """The states that evidence takes a message through, one after another, in one transaction.

    A message that waits to be tried again is stopped first, so that it is not sent twice. One in a worker's hands is
    let alone until it comes to rest: no mark is set on a message that has evidence, and `policy.after_try` is told of
    it when a try ends. To be asked for a message with evidence after each event that was applied, and whenever a
    worker, or the loss of one, leaves it in another state.
    """
    return _SETTLEMENT.get(state, ())


def is_conflict(state: Dispatch) -> bool:
    """Whether evidence contradicts a state that stays: canceled or expired, yet the provider has it."""
    return state in (Dispatch.CANCELED, Dispatch.EXPIRED)


def in_words(reported: Reported, *, opens_tracked: bool, clicks_tracked: bool) -> tuple[str, ...]:
    """What is reported, a phrase each, for an operator.

    Args:
        reported: What was reported.
        opens_tracked: Whether Open Setting was on in the version it was sent by.
        clicks_tracked: Whether Click Setting was.
    """
    words = [] if reported.delivery is Delivery.NONE else [_timed(reported.delivery.value, reported.delivery_at)]
    if not opens_tracked:
        words.append("opens: tracking off at send time")
    else:
        if reported.opens:
            span = _timed(f"opened {_times(reported.opens)}", reported.first_open, "first ")
            words.append(span)
        if reported.machine_opens:
            words.append(f"opened by machines {_times(reported.machine_opens)}")
    if not clicks_tracked:
        words.append("clicks: tracking off at send time")
    elif reported.clicks:
        words.append(f"clicked {_times(reported.clicks)}")
    if reported.complained:
        words.append("reported as spam")
    if reported.unsubscribed:
        words.append("unsubscribed")
    return tuple(words)


def _raised(reported: Reported, delivery: Delivery, at: datetime | None) -> tuple[Delivery, datetime | None]:
    """Delivery and its time after one more report: blocked and dropped share a rank, so the name decides between."""
    old, new = (RANK[reported.delivery], reported.delivery), (RANK[delivery], delivery)
    if new > old:
        return delivery, at
    if new == old:
        return delivery, _earlier(reported.delivery_at, at)
    return reported.delivery, reported.delivery_at


def _tells_time(meaning: Canonical) -> bool:
    """Whether an event's time is the time of its delivery: that of an open is not."""
    return _DELIVERY[meaning] is not Delivery.DELIVERED or meaning is Canonical.DELIVERED


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _timed(words: str, at: datetime | None, before: str = "") -> str:
    return f"{words}, {before}{at:%Y-%m-%d %H:%M:%S} UTC" if at else words
