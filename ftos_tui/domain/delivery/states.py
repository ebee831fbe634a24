"""The dispatch states of a message, and every way from one to another.

Dispatch is what the worker and operators do; what a provider reports later is on axes of its own (`fold`). The status
that an operator sees is computed from these (`displayed`), never stored.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Dispatch(StrEnum):
    """Where a message stands on its way to the provider."""

    QUEUED = "queued"
    """Waits for its due time, the window, an active provider and a closed breaker."""
    CLAIMED = "claimed"
    """Leased by a worker; nothing is on the wire."""
    SENDING = "sending"
    """The mark is committed; bytes may be on the wire."""
    ACCEPTED = "accepted"
    """The provider took it."""
    RETRY_WAIT = "retry_wait"
    """Known not accepted; it is tried again."""
    IN_DOUBT = "in_doubt"
    """Nobody can tell whether the provider took it."""
    HELD = "held"
    """Stopped until an operator releases or cancels it."""
    FAILED = "failed"
    """Known not accepted; no tries are left, or it was refused for good."""
    EXPIRED = "expired"
    """Its not-after time passed before it was accepted."""
    CANCELED = "canceled"
    """Canceled by an operator before it was sent."""


TERMINAL: Final = frozenset({Dispatch.ACCEPTED, Dispatch.FAILED, Dispatch.EXPIRED, Dispatch.CANCELED})
"""States that no worker moves a message out of. Only an operator or a late event still moves a failed one."""

WAITING: Final = frozenset({Dispatch.QUEUED, Dispatch.RETRY_WAIT})
"""States from which a worker may claim a message."""

IN_HAND: Final = frozenset({Dispatch.CLAIMED, Dispatch.SENDING})
"""States in which one worker holds a message; they count as in flight against Bulk No."""


class Actor(StrEnum):
    """Who moves a message."""

    ENQUEUE = "enqueue"
    WORKER = "worker"
    OPERATOR = "operator"
    EVENT = "event"
    CLOCK = "clock"
    """A time that passed: not-after, a lease, the grace time of a message in doubt."""


class Tries(StrEnum):
    """What a transition does to the number of tries of the message's generation."""

    KEPT = "kept"
    TAKEN = "taken"
    """One more: the mark before the first byte."""
    REFUNDED = "refunded"
    """One less: the try did not count."""
    ANEW = "anew"
    """A new generation begins, with tries of its own."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Attributes:
        before: The state it leads from; None for a message that is not queued yet.
        after: The state it leads to.
        by: Who may do it.
        guard: On what condition, in words.
        tries: What becomes of the number of tries.
    """

    before: Dispatch | None
    after: Dispatch
    by: frozenset[Actor]
    guard: str
    tries: Tries = Tries.KEPT


class IllegalTransition(Exception):
    """A change of state that the table does not have.

    Attributes:
        before: The state the message is in; None for a new one.
        after: The state it was to get.
        by: Who wanted it.
    """

    def __init__(self, before: Dispatch | None, after: Dispatch, by: Actor | None = None) -> None:
        who = f" by {by}" if by else ""
        super().__init__(f"no way from {before or 'new'} to {after}{who}")
        self.before = before
        self.after = after
        self.by = by


def _row(
    before: Dispatch | None, after: Dispatch, by: tuple[Actor, ...], guard: str, tries: Tries = Tries.KEPT
) -> Transition:
    return Transition(before, after, frozenset(by), guard, tries)


_D = Dispatch
_WORKER: Final = (Actor.WORKER,)
_OPERATOR: Final = (Actor.OPERATOR,)
_CLAIM: Final = "due, window open, provider active, breaker closed, room in the step; the fence rises by one"

