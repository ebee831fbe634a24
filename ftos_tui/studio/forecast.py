"""How the waiting messages of a provider would leave, by its settings as they are edited and as they are saved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.forecast import Forecast, forecast, in_sentence, warnings
from ftos_tui.domain.delivery.provider import ProviderState, misconfigured_fields, provider_state, sending_rules
from ftos_tui.domain.delivery.states import WAITING
from ftos_tui.domain.delivery.steps import Blocker, StepState
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.fields import FIELD_BY_ID, SECRET_IDS
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.domain.record import missing_fields
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.studio.messages import ALIVE

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Forecast", "Outlook", "Queue", "consequences_for_queue", "edited_state", "look_ahead", "queue_of"]

BUCKET_S: Final = 300
"""Seconds of due times that are taken together: a forecast need not tell messages of one five minutes apart."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What a forecast starts from, as of one moment.

    Attributes:
        saved: The provider as it is saved.
        step: Where it stands with its steps and its breaker.
        waiting: Due times, UTC, and how many messages are due at each.
        now: That moment, UTC, by the store's clock.
        intervals: The step intervals in seconds, 0 for none, of the processors that run, each once, in order.
    """

    saved: ProviderState
    step: StepState
    waiting: tuple[tuple[datetime, int], ...]
    now: datetime
    intervals: tuple[int, ...] = ()

    @property
    def step_s(self) -> int:
        """Seconds between two steps, at least 1: of the slowest processor that runs, so that none leave later."""
        return max(1, *self.intervals) if self.intervals else STEP_SECONDS

    @property
    def reckoned(self) -> str:
        """With which step interval the forecast reckons, and why with that, a sentence."""
        if not self.intervals:
            return f"Reckoned with a step every {STEP_SECONDS} s, as no processor runs."
        whose = "as the processor runs" if len(self.intervals) == 1 else "as the slowest of the processors runs"
        if not self.intervals[-1]:
            return f"Reckoned with one step after another, {whose}."
        return f"Reckoned with a step every {self.intervals[-1]:,} s, {whose}."


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a forecast says.

    Attributes:
        now: From when on, UTC.
        ahead: By the settings that are tried out; None where they make no sense together.
        saved: By the settings as they are saved; None where nothing that matters differs.
        sentence: In words, with full stop.
        warnings: What is to be minded, a sentence each.
        step_s: Seconds between two steps that it reckons with.
        reckoned: The same in words, a sentence, with why.
    """

    now: datetime
    ahead: Forecast | None
    saved: Forecast | None
    sentence: str
    warnings: tuple[str, ...]
    step_s: int = STEP_SECONDS
    reckoned: str = ""

    @property
    def unusual_pace(self) -> tuple[str, ...]:
        """What is said of the step interval where it is not the usual one; empty where it is."""
        return (self.reckoned,) if self.step_s != STEP_SECONDS else ()


def queue_of(session: "Session", provider_id: str, waiting: int | None = None) -> Queue:
    """Where a provider and its messages stand now; asks the store.

    Args:
        session: The operator's session.
        provider_id: The provider.
        waiting: Look ahead for so many messages that are due now, instead of those that wait.

    Raises:
        StoreError: The store cannot be read.
    """
    store, messages = session.store, session.store.messages
    now = store.now(session.clock())
    kept = messages.step_state(provider_id)
    if waiting is not None:
        dues: tuple[tuple[datetime, int], ...] = ((now, waiting),) if waiting else ()
    elif any(messages.counts(provider_id).get(state) for state in WAITING):
        dues = tuple(messages.waiting_by_due(provider_id, BUCKET_S).items())
    else:
        dues = ()
    try:
        breaker = Breaker.from_json(kept.breaker)
    except ValueError:
        breaker = Breaker()
    step = StepState(kept.next_step_at, kept.inflight, breaker)
    intervals = _intervals(messages.workers(), now) if dues else ()
    unpaced = Queue(provider_state(store.by_id(provider_id), paused=kept.paused), step, dues, now, intervals)
    return replace(unpaced, saved=_paced(unpaced.saved, unpaced))


