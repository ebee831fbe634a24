"""How the waiting messages would leave: the very gates of the worker, run ahead in time.

What is the same for a stretch of steps is asked once and multiplied, so that a million messages cost no more than the
hours they take to leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ftos_tui.domain.delivery.breaker import CLOSED
from ftos_tui.domain.delivery.moments import by_minute
from ftos_tui.domain.delivery.policy import Progress, after_refusal
from ftos_tui.domain.delivery.provider import ProviderState, SendingRules
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.delivery.steps import Blocker, Room, StepState, next_step_at, room
from ftos_tui.domain.pace import LONGEST_HORIZON, in_words

LONGEST: Final = timedelta(days=366)
"""How far ahead a forecast looks."""

_HOUR: Final = timedelta(hours=1)
IDLE: Final = StepState()


@dataclass(frozen=True, slots=True)
class Forecast:
    """How messages would leave.

    Attributes:
        waiting: How many wait.
        hours: The start of each hour in which some leave, UTC, and how many; in order.
        end: When the last of them leaves, UTC; None when some never leave or not within `LONGEST`.
        last_retry: When the last of them would be tried for the last time if every try were refused, UTC.
        left: How many do not leave.
        blocker: What keeps them for ever; None where nothing does.
    """

    waiting: int
    hours: tuple[tuple[datetime, int], ...]
    end: datetime | None
    last_retry: datetime | None
    left: int = 0
    blocker: Blocker | None = None


def forecast(
    provider: ProviderState, step: StepState, waiting: Sequence[tuple[datetime, int]], now: datetime
) -> Forecast:
    """How the waiting messages would leave if each were accepted at its first try.

    Args:
        provider: With the rules to try out, saved or not.
        step: What the workers share now. A probe that is due is taken to succeed, messages in hand to be done by the
            next step.
        waiting: Due times, UTC, and how many messages are due at each; in any order.
        now: UTC, by the store's clock.
    """
    run = _Run(provider, step, sorted(waiting), now)
    blocker = run.to_the_end()
    end = run.last if not run.left else None
    last_retry = last_retry_at(provider.rules, end) if end is not None and provider.rules else None
    hours = tuple(sorted(run.hours.items()))
    return Forecast(sum(count for _, count in waiting), hours, end, last_retry, run.left, blocker)


def last_retry_at(rules: SendingRules, first_try: datetime) -> datetime:
    """When a message is tried for the last time, UTC, if it is refused for now at every try."""
    progress, at = Progress(Dispatch.SENDING, first_try, tries=1), first_try
    while (refused := after_refusal(progress, rules, at)).state is Dispatch.RETRY_WAIT:
        at = rules.window.next_open(refused.progress.due)
        progress = replace(refused.progress, state=Dispatch.SENDING, tries=progress.tries + 1)
    return at


def in_sentence(edited: Forecast, now: datetime, saved: Forecast | None = None) -> str:
    """A forecast in words: `12,400 waiting leave by tomorrow 11:20 UTC; as saved, today 15:40 UTC`.

    Args:
        edited: By the settings that are tried out.
        now: UTC.
        saved: By the settings as they are saved; None where nothing is edited.
    """
    if not edited.waiting:
        return "No messages wait"
    sentence = f"{edited.waiting:,} waiting {_leave(edited, now)}"
    if saved is None or saved == edited or _when(saved, now) == _when(edited, now):
        return sentence
    return f"{sentence}; as saved, {_when(saved, now)}"


def warnings(
    rules: SendingRules, ahead: Forecast, now: datetime, first_expiry: datetime | None = None
) -> tuple[str, ...]:
    """What is to be minded about a forecast, a sentence each.

    Args:
        rules: By which it was made.
        ahead: The forecast.
        now: UTC.
        first_expiry: The earliest not-after time of the waiting messages, UTC; None for none.
    """
    said = []
    if ahead.left and ahead.blocker is None:
        said.append(f"{ahead.left:,} do not leave within a year.")
    if first_expiry is not None and (ahead.end is None or ahead.end > first_expiry):
        said.append(f"The first of them expires at {by_minute(first_expiry, now)}, before all have left.")
    if ahead.end is not None and ahead.last_retry is not None:
        span = int((ahead.last_retry - ahead.end).total_seconds())
        if span > LONGEST_HORIZON:
            said.append(f"The last of {rules.tries} tries may come {in_words(span)} after the first.")
    return tuple(said)


class _Run:
    """One simulation: what is still to leave, and where in time it stands."""

    def __init__(
        self, provider: ProviderState, step: StepState, dues: list[tuple[datetime, int]], now: datetime
    ) -> None:
        self.provider = provider
        self.step = step
        self.at = self.last = now.astimezone(UTC)
        self.until = self.at + LONGEST
        self.left = sum(count for _, count in dues)
        self.hours: dict[datetime, int] = {}
        self._dues = dues
        self._next = 0
        self._ready = 0

    def to_the_end(self) -> Blocker | None:
        """Runs until all have left or the time is over; returns what keeps them for ever."""
        while self.left and self.at < self.until:
            self._take_due()
            if not self._ready:
                self.at = self._dues[self._next][0].astimezone(UTC)
                continue
            free = room(self.provider, self.step, self.at)
            if free.count:
                self._go(free)
            elif free.blocker is Blocker.IN_FLIGHT:
                self.step = replace(self.step, in_flight=0)
                self.at += timedelta(seconds=1)
            elif free.until is None:
                return free.blocker
            else:
                self.at = free.until
        return None

    def _take_due(self) -> None:
        while self._next < len(self._dues) and self._dues[self._next][0] <= self.at:
            self._ready += self._dues[self._next][1]
            self._next += 1

    def _go(self, free: Room) -> None:
        """One step; and as many after it as start under the very same conditions within the hour."""
        rules = self.provider.rules
        steps = 1
        if rules and free.count == rules.bulk:
            step = timedelta(seconds=rules.step_s)
            within = -(-(self._same_until(rules) - self.at) // step)
            steps = max(1, min(within, -(-self._ready // free.count)))
        sent = min(self._ready, steps * free.count)
        hour = self.at.replace(minute=0, second=0, microsecond=0)
        self.hours[hour] = self.hours.get(hour, 0) + sent
        self._ready -= sent
        self.left -= sent
        for_steps = timedelta(seconds=rules.step_s * (steps - 1)) if rules else timedelta()
        self.last = self.at + for_steps
        following = next_step_at(self.provider, self.last)
        self.step = StepState(following, 0, replace(CLOSED, slow_until=self.step.breaker.slow_until))
        self.at = following

    def _same_until(self, rules: SendingRules) -> datetime:
        """Until when a step that starts finds what the one at `at` finds."""
        ends = [self.at.replace(minute=0, second=0, microsecond=0) + _HOUR, self.until]
        closes = rules.window.next_change(self.at)
        if closes is not None:
            ends.append(closes)
        if self._next < len(self._dues):
            ends.append(self._dues[self._next][0].astimezone(UTC))
        return min(ends)


def _leave(ahead: Forecast, now: datetime) -> str:
    one = ahead.waiting == 1
    if ahead.end is not None:
        return f"{'leaves' if one else 'leave'} by {by_minute(ahead.end, now)}"
    never = "does not leave" if one else "do not leave" if ahead.blocker is not None else "do not all leave"
    return never if ahead.blocker is not None else f"{never} within a year"


def _when(ahead: Forecast, now: datetime) -> str:
    if ahead.end is None:
        return "never" if ahead.blocker is not None else "more than a year"
    return by_minute(ahead.end, now)
