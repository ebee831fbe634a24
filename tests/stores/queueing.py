"""Makes messages to queue, and moves them along."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ftos_tui.domain.delivery.message import Message, Role
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.dispatch_protocol import Claimed, Mark, Planner, Recorded, Step, StepPlan, StepState
from ftos_tui.stores.message_protocol import MessageStore, NewEntry
from ftos_tui.stores.protocol import ProviderStore
from tests.stores.making import ANA, new_version, sign

PAST = datetime(2026, 1, 2, tzinfo=UTC)
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, "250", "ok")
REFUSED = Outcome(OutcomeKind.REFUSED_TEMPORARY, "451", "4.3.0 later")

_numbers = itertools.count(1)


def provider_of(store: ProviderStore, name: str = "Gateway") -> str:
    """The id of a new provider."""
    return store.write(new_version(name), sign).provider_id


def message_of(provider_id: str, **changes: Any) -> Message:
    """A message to one recipient, with what the test changes. Ids grow."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "id": f"00000000-0000-7000-8000-{number:012x}",
        "group_id": f"group-{number}",
        "provider_id": provider_id,
        "recipient": f"client{number}@example.com",
        "role": Role.TO,
        "to": (f"client{number}@example.com",),
        "cc": (),
        "subject": "Statement",
        "text": "Your statement",
        "html": "",
        "attachments": (),
        "due": PAST,
        "not_after": None,
        "params": "{}",
        "dedupe_key": "",
    }
    return Message(**{**given, **changes})


def entry_of(provider_id: str, **changes: Any) -> NewEntry:
    """An entry to queue: rendered, waiting."""
    given = {name: changes.pop(name) for name in ("state", "reason", "envelope", "wire") if name in changes}
    return NewEntry(message_of(provider_id, **changes), **{"envelope": "a to b", "wire": b"From: a\r\n\r\n", **given})


def queue(store: ProviderStore, provider_id: str, number: int = 1, **changes: Any) -> list[str]:
    """The ids of messages that were queued."""
    entries = [entry_of(provider_id, **changes) for _ in range(number)]
    return [done.id for done in store.messages.enqueue(entries, ANA)]


def at_most(limit: int) -> Planner:
    """Plans a step of that many, whenever asked."""

    def plan(state: StepState, now: datetime) -> StepPlan:
        return StepPlan(limit, now + timedelta(seconds=60))

    return plan


def claim(messages: MessageStore, provider_id: str, limit: int = 50, worker: str = "w1", lease_s: float = 60.0) -> Step:
    """A claimed step."""
    return messages.claim_step(provider_id, worker, lease_s, at_most(limit))


def mark(messages: MessageStore, claimed: Sequence[Claimed]) -> frozenset[str]:
    """Marks claimed messages; gives back those that were lost."""
    return messages.mark_sending([Mark(one.id, one.fence) for one in claimed])


def recorded(
    claimed: Claimed, after: Dispatch = Dispatch.ACCEPTED, outcome: Outcome = ACCEPTED, **more: Any
) -> Recorded:
    """What a try came to."""
    return Recorded(claimed.id, claimed.fence, more.pop("before", Dispatch.SENDING), after, outcome, **more)


def sent(store: ProviderStore, provider_id: str, limit: int = 50, **more: Any) -> list[Claimed]:
    """Claims, marks and records messages; accepted unless the test says otherwise."""
    step = claim(store.messages, provider_id, limit)
    mark(store.messages, step.messages)
    store.messages.record([recorded(one, **more) for one in step.messages])
    return list(step.messages)
