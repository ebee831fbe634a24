"""“Why is this message not moving?”, answered in one sentence for any message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.moments import moment
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.delivery.provider import ProviderState
from ftos_tui.domain.delivery.states import WAITING, Dispatch
from ftos_tui.domain.delivery.steps import Blocker, Room, StepState, room
from ftos_tui.domain.visible import shortened

CAUSE_IN_WORDS: Final = {
    Cause.NETWORK: "its server could not be reached",
    Cause.AUTHENTICATION: "its sign-in was refused",
    Cause.CREDITS: "its account has no credits left",
    Cause.SENDER_IDENTITY: "its From Address may not send",
    Cause.CONFIGURATION: "its Service Url does not answer as the service should",
    Cause.QUOTA: "the sender's own mailbox is full",
    Cause.ERRORS: "several messages in a row failed",
}
"""Why a provider is stopped, to stand behind `because`."""

CAUSE_REMEDY: Final = {
    Cause.NETWORK: "Check Service Url and the network between, and test the connection.",
    Cause.AUTHENTICATION: "Enter the right App user, App Password or App Key, then save.",
    Cause.CREDITS: "Buy credits at the provider.",
    Cause.SENDER_IDENTITY: "Have From Address verified at the provider, or enter one that is.",
    Cause.CONFIGURATION: "Correct Service Url or appConfig, then test the connection.",
    Cause.QUOTA: "Empty the sender's mailbox at the provider.",
    Cause.ERRORS: "Read the last errors, and ask the provider.",
}
"""What to do about each cause, one sentence."""

_SAID: Final = 120


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a message that does not move.

    Attributes:
        state: Its dispatch state.
        due: When it is due, UTC.
        changed_at: Since when it is in its state, UTC.
        tries: Tries used in this generation.
        not_after: When it expires, UTC; None for never.
        reason: Why it is held, in doubt or failed, in words; empty where nothing is recorded.
        said: What the provider said at the last try.
        worker: Who has it in hand, for example `host:pid`; empty for nobody.
    """

    state: Dispatch
    due: datetime
    changed_at: datetime
    tries: int = 0
    not_after: datetime | None = None
    reason: str = ""
    said: str = ""
    worker: str = ""


def why_waiting(
    standing: Standing,
    provider: ProviderState,
    step: StepState,
    now: datetime,
    *,
    workers: int | None = None,
    ahead: int = 0,
) -> str:
    """Why a message is where it is, in one sentence.

    Args:
        standing: What is known of the message.
        provider: Its provider as it is now.
        step: What the workers share about its steps.
        now: UTC, by the store's clock.
        workers: How many processors are running; None where nobody knows.
        ahead: How many messages of the provider are due before it.
    """
    if standing.state in WAITING:
        return f"{_refused_before(standing, provider)}{_waiting(standing, provider, step, now, workers, ahead)}"
    since = moment(standing.changed_at, now)
    said = _quoted(standing.said)
    who = f"worker {shortened(standing.worker, 60)}" if standing.worker else "a worker"
    then = _at(since)
    match standing.state:
        case Dispatch.CLAIMED:
            return f"Taken by {who} {then}; nothing is on the wire yet."
        case Dispatch.SENDING:
            return f"Being sent by {who} since {since}."
        case Dispatch.ACCEPTED:
            return f"The provider accepted it {then}; it does not move any more here."
        case Dispatch.IN_DOUBT:
            why = _plain(standing.reason) or "nobody can tell whether the provider took it"
            return f"In doubt since {since}: {why}{said}; an event of the provider or an operator settles it."
        case Dispatch.HELD:
            why = _plain(standing.reason) or "an operator stopped it"
            return f"Held since {since}: {why}; release or cancel it."
        case Dispatch.FAILED:
            why = _plain(standing.reason) or "refused"
            return f"Failed {then} after {_tries(standing.tries)}: {why}{said}; it goes again only by Retry."
        case Dispatch.EXPIRED:
            passed = f" {moment(standing.not_after, now)}" if standing.not_after else ""
            return f"Expired {then}: its not-after time{passed} passed before it was accepted."
        case _:
            return f"Canceled by an operator {then}."


