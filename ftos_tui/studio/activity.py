"""What goes on at a provider: counts, a day's curves, the last errors, and whether its sending is paused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.curve import HOURS, last_hours
from ftos_tui.domain.delivery.moments import moment
from ftos_tui.domain.delivery.remedies import remedy
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.delivery.waiting import CAUSE_IN_WORDS, CAUSE_REMEDY
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.studio.log import note
from ftos_tui.studio.reasons import reason_to_keep

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import Counts, Refusal
    from ftos_tui.studio.session import Session

LAST_ERRORS: Final = 5

_SAID: Final = 120
_LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class Load:
    """How many messages of a provider are not at a good end.

    Attributes:
        waiting: Wait for their first try.
        in_hand: Are in the hands of workers.
        errors: Were refused: wait for their next try, or failed.
        in_doubt: Nobody can tell whether the provider took them.
        held: Are held.
    """

    waiting: int = 0
    in_hand: int = 0
    errors: int = 0
    in_doubt: int = 0
    held: int = 0

    @property
    def in_words(self) -> str:
        """`12 waiting, 3 in error`; empty for nothing."""
        named = {
            "waiting": self.waiting,
            "being sent": self.in_hand,
            "in error": self.errors,
            "in doubt": self.in_doubt,
            "held": self.held,
        }
        return ", ".join(f"{number:,} {what}" for what, number in named.items() if number)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of a provider: when last, what it said, how often of late, of which message last, and what to do."""

    at: datetime
    code: str
    said: str
    times: int
    message_id: str
    what_to_do: str

    def in_words(self, now: datetime) -> str:
        """One line: when, the code and the answer, what to do."""
        told = " ".join(part for part in (self.code, shortened(self.said, _SAID)) if part)
        told += f" ({self.times} times)" if self.times > 1 else ""
        return f"{moment(self.at, now)}: {told}{'' if told.endswith('.') else '.'} {self.what_to_do}"


@dataclass(frozen=True, slots=True)
class Activity:
    """What goes on at a provider now.

    Attributes:
        counts: Messages by status code of its list.
        hours: Numbers of the last 24 hours by status code, the running hour last; codes without any are left out.
        accepted: How many it accepted in each of those hours.
        load: Its messages that are not at a good end.
        stopped: Why it sends nothing for now and what to do, in words; empty while nothing stops it.
        troubles: Its last errors, the newest first.
        now: When this was read, UTC, by the store's clock.
    """

    counts: Mapping[str, int]
    hours: Mapping[str, tuple[int, ...]]
    accepted: tuple[int, ...]
    load: Load
    stopped: str
    troubles: tuple[Trouble, ...]
    now: datetime


def load_of(counts: "Counts") -> Load:
    """What the numbers by state come to."""
    return Load(
        waiting=counts.get(Dispatch.QUEUED, 0),
        in_hand=counts.get(Dispatch.CLAIMED, 0) + counts.get(Dispatch.SENDING, 0),
        errors=counts.get(Dispatch.RETRY_WAIT, 0) + counts.get(Dispatch.FAILED, 0),
        in_doubt=counts.get(Dispatch.IN_DOUBT, 0),
        held=counts.get(Dispatch.HELD, 0),
    )


def loads(session: "Session") -> Mapping[str, Load]:
    """The load of every provider that has or had messages, by its id; costs the same however many messages."""
    return {of: load_of(counts) for of, counts in session.store.messages.counts_by_provider().items()}


def activity(session: "Session", provider_id: str) -> Activity:
    """What goes on at a provider; costs the same however many messages it has."""
    messages = session.store.messages
    now = session.store.now(session.clock())
    by_status = messages.hours(provider_id, now - timedelta(hours=HOURS - 1))
    kept = messages.step_state(provider_id)
    return Activity(
        counts=session.store.status_counts(provider_id),
        hours={
            code: numbers
            for (axis, code), by_hour in by_status.items()
            if axis == "code" and any(numbers := last_hours(by_hour, now))
        },
        accepted=last_hours(by_status.get(("state", Dispatch.ACCEPTED), {}), now),
        load=load_of(messages.counts(provider_id)),
        stopped=_stopped(kept.paused, kept.breaker, now),
        troubles=_troubles(messages.refusals(provider_id, _LOOKED_AT)),
        now=now,
    )


def pause(session: "Session", provider: ProviderVersion, reason: str = "") -> bool:
    """Stops the sending of a provider until it is resumed; what is on the wire ends. Audited.

    Args:
        session: The operator's session.
        provider: Any version of the provider.
        reason: Why, in the operator's words; messages that wait say it.

    Returns:
        Whether it was not paused before.

    Raises:
        NotPermitted: The environment is read-only.
    """
    session.permit_change()
    messages = session.store.messages
    before = messages.step_state(provider.provider_id).paused
    why = reason_to_keep(reason).strip() or f"by {session.author.user}"
    messages.change_pause(provider.provider_id, why, session.author, session.vault.sign)
    note(session, Level.WARNING, f"Paused {visible(provider.name)}: nothing more is sent until it is resumed")
    return not before


def resume(session: "Session", provider: ProviderVersion) -> bool:
    """Lets a paused provider send again. Audited.

    Returns:
        Whether it was paused.

    Raises:
        NotPermitted: The environment is read-only.
    """
    session.permit_change()
    messages = session.store.messages
    if not messages.step_state(provider.provider_id).paused:
        return False
    messages.change_pause(provider.provider_id, "", session.author, session.vault.sign)
    note(session, Level.SUCCESS, f"Resumed {visible(provider.name)}: its messages go in their turn")
    return True


def paused_because(session: "Session", provider_id: str) -> str:
    """Why a provider is paused; empty while it is not."""
    return session.store.messages.step_state(provider_id).paused


def _troubles(refusals: "Sequence[Refusal]") -> tuple[Trouble, ...]:
    """The last errors, those that are alike as one."""
    alike: dict[tuple[str, str, str], list[Refusal]] = {}
    for one in refusals:
        alike.setdefault((one.outcome, one.code, one.said), []).append(one)
    return tuple(
        Trouble(last.at, last.code, last.said, len(rest) + 1, last.message_id, remedy(last.outcome))
        for last, *rest in list(alike.values())[:LAST_ERRORS]
    )


def _stopped(paused: str, stored: str, now: datetime) -> str:
    if paused:
        return f"Paused: {shortened(paused, _SAID).removesuffix('.')}. Resume it in Message Queues (P)."
    try:
        breaker = Breaker.from_json(stored)
    except ValueError:
        return ""
    if breaker.position is Position.CLOSED or breaker.cause is None:
        return ""
    since = f" since {moment(breaker.opened_at, now)}" if breaker.opened_at else ""
    said = f" ({shortened(breaker.said, _SAID)})" if breaker.said else ""
    return f"Stopped{since} because {CAUSE_IN_WORDS[breaker.cause]}{said}. {CAUSE_REMEDY[breaker.cause]}"