def edited_state(draft: Draft, checked: Checked, saved: ProviderState) -> ProviderState:
    """The provider as the processor would see it, were a draft saved.

    Args:
        draft: The edit.
        checked: The verdict on it.
        saved: As it is saved, from which come pause and deletion.
    """
    missing = [
        FIELD_BY_ID[field_id].label
        for field_id in missing_fields(checked.values, draft.base.secrets)
        if field_id not in SECRET_IDS or not draft.secrets.get(field_id)
    ]
    rules = sending_rules(checked.values)
    if rules is not None and saved.rules is not None:  # the processors' pace, no setting of the provider
        rules = replace(rules, step_s=saved.rules.step_s)
    # A breaker lets one message through once the provider was edited, whatever the edit.
    version = saved.version + 1 if draft.changed else saved.version
    return replace(saved, version=version, rules=rules, missing=tuple(missing))


def look_ahead(queue: Queue, edited: ProviderState, checked: Checked | None = None) -> Outlook:
    """The forecast; asks no store, but takes a moment where many messages leave slowly: not on the event loop.

    Args:
        queue: What it starts from.
        edited: The provider as it would be.
        checked: The verdict behind it, to name fields that make no sense together; None for what is saved.
    """
    if edited.rules is None and checked is not None and queue.waiting:
        fields = ", ".join(misconfigured_fields(checked.values))
        return Outlook(queue.now, None, None, f"No forecast yet: correct {fields}.", ())
    edited = _paced(edited, queue)
    ahead = forecast(edited, queue.step, queue.waiting, queue.now)
    saved = None
    if _differs(edited, queue):
        saved = forecast(queue.saved, queue.step, queue.waiting, queue.now)
    said = warnings(edited.rules, ahead, queue.now) if edited.rules and queue.waiting else ()
    why = _why(ahead.blocker, edited, queue.step) if queue.waiting else ""
    sentence = f"{in_sentence(ahead, queue.now, saved)}."
    minded = (*((why,) if why else ()), *said)
    return Outlook(queue.now, ahead, saved, sentence, minded, queue.step_s, queue.reckoned)


def consequences_for_queue(session: "Session", draft: Draft, checked: Checked) -> tuple[str, ...]:
    """What a save of a draft would mean for the messages that wait, a sentence each; asks the store.

    Returns:
        Nothing where none wait, or nothing changes for them.

    Raises:
        StoreError: The store cannot be read.
    """
    if draft.base.provider_id is None:
        return ()
    queue = queue_of(session, draft.base.provider_id)
    edited = edited_state(draft, checked, queue.saved)
    if not queue.waiting or not _differs(edited, queue):
        return ()
    outlook = look_ahead(queue, edited, checked)
    return (outlook.sentence, *outlook.warnings, *outlook.unusual_pace)


def _paced(provider: ProviderState, queue: Queue) -> ProviderState:
    """The provider with steps as the processors that run make them."""
    if provider.rules is None:
        return provider
    return replace(provider, rules=replace(provider.rules, step_s=queue.step_s))


def _intervals(workers: Sequence[WorkerState], now: datetime) -> tuple[int, ...]:
    """The step intervals that the processors told of which run."""
    found = set()
    for worker in workers:
        try:
            told = json.loads(worker.detail)
        except ValueError:
            continue
        seconds = told.get("step_s") if isinstance(told, dict) else None
        if isinstance(seconds, int) and seconds >= 0 and now - worker.seen_at < ALIVE:
            found.add(seconds)
    return tuple(sorted(found))


def _differs(edited: ProviderState, queue: Queue) -> bool:
    """Whether a draft changes anything for the messages that wait; where sending stopped, any edit does."""
    saved = queue.saved
    stopped = queue.step.breaker.position is not Position.CLOSED and edited.version != saved.version
    return stopped or (edited.rules, edited.missing) != (saved.rules, saved.missing)


def _why(blocker: Blocker | None, provider: ProviderState, step: StepState) -> str:
    """What keeps messages for ever, in a sentence; empty for nothing."""
    if blocker is None:
        return ""
    missing = ", ".join(provider.missing[:3]) + (", …" if len(provider.missing) > 3 else "")
    return {
        Blocker.DELETED: "The provider is deleted.",
        Blocker.NOT_READY: f"It is not ready to send, for want of {missing}.",
        Blocker.MISCONFIGURED: "Its settings make no sense together.",
        Blocker.PAUSED: f"It is paused: {shortened(provider.paused, 80)}.",
        Blocker.BREAKER: f"Sending stopped until somebody sees to it: {shortened(step.breaker.said, 120)}",
    }.get(blocker, "")