def _waiting(
    standing: Standing, provider: ProviderState, step: StepState, now: datetime, workers: int | None, ahead: int
) -> str:
    if standing.not_after is not None and standing.not_after <= now:
        return f"Its not-after time {moment(standing.not_after, now)} has passed: it expires unsent."
    free = room(provider, step, now)
    lasting = free.blocker in (Blocker.DELETED, Blocker.NOT_READY, Blocker.MISCONFIGURED, Blocker.PAUSED)
    if not lasting and standing.due > now:
        return _due_later(standing.due, provider, now)
    if free.blocker is not None:
        return blocker_in_words(free, provider, step, now)
    if workers == 0:
        return "No processor is running: start one by `ftos-tui processor run`."
    if ahead >= free.count:
        return f"It waits its turn: {ahead:,} messages are due before it, and a step takes {free.count:,}."
    return "Nothing holds it: it goes with the step that starts now."


def blocker_in_words(free: Room, provider: ProviderState, step: StepState, now: datetime) -> str:
    """What keeps a provider's messages from going now, in one sentence.

    Args:
        free: What `steps.room` or `steps.gate` gave, with a blocker.
        provider: As it was asked with.
        step: As it was asked with.
        now: UTC, by the store's clock.
    """
    name, until = shortened(provider.name, 40), moment(free.until, now) if free.until else ""
    rules = provider.rules
    match free.blocker:
        case Blocker.DELETED:
            return f"{name} is deleted: cancel the message."
        case Blocker.NOT_READY:
            return f"{name} is not ready to send: enter {', '.join(provider.missing)}."
        case Blocker.PAUSED:
            return f"{name} is paused: {_plain(shortened(provider.paused, _SAID))}."
        case Blocker.BREAKER:
            return _breaker(name, step.breaker, until, now)
        case Blocker.SLOWED:
            return f"{name} asked for patience: no step starts before {until}."
        case Blocker.WINDOW if rules:
            return f"The window {rules.window.min} to {rules.window.max} UTC is closed: it opens {_at(until)}."
        case Blocker.STEP if rules:
            if step.breaker.at_time(now, provider.version).position is Position.HALF_OPEN:
                return f"One message is tried first, {_at(until)}{_probed(name, step)}"
            return f"The next step, of {rules.bulk:,} messages at most, starts {_at(until)}."
        case Blocker.IN_FLIGHT if rules:
            return _in_flight(name, step, provider, now)
        case _:
            return (
                f"{name} is misconfigured: its window, Bulk No or retry settings make no sense; correct and save them."
            )


def _breaker(name: str, breaker: Breaker, until: str, now: datetime) -> str:
    cause = breaker.cause or Cause.ERRORS
    since = f" since {moment(breaker.opened_at, now)}" if breaker.opened_at else ""
    said = _quoted(breaker.said)
    then = (
        f"one message is tried {_at(until)}"
        if until
        else "it stays so until it is edited or an operator closes the breaker"
    )
    return f"{name} is stopped{since} because {CAUSE_IN_WORDS[cause]}{said}; {then}."


def _in_flight(name: str, step: StepState, provider: ProviderState, now: datetime) -> str:
    if step.breaker.at_time(now, provider.version).position is Position.HALF_OPEN:
        return f"One message is tried first{_probed(name, step)}"
    bulk = provider.rules.bulk if provider.rules else 0
    return f"{step.in_flight:,} messages are in hand, and Bulk No allows {bulk:,}: it goes when some are done."


def _probed(name: str, step: StepState) -> str:
    cause = CAUSE_IN_WORDS[step.breaker.cause or Cause.ERRORS]
    return f", because {cause}: if {name} takes it, the others follow."


def _due_later(due: datetime, provider: ProviderState, now: datetime) -> str:
    shown = moment(due, now)
    opens = provider.rules.window.next_open(due) if provider.rules else due
    if opens > due:
        return f"Due {_at(shown)}, outside the window: it goes {_at(moment(opens, now))} when the window opens."
    return f"Due {_at(shown)}."


def _refused_before(standing: Standing, provider: ProviderState) -> str:
    """What a retry's sentence begins with, the seed's word for it first."""
    if standing.state is not Dispatch.RETRY_WAIT:
        return ""
    in_all = max(provider.rules.tries if provider.rules else 0, standing.tries)
    return f"Error at try {standing.tries} of {in_all}{_quoted(standing.said)}. "


def _at(shown: str) -> str:
    """A moment within a sentence: `at 09:00:00 UTC`, but `tomorrow 09:00:00 UTC`."""
    return shown if shown.startswith(("tomorrow", "yesterday")) else f"at {shown}"


def _quoted(said: str) -> str:
    return f" ({_plain(shortened(said, _SAID))})" if said else ""


def _plain(text: str) -> str:
    """A recorded reason as part of a sentence."""
    text = shortened(text.strip(), 2 * _SAID).removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
