"""A worker: looks which providers have messages that are due, claims steps, and keeps its house in order."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from ftos_tui.domain.delivery import steps
from ftos_tui.domain.delivery.breaker import Position, after_outcome
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.processor.arrivals import Arrivals
from ftos_tui.processor.backing import Backing, Pace
from ftos_tui.processor.breakers import stored_breaker
from ftos_tui.processor.clock import JUMP_S, Clock, StoreClock, SystemClock
from ftos_tui.processor.heartbeat import Heartbeat
from ftos_tui.processor.lane import Hand, Lane
from ftos_tui.processor.metrics import Meter, NoMeter
from ftos_tui.processor.pinned import Pinned, pin
from ftos_tui.processor.sharing import Sharing
from ftos_tui.processor.summary import jump_in_words, recovery_in_words, tell_results
from ftos_tui.processor.writer import Writer
from ftos_tui.stores.dispatch_protocol import StepPlan, StepState, WorkerState
from ftos_tui.stores.protocol import NotFound, StoreError

QUICK_GRACE_S: Final = 2.0
"""Seconds that a stop waits for what is on the wire once it was asked for a second time."""

_IDLE_S: Final = 60.0
_SUMMARY_S: Final = 60.0


class Worker:
    """Sends the messages of all providers of an environment, within one event loop.

    Args:
        backing: What it works with.
        pace: How fast.
        meter: Counts.
        clock: The clocks it waits and measures by.
        once: Whether to end as soon as nothing can go now.
        alone: Whether nobody else can be at work on the store: then whoever told of itself before is gone.
    """

    def __init__(
        self,
        backing: Backing,
        pace: Pace | None = None,
        *,
        meter: Meter | None = None,
        clock: Clock | None = None,
        once: bool = False,
        alone: bool = False,
    ) -> None:
        self.backing = backing
        self.pace = pace or Pace()
        self.meter = meter or NoMeter()
        self.lanes: dict[str, Lane] = {}
        self._clock = clock or SystemClock()
        self.clock = StoreClock(self._clock)
        self._once = once
        self._alone = alone
        host, pid = socket.gethostname(), os.getpid()
        # A process id is given out again, also within a lease.
        self._base = f"{host}:{pid}:{secrets.token_hex(3)}"
        self._epoch, self._tainted = 0, False
        self._old_names: set[str] = set()
        self._state = WorkerState(self._base, host, pid, backing.store.now(self._clock.utc_now()), self.clock.now())
        self._wake = asyncio.Event()
        self._stop_signal = asyncio.Event()
        self._hurry = asyncio.Event()
        self._trouble = ""
        self._looked_at = self._clock.monotonic()
        self._chores_at = self._summary_at = float("-inf")
        self._sharing = Sharing(
            backing.messages, self.clock, self.pace.heartbeat_s, apply=not (alone or self.pace.step_s)
        )
        self._retired: set[Pinned] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._writer: Writer
        self._heartbeat: Heartbeat
        self._arrivals: Arrivals | None = None

    @property
    def name(self) -> str:
        """Under what name it claims now."""
        return f"{self._base}.{self._epoch}" if self._epoch else self._base

    @property
    def in_hand(self) -> int:
        """How many messages it has in hand."""
        return sum(lane.total for lane in list(self.lanes.values()))

    def stop(self) -> None:
        """Claims no more, finishes what is on the wire, gives the rest back; asked twice, it waits less."""
        if self._stop_signal.is_set():
            self._hurry.set()
        self._stop_signal.set()
        self._wake.set()

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is well, and how it stands; from any thread."""
        idle = self._clock.monotonic() - self._looked_at
        well = not self._trouble and idle < 2 * self.pace.sleep_s + 60
        shown = {"status": "ok" if well else "trouble", "worker": self._base, "in_hand": self.in_hand}
        return well, {**shown, "looked_s_ago": round(idle, 1), "trouble": self._trouble}

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Works until it is stopped.

        Args:
            ready: Called once it has begun.

        Raises:
            StoreError: The store cannot be used at the start.
        """
        self._writer = Writer(self.backing.messages, self._tell_trouble, self.meter.committed, self._taint)
        self._heartbeat = Heartbeat(
            self.backing.messages,
            self._state,
            lease_s=self.pace.lease_s,
            every_s=self.pace.heartbeat_s,
            detail=self._detail,
            trouble=self._tell_trouble,
        )
        self._hand = Hand(
            backing=self.backing,
            pace=self.pace,
            writer=self._writer,
            clock=self.clock,
            meter=self.meter,
            sharing=self._sharing,
            stopping=self._stop_signal.is_set,
            wake=self._wake.set,
            taint=self._taint,
        )
        try:
            await asyncio.to_thread(self._begin)
            if not self._once:
                wake = partial(asyncio.get_running_loop().call_soon_threadsafe, self._wake.set)
                self._arrivals = Arrivals(self.backing.messages, wake)
            ready()
            await self._work()
        finally:
            await self._finish()

    def _begin(self) -> None:
        if self._alone:
            messages = self.backing.messages
            for left in messages.workers():
                messages.forget_worker(left.id)
        self._heartbeat.begin()

    # Rounds

    async def _work(self) -> None:
        pause = 0.5
        while not self._stop_signal.is_set():
            self._wake.clear()
            try:
                rest = await self._round()
            except StoreError as error:
                self._tell_trouble(str(error))
                if self._once:
                    raise
                await self._clock.wait(self._stop_signal, pause)
                pause = min(2 * pause, self.pace.sleep_s)
                continue
            self._tell_trouble("")
            pause = 0.5
            if rest is None:
                return
            await self._clock.wait(self._wake, rest)

    async def _round(self) -> float | None:
        """One look at everything.

        Returns:
            Seconds until the next one; None where it is to work once only, and nothing can go now.
        """
        await self._tell_time()
        await self._do_chores()
        now = self.clock.now()
        self._looked_at = self._clock.monotonic()
        next_at = now + timedelta(seconds=self.pace.look_s)
        claimed = 0
        waits = [next_at]
        await asyncio.to_thread(self._sharing.look)
        for lane in list(self.lanes.values()):
            await lane.look()
        for due in await asyncio.to_thread(self.backing.messages.due_providers):
            if self._stop_signal.is_set():
                break
            lane = self._lane(due.provider_id)
            if due.due > now:
                waits.append(due.due)
                continue
            if self._may_claim(lane, now):
                claimed += await self._step(lane)
            if lane.not_before is not None:
                waits.append(lane.not_before)
        await self._tidy()
        self.meter.stands(self.in_hand, self._breakers())
        if (
            self._once
            and not claimed
            and not self.in_hand
            and all(lane.breaker.written for lane in self.lanes.values())
        ):
            return None
        rest = (min(waits) - self.clock.now()).total_seconds()
        return min(max(rest, 0.01), self.pace.sleep_s)

    def _may_claim(self, lane: Lane, now: datetime) -> bool:
        if lane.not_before is not None:
            if lane.not_before > now:
                return False
            lane.not_before = None
        if not lane.breaker.written:
            return False
        if self.pace.step_s or lane.newest is None:
            return True
        # Without a step interval each message that is done would bring a claim of one.
        return lane.newest.state.rules is None or lane.total <= lane.refill_at(lane.newest)

    async def _step(self, lane: Lane) -> int:
        """Claims a step of a provider, where it may; gives back how many messages."""
        pinned = await self._pinned(lane)
        if pinned is None:
            return 0
        free = steps.Room(0)

        def plan(kept: StepState, now: datetime) -> StepPlan:
            nonlocal free
            breaker = stored_breaker(kept.breaker)
            state = replace(pinned.state, paused=kept.paused)
            free = steps.room(state, steps.StepState(kept.next_step_at, kept.inflight, breaker), now)
            if not free.count:
                return StepPlan(0)
            if pinned.transport is None:
                opened = after_outcome(breaker, pinned.nowhere, pinned.rules, pinned.version.number, now)
                lane.breaker.tell(breaker, opened, pinned)
                return StepPlan(0, None, opened.to_json())
            limit = self._sharing.limit(free.count, pinned.rules.bulk, lane.total)
            return StepPlan(limit, steps.next_step_at(state, now))

        name = self.name
        messages = self.backing.messages
        try:
            step = await asyncio.to_thread(messages.claim_step, lane.provider_id, name, self.pace.lease_s, plan)
        except StoreError:
            # It may be committed all the same; what was claimed then is nobody's work.
            self._taint()
            raise
        lane.seen(step.state)
        soon = step.now + timedelta(seconds=self.pace.sleep_s)
        if step.messages:
            lane.take(step.messages, pinned, name)
            if self.pace.step_s:
                lane.not_before = min(step.state.next_step_at or soon, soon)
        else:
            again = step.now + timedelta(seconds=self.pace.look_s) if free.count else free.until or soon
            lane.not_before = min(again, soon)
        return len(step.messages)

    async def _pinned(self, lane: Lane) -> Pinned | None:
        """The current version of a provider, pinned; None where nobody knows the provider."""
        try:
            version = await asyncio.to_thread(self.backing.store.by_id, lane.provider_id)
        except NotFound:
            lane.not_before = self.clock.now() + timedelta(seconds=self.pace.sleep_s)
            return None
        held = lane.newest
        if held is not None and held.version.number == version.number and not held.fault:
            return held
        pinned = await asyncio.to_thread(pin, self.backing, version, self.pace.step_s)
        if held is not None:
            self._retired.add(held)
        lane.newest = pinned
        return pinned

    def _lane(self, provider_id: str) -> Lane:
        return self.lanes.setdefault(provider_id, Lane(self._hand, provider_id))

    # Housekeeping

    async def _tell_time(self) -> None:
        now = await asyncio.to_thread(self.backing.store.now, self._clock.utc_now())
        ahead = self.clock.tell(now)
        if abs(ahead) > JUMP_S:
            self._note(Level.ERROR, jump_in_words(ahead))
            for lane in self.lanes.values():
                lane.not_before = None

    async def _do_chores(self) -> None:
        if self._clock.monotonic() - self._chores_at < self.pace.chores_s:
            return
        self._chores_at = self._clock.monotonic()
        messages = self.backing.messages
        while (found := await asyncio.to_thread(messages.recover)).total:
            self._note(Level.WARNING, recovery_in_words(found))
        while expired := await asyncio.to_thread(messages.expire):
            self._note(Level.WARNING, f"{expired:,} messages expired unsent: their not-after time passed.")
        with suppress(Failure):  # it has said so itself
            await asyncio.to_thread(self.backing.chores)
        if self._clock.monotonic() - self._summary_at >= _SUMMARY_S:
            self._summary_at = self._clock.monotonic()
            tell_results(self.lanes.values(), self.backing.note)

    async def _tidy(self) -> None:
        """Closes what is not used any more, and gives up names under which nothing is in hand."""
        now = self._clock.monotonic()
        for lane in self.lanes.values():
            if lane.total:
                lane.idle_since = now
            elif lane.newest is not None and now - lane.idle_since > _IDLE_S:
                lane.idle_since = now
                self._close(lane.newest)
        in_use = {pinned for lane in self.lanes.values() for pinned in lane.holding}
        for pinned in self._retired - in_use:
            self._close(pinned)
        self._retired &= in_use
        if self._tainted:
            self._tainted = False
            self._old_names.add(self.name)
            self._epoch += 1
            self._heartbeat.add(self.name)
        for name in list(self._old_names):
            if not any(lane.in_hand[name] for lane in self.lanes.values()):
                self._old_names.discard(name)
                await asyncio.to_thread(self._heartbeat.remove, name)

    def _close(self, pinned: Pinned) -> None:
        task = asyncio.create_task(pinned.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _finish(self) -> None:
        """Lets what is on the wire end, gives the rest back, and takes leave."""
        self._stop_signal.set()
        lanes = self.lanes.values()
        senders = asyncio.gather(*(lane.finish() for lane in lanes))
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((senders, hurry), timeout=self.pace.grace_s, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((senders,), timeout=QUICK_GRACE_S)
        hurry.cancel()
        await asyncio.gather(*(lane.break_off() for lane in lanes))
        await senders
        await asyncio.gather(*(lane.breaker.flush() for lane in lanes))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._writer.flush(), self.pace.grace_s)
        await self._writer.close()
        tell_results(lanes, self.backing.note)
        await asyncio.to_thread(self._take_leave)
        for pinned in {*self._retired, *(lane.newest for lane in lanes if lane.newest is not None)}:
            self._close(pinned)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _take_leave(self) -> None:
        if self._arrivals is not None:
            self._arrivals.close()
        self._heartbeat.end()
        for name in (*self._old_names, self.name):
            with suppress(StoreError):
                self._heartbeat.remove(name)

    # Telling

    def _taint(self) -> None:
        """What is claimed under the name of now may differ from what is in hand: the next claims go by another one."""
        self._tainted = True
        self._wake.set()

    def _tell_trouble(self, sentence: str) -> None:
        """Says once that the store is away, and once that it is back; from any thread."""
        before, self._trouble = self._trouble, sentence
        if sentence and not before:
            self._note(Level.ERROR, sentence)
        elif before and not sentence:
            self._note(Level.SUCCESS, "The store answers again.")

    def _note(self, level: Level, sentence: str) -> None:
        self.backing.note(level, sentence, "")

    def _detail(self) -> dict[str, Any]:
        how = {"step_s": self.pace.step_s, "stopping": self._stop_signal.is_set(), "trouble": self._trouble}
        return {"in_hand": self.in_hand, **how}

    def _breakers(self) -> Iterator[tuple[str, bool]]:
        for lane in self.lanes.values():
            if lane.newest is not None:
                yield lane.newest.version.name, lane.breaker.now.position is not Position.CLOSED