TRANSITIONS: Final = (
    _row(None, _D.QUEUED, (Actor.ENQUEUE,), "the message passed its checks"),
    _row(None, _D.HELD, (Actor.ENQUEUE,), "the provider is not ready"),
    _row(_D.QUEUED, _D.CLAIMED, _WORKER, _CLAIM),
    _row(_D.QUEUED, _D.HELD, (Actor.OPERATOR, Actor.EVENT), "an operator, or an event proves an earlier try accepted"),
    _row(_D.QUEUED, _D.CANCELED, _OPERATOR, "an operator"),
    _row(_D.QUEUED, _D.EXPIRED, (Actor.CLOCK,), "its not-after time passed"),
    _row(_D.RETRY_WAIT, _D.CLAIMED, _WORKER, _CLAIM),
    _row(_D.RETRY_WAIT, _D.HELD, _OPERATOR, "an operator"),
    _row(_D.RETRY_WAIT, _D.CANCELED, _OPERATOR, "an operator"),
    _row(_D.RETRY_WAIT, _D.EXPIRED, (Actor.CLOCK,), "its not-after time passed"),
    _row(_D.RETRY_WAIT, _D.ACCEPTED, (Actor.EVENT,), "a late event proves acceptance; the pending retry is dropped"),
    _row(
        _D.CLAIMED,
        _D.QUEUED,
        (Actor.WORKER, Actor.CLOCK),
        "window closed, shutdown, breaker opened, or the lease ran out without a mark",
    ),
    _row(
        _D.CLAIMED,
        _D.HELD,
        (Actor.WORKER, Actor.CLOCK),
        "it ended its worker before the wire too often, or the provider is no longer fit to send it",
    ),
    _row(_D.CLAIMED, _D.FAILED, _WORKER, "the message itself cannot be sent"),
    _row(_D.CLAIMED, _D.SENDING, _WORKER, "the mark is committed before the first byte", Tries.TAKEN),
    _row(_D.SENDING, _D.ACCEPTED, _WORKER, "the final positive reply"),
    _row(_D.SENDING, _D.RETRY_WAIT, _WORKER, "definitely refused for now, and tries are left"),
    _row(_D.SENDING, _D.FAILED, _WORKER, "definitely refused for good, or for now with no tries left"),
    _row(
        _D.SENDING,
        _D.QUEUED,
        _WORKER,
        "definitely not accepted for a reason of the provider, throttled, or nothing left this host",
        Tries.REFUNDED,
    ),
    _row(
        _D.SENDING,
        _D.IN_DOUBT,
        (Actor.WORKER, Actor.CLOCK),
        "no reply after all data was sent, a crash after the mark, or the lease ran out after the mark",
    ),
    _row(_D.IN_DOUBT, _D.ACCEPTED, (Actor.EVENT, Actor.OPERATOR), "a matching event, or an operator who knows"),
    _row(_D.IN_DOUBT, _D.RETRY_WAIT, (Actor.OPERATOR, Actor.CLOCK), "an operator, or the policy after a grace time"),
    _row(_D.IN_DOUBT, _D.FAILED, (Actor.OPERATOR, Actor.CLOCK), "an operator, or the policy after a grace time"),
    _row(_D.HELD, _D.QUEUED, _OPERATOR, "an operator releases it"),
    _row(_D.HELD, _D.CANCELED, _OPERATOR, "an operator"),
    _row(_D.HELD, _D.ACCEPTED, (Actor.EVENT,), "a late event proves acceptance"),
    _row(_D.FAILED, _D.QUEUED, _OPERATOR, "an operator tries it again", Tries.ANEW),
    _row(_D.FAILED, _D.ACCEPTED, (Actor.EVENT,), "a late event proves acceptance"),
)
"""Every legal change of state; anything else is a mistake of the program."""

_BY_WAY: Final = {(row.before, row.after): row for row in TRANSITIONS}


def allowed(before: Dispatch | None, after: Dispatch, by: Actor | None = None) -> bool:
    """Whether the table has a way from one state to another; with `by`, whether that actor may go it."""
    row = _BY_WAY.get((before, after))
    return row is not None and (by is None or by in row.by)


def transition(before: Dispatch | None, after: Dispatch, by: Actor | None = None) -> Transition:
    """The row of the table for a change of state.

    Raises:
        IllegalTransition: There is none, or not for this actor.
    """
    row = _BY_WAY.get((before, after))
    if row is None or (by is not None and by not in row.by):
        raise IllegalTransition(before, after, by)
    return row


def sources(after: Dispatch, by: Actor) -> frozenset[Dispatch]:
    """The states from which an actor may bring a message into a state; for the guard of an update."""
    rows = (row for row in TRANSITIONS if row.after is after and by in row.by)
    return frozenset(row.before for row in rows if row.before is not None)


def displayed(state: Dispatch, *, due: datetime | None = None, tries: int = 0, tries_in_all: int = 1) -> str:
    """The status in an operator's words; `Error` is the vendor's word for a message that was refused.

    Args:
        state: The dispatch state.
        due: When it is due, UTC; for a retry.
        tries: The tries used.
        tries_in_all: The tries there are at most, as the provider's settings have it now.
    """
    if state is Dispatch.RETRY_WAIT:
        again = f", again at {due:%H:%M:%S} UTC" if due else ""
        return f"Error{again}, try {tries + 1} of {max(tries_in_all, tries + 1)}"
    if state is Dispatch.FAILED:
        return f"Error, {tries} of {max(tries_in_all, tries)} tries used, not tried again"
    return _SHOWN[state]


_SHOWN: Final = {
    Dispatch.QUEUED: "Waiting",
    Dispatch.CLAIMED: "Taken by a worker",
    Dispatch.SENDING: "Being sent",
    Dispatch.ACCEPTED: "Accepted by the provider",
    Dispatch.IN_DOUBT: "In doubt",
    Dispatch.HELD: "Held",
    Dispatch.EXPIRED: "Expired",
    Dispatch.CANCELED: "Canceled",
}
