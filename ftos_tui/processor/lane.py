"""One provider's messages in the hands of this worker: from the claim to the outcome."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from ftos_tui.domain.delivery import steps
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.policy import Progress, after_try
from ftos_tui.domain.delivery.provider import SendingRules, sending_rules
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.processor.backing import Backing, Pace
from ftos_tui.processor.bodies import Bodies
from ftos_tui.processor.breakers import BreakerView
from ftos_tui.processor.clock import StoreClock
from ftos_tui.processor.metrics import Meter
from ftos_tui.processor.pinned import Pinned, status_code
from ftos_tui.processor.sharing import Sharing
from ftos_tui.processor.summary import LOST
from ftos_tui.processor.writer import Marked, Writer
from ftos_tui.stores.dispatch_protocol import Claimed, Mark, Recorded, StepState
from ftos_tui.stores.protocol import NotFound, StoreError
from ftos_tui.transports.protocol import Attempt, NoRoute
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.rendering import NotRenderable, render

_K = TypeVar("_K")

_NOT_SENT = Outcome(OutcomeKind.NOT_SENT)

_LEAST_AHEAD: Final = 2
"""For each connection one message waits for its mark while another is on the wire."""

_MOST_AHEAD: Final = 8
"""As many as that where connections would wait for marks otherwise; after a kill those marked are in doubt."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What all lanes of a worker share.

    Attributes:
        backing: What the worker works with.
        pace: How fast.
        writer: Writes marks and outcomes.
        clock: The store's time.
        meter: Counts.
        sharing: How much of a Bulk No is this worker's.
        stopping: Whether nothing more may start.
        wake: Called when the worker has something to look at.
        taint: Called when what is in hand may differ from what the store says.
    """

    backing: Backing
    pace: Pace
    writer: Writer
    clock: StoreClock
    meter: Meter
    sharing: Sharing
    stopping: Callable[[], bool]
    wake: Callable[[], None]
    taint: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Held:
    """A claimed message with what it is sent with."""

    claimed: Claimed
    pinned: Pinned
    worker: str


class Lane:
    """One provider's messages in hand.

    Args:
        hand: What all lanes share.
        provider_id: The provider.
    """

    def __init__(self, hand: Hand, provider_id: str) -> None:
        self.provider_id = provider_id
        self.breaker = BreakerView(hand.backing, provider_id)
        self.in_hand: Counter[str] = Counter()
        self.holding: Counter[Pinned] = Counter()
        self.not_before: datetime | None = None
        self.idle_since = 0.0
        self.results: Counter[str] = Counter()
        self.newest: Pinned | None = None
        self._sent_with: Pinned | None = None
        self._hand = hand
        self._paused = False
        self._queue: deque[_Held] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(1)
        self._ahead = 0
        self._bodies = Bodies(hand.backing.messages)

    @property
    def total(self) -> int:
        """How many messages are in hand."""
        return self.in_hand.total()

    def refill_at(self, pinned: Pinned) -> int:
        """With how many messages in hand the next step is worth it where steps follow each other without a pause."""
        return 0 if self._hand.pace.step_s else self._hand.sharing.of(pinned.rules.bulk) // 2

    def seen(self, state: StepState) -> None:
        """Takes what all workers share about the provider, as the store has it."""
        self._paused = bool(state.paused)
        self.breaker.seen(state.breaker)

    async def look(self) -> None:
        """Learns what an operator or another worker stopped while messages are in hand: those not begun go back."""
        if not self.total:
            return
        before = self.breaker.now
        state = await asyncio.to_thread(self._hand.backing.messages.step_state, self.provider_id)
        if self.breaker.now is before:  # else what was read is older than what is known
            self.seen(state)

    def take(self, messages: tuple[Claimed, ...], pinned: Pinned, worker: str) -> None:
        """Takes the messages of a step and begins to send them.

        Args:
            messages: As they were claimed.
            pinned: The version that the step goes with.
            worker: Under which name they were claimed.
        """
        if pinned is not self._sent_with:
            # Messages of the version before keep their slots; they are few, and soon gone.
            self._slots = asyncio.Semaphore(pinned.connections)
            self._ahead = _LEAST_AHEAD * pinned.connections
        self._sent_with = pinned
        self.in_hand[worker] += len(messages)
        self.holding[pinned] += len(messages)
        self._queue.extend(_Held(one, pinned, worker) for one in messages)
        self._hand.meter.claimed(pinned.version.name, len(messages))
        for _ in range(min(len(self._queue), self._ahead) - len(self._senders)):
            self._begin()

    async def finish(self) -> None:
        """Waits until no sender is at work."""
        while self._senders:
            await asyncio.gather(*self._senders, return_exceptions=True)

    async def break_off(self) -> None:
        """Ends what is on the wire: nobody can tell then what became of it."""
        for task in self._senders:
            task.cancel()
        await self.finish()

    def _begin(self) -> None:
        task = asyncio.create_task(self._work())
        self._senders.add(task)
        task.add_done_callback(self._senders.discard)

    def _look_ahead(self, held: _Held) -> None:
        """Has one more message marked ahead where a connection is free and none that is marked waits for it."""
        if self._queue and self._ahead < _MOST_AHEAD * held.pinned.connections:
            self._ahead += 1
            self._begin()

    async def _work(self) -> None:
        while self._queue:
            held = self._queue.popleft()
            try:
                await self._handle(held)
            except Exception as error:
                # The message is judged by its mark, once what was claimed under this name is over.
                self._hand.taint()
                self._release(held)
                kind = type(error).__name__
                self._note(Level.ERROR, held, f"A message could not be handled ({kind}): {held.claimed.id}")

    async def _handle(self, held: _Held) -> None:
        async with self._bodies.room(held.claimed):
            await self._try(held)

    async def _try(self, held: _Held) -> None:
        claimed = held.claimed
        if not self._may_start(held):
            self._record(held, Dispatch.CLAIMED, Dispatch.QUEUED, _NOT_SENT)
            return
        message = await self._rendered(held)
        if message is None:
            return
        slots = self._slots
        marked = await self._hand.writer.mark(Mark(claimed.id, claimed.fence))
        if marked is Marked.LOST:
            self._release(held)
            self._hand.meter.lost(held.pinned.version.name)
            return
        if marked is Marked.UNSURE:
            self._record(held, Dispatch.SENDING, Dispatch.QUEUED, _NOT_SENT)
            return
        async with slots:
            if not self._may_start(held):
                self._record(held, Dispatch.SENDING, Dispatch.QUEUED, _NOT_SENT)
                return
            outcome, started = await self._send(held, message)
        if not slots.locked():
            self._look_ahead(held)
        await self._settle(held, outcome, started)

    def _may_start(self, held: _Held) -> bool:
        """Whether a message may still start: asked at the claim, before the mark and before the wire."""
        now = self._hand.clock.now()
        if (
            self._paused
            or self._hand.stopping()
            or (held.claimed.not_after is not None and held.claimed.not_after <= now)
        ):
            return False
        return bool(steps.gate(held.pinned.state, self.breaker.now, now).count)

    async def _rendered(self, held: _Held) -> Rendered | None:
        """The message for the wire, made anew where it was made for other settings; None where that fails."""
        claimed, pinned = held.claimed, held.pinned
        try:
            body = await self._bodies.of(claimed, (one.claimed for one in self._queue))
            if body is not None and body.envelope:
                with contextlib.suppress(ValueError):
                    message = Rendered.from_stored(body.envelope, body.wire)
                    if message.key == pinned.key:
                        return message
            return await asyncio.to_thread(self._render, claimed, pinned)
        except NotRenderable as fault:
            outcome, after = Outcome(OutcomeKind.NOT_SENT, said=str(fault)), Dispatch.FAILED
        except (NoRoute, LookupError) as fault:
            outcome, after = Outcome(OutcomeKind.NOT_SENT, said=str(fault)), Dispatch.HELD
        except StoreError:
            outcome, after = _NOT_SENT, Dispatch.QUEUED
        self._record(held, Dispatch.CLAIMED, after, outcome, reason=outcome.said)
        return None

    def _render(self, claimed: Claimed, pinned: Pinned) -> Rendered:
        messages = self._hand.backing.messages
        message = render(messages.queued_messages([claimed.id])[claimed.id], pinned.version.values)
        messages.keep_rendered(claimed.id, message.envelope(), message.payload)
        return message

    async def _send(self, held: _Held, message: Rendered) -> tuple[Outcome, datetime]:
        claimed, clock = held.claimed, self._hand.clock
        started = clock.now()
        attempt = Attempt(claimed.id, claimed.attempt + 1, self._hand.backing.environment)
        try:
            return await held.pinned.way.send(message, attempt), started
        except asyncio.CancelledError:
            said = "The worker was stopped while it was being sent."
            await self._settle(held, Outcome(OutcomeKind.IN_DOUBT, said=said), started, rules=held.pinned.rules)
            raise
        except Exception as error:
            said = f"Sending broke off by a mistake of the program ({type(error).__name__})."
            return Outcome(OutcomeKind.IN_DOUBT, said=said), started

    async def _settle(
        self, held: _Held, outcome: Outcome, started: datetime, rules: SendingRules | None = None
    ) -> None:
        """Writes down what a try came to, and draws the consequences for the provider."""
        claimed, pinned, now = held.claimed, held.pinned, self._hand.clock.now()
        self.breaker.take(outcome, pinned, now, self._hand.wake)
        if rules is None:
            rules = pinned.rules if outcome.accepted else await self._rules_now(pinned)
        progress = Progress(
            Dispatch.SENDING, claimed.due, claimed.attempt + 1, claimed.generation, claimed.throttled, claimed.crashes
        )
        decision = after_try(progress, outcome, rules, now)
        self._hand.meter.tried(pinned.version.name, outcome.kind, (now - started).total_seconds())
        self._record(
            held,
            Dispatch.SENDING,
            decision.state,
            outcome,
            due=decision.progress.due if decision.progress.due != claimed.due else None,
            reason=decision.why if decision.state in (Dispatch.FAILED, Dispatch.IN_DOUBT) else "",
            started_at=started,
            ended_at=now,
            status_code=status_code(outcome.code, pinned.codes),
            throttled=decision.progress.throttled > claimed.throttled,
        )

    async def _rules_now(self, pinned: Pinned) -> SendingRules:
        """The retry settings as they are when a failure is written down; the pinned ones where there are none."""
        try:
            version = await asyncio.to_thread(self._hand.backing.store.by_id, self.provider_id)
        except (StoreError, NotFound):
            return pinned.rules
        return sending_rules(version.values, step_s=self._hand.pace.step_s) or pinned.rules

    def _record(
        self,
        held: _Held,
        before: Dispatch,
        after: Dispatch,
        outcome: Outcome,
        *,
        due: datetime | None = None,
        reason: str = "",
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        status_code: str = "",
        throttled: bool = False,
    ) -> None:
        """Hands an outcome to the writer; the message is out of hand once that is committed."""
        recorded = Recorded(
            id=held.claimed.id,
            fence=held.claimed.fence,
            before=before,
            after=after,
            outcome=outcome,
            due=due,
            reason=reason,
            provider_version=held.pinned.version.number,
            worker=held.worker,
            started_at=started_at,
            ended_at=ended_at,
            status_code=status_code,
            throttled=throttled,
        )

        def written(told: "asyncio.Future[bool]") -> None:
            if not told.cancelled():
                self._release(held)
                self.results[after if told.result() else LOST] += 1

        self._hand.writer.record(recorded).add_done_callback(written)

    def _release(self, held: _Held) -> None:
        _take_one(self.in_hand, held.worker)
        _take_one(self.holding, held.pinned)
        if not self.total:
            self.not_before = None
        if self.total in (0, self.refill_at(held.pinned)):
            self._hand.wake()

    def _note(self, level: Level, held: _Held, sentence: str) -> None:
        self._hand.backing.note(level, visible(sentence), held.pinned.version.name)


def _take_one(counter: Counter[_K], key: _K) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
