"""When a step may start and how many messages it may claim; when a single message may still start.

The same code gates the worker, answers why a message waits, and runs the forecast.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ftos_tui.domain.delivery.breaker import CLOSED, Breaker, Position
from ftos_tui.domain.delivery.provider import ProviderState


class Blocker(StrEnum):
    """What keeps a provider's messages from going now; the gravest is named."""

    DELETED = "deleted"
    NOT_READY = "not_ready"
    """Mandatory fields hold nothing."""
    MISCONFIGURED = "misconfigured"
    """The settings make no sense together, for example a window whose ends are the same."""
    PAUSED = "paused"
    BREAKER = "breaker"
    SLOWED = "slowed"
    """The provider asked for a pause."""
    WINDOW = "window"
    STEP = "step"
    """The last step started less than a step's time ago."""
    IN_FLIGHT = "in_flight"
    """As many messages as Bulk No are in hand."""


@dataclass(frozen=True, slots=True)
class StepState:
    """What all workers share about the steps of one provider.

    Attributes:
        next_step_at: When the next step may start, UTC; None when there was none yet.
        in_flight: Messages claimed or being sent, by all workers.
        breaker: The provider's breaker as stored.
    """

    next_step_at: datetime | None = None
    in_flight: int = 0
    breaker: Breaker = CLOSED


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages a step may claim now.

    Attributes:
        count: 0 for no step now.
        blocker: Why not; None when a step may start.
        until: When that blocker ends by itself, UTC; None when it does not, or nobody knows when.
    """

    count: int
    blocker: Blocker | None = None
    until: datetime | None = None


def gate(provider: ProviderState, breaker: Breaker, now: datetime) -> Room:
    """Whether a message that is claimed may still start: asked again right before the mark.

    Args:
        provider: As pinned when the step began, or as it is now.
        breaker: The provider's breaker as stored.
        now: UTC, by the store's clock.

    Returns:
        Room for one, or none and why.
    """
    blocker = _unable(provider)
    if blocker is not None or provider.rules is None:
        return Room(0, blocker)
    breaker = breaker.at_time(now, provider.version)
    if breaker.position is Position.OPEN:
        return Room(0, Blocker.BREAKER, breaker.probe_at)
    if breaker.slow_until is not None and breaker.slow_until > now:
        return Room(0, Blocker.SLOWED, breaker.slow_until)
    if not provider.rules.window.is_open_at(now):
        return Room(0, Blocker.WINDOW, provider.rules.window.next_open(now))
    return Room(1)


def room(provider: ProviderState, step: StepState, now: datetime) -> Room:
    """How many messages a step of a provider may claim now, over all workers.

    Args:
        provider: As it is now: a step begins with the newest version.
        step: What the workers share.
        now: UTC, by the store's clock.
    """
    free = gate(provider, step.breaker, now)
    if not free.count or provider.rules is None:
        return free
    if step.next_step_at is not None and step.next_step_at > now:
        return Room(0, Blocker.STEP, step.next_step_at)
    count = provider.rules.bulk - step.in_flight
    if step.breaker.at_time(now, provider.version).position is Position.HALF_OPEN:
        count = 1 - step.in_flight  # one probe at a time
    return Room(count) if count > 0 else Room(0, Blocker.IN_FLIGHT)


def next_step_at(provider: ProviderState, started: datetime) -> datetime:
    """When the step after one that started may start, UTC.

    Raises:
        ValueError: The provider has no rules to send by, so no step can have started.
    """
    if provider.rules is None:
        raise ValueError("a provider without rules starts no step")
    return started + timedelta(seconds=provider.rules.step_s)


def _unable(provider: ProviderState) -> Blocker | None:
    if provider.deleted:
        return Blocker.DELETED
    if provider.missing:
        return Blocker.NOT_READY
    if provider.rules is None:
        return Blocker.MISCONFIGURED
    return Blocker.PAUSED if provider.paused else None
