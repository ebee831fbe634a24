"""What becomes of a message after a try, after a crash, and by an operator's word.

Pure: the same message, outcome, rules and time always give the same decision. `breaker` draws the consequences for the
whole provider from the same outcome.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.provider import SendingRules
from ftos_tui.domain.delivery.states import Dispatch

LONGEST_WAIT_S: Final = 86_400
"""Seconds; a server that asks to wait longer is asked again after a day."""

THROTTLE_CAP: Final = 100
"""How often a generation may be throttled without using a try; beyond, each counts as refused for now."""

CRASH_CAP: Final = 5
"""How often a message may end its worker before the wire until it is held."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a message is: what the policy decides from, and what it decides.

    Attributes:
        state: Its dispatch state.
        due: When it is due, UTC; unclamped, so that an edited window takes effect at once.
        tries: Tries used in this generation, the one under way included.
        generation: 1 at first; one more each time an operator begins anew.
        throttled: How often it was throttled in this generation.
        crashes: How often a worker was lost with it before the wire, since it last got there.
    """

    state: Dispatch
    due: datetime
    tries: int = 0
    generation: int = 1
    throttled: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a message.

    Attributes:
        progress: How far it is from now on.
        why: One sentence for its list of tries and for an operator; empty where the state says it all.
    """

    progress: Progress
    why: str = ""

    @property
    def state(self) -> Dispatch:
        """The state it gets."""
        return self.progress.state


def after_try(
    progress: Progress, outcome: Outcome, rules: SendingRules, now: datetime, *, evidence: bool = False
) -> Decision:
    """What becomes of a message that is `sending`, once it is known what the try came to.

    Args:
        progress: As it was after the mark: this try is counted.
        outcome: What the try came to.
        rules: The provider's rules as they are now, not as they were when the step began.
        now: When the reply came, UTC, by the store's clock.
        evidence: Whether an event of the provider has shown meanwhile that it took the message.
    """
    kind = outcome.kind
    if kind is OutcomeKind.ACCEPTED:
        return Decision(replace(progress, state=Dispatch.ACCEPTED, crashes=0))
    if evidence:
        return Decision(
            replace(progress, state=Dispatch.ACCEPTED, crashes=0), "An event shows that the provider took it."
        )
    if kind is OutcomeKind.REFUSED_PERMANENT:
        return Decision(replace(progress, state=Dispatch.FAILED, crashes=0), "Refused for good.")
    if kind is OutcomeKind.IN_DOUBT:
        why = "The connection ended after all data was sent: the provider may have taken it."
        return Decision(replace(progress, state=Dispatch.IN_DOUBT, crashes=0), why)
    if kind is OutcomeKind.THROTTLED and progress.throttled < THROTTLE_CAP:
        due = now + timedelta(seconds=throttle_wait(outcome, rules))
        return Decision(replace(_refunded(progress), due=due, throttled=progress.throttled + 1), "Throttled.")
    if kind in (OutcomeKind.PROVIDER_WIDE, OutcomeKind.NOT_SENT):
        return Decision(_refunded(progress), "Not accepted, through no fault of this message.")
    return after_refusal(progress, rules, now, outcome.wait_s)


def after_refusal(progress: Progress, rules: SendingRules, now: datetime, asked_s: float | None = None) -> Decision:
    """What becomes of a message that is known not to be accepted, for now.

    Args:
        progress: The try is counted.
        rules: The provider's rules as they are now; fewer retries than were used mean that it failed.
        now: When the reply came, UTC.
        asked_s: Seconds the server asked to wait; None for nothing.
    """
    if progress.tries > rules.retries:
        return Decision(replace(progress, state=Dispatch.FAILED, crashes=0), "Refused for now, and no tries are left.")
    due = now + timedelta(seconds=max(rules.pool_s, _capped(asked_s)))
    return Decision(replace(progress, state=Dispatch.RETRY_WAIT, due=due, crashes=0), "Refused for now.")


def throttle_wait(outcome: Outcome, rules: SendingRules) -> float:
    """Seconds until a throttled message is due: what the server asked for, else Pool Time Retry, at least a second."""
    return max(1.0, _capped(outcome.wait_s) if outcome.wait_s is not None else rules.pool_s or rules.step_s)


def given_back(progress: Progress) -> Decision:
    """What becomes of a `claimed` message that is not sent after all: window closed, shutdown, breaker opened."""
    return Decision(replace(progress, state=Dispatch.QUEUED))


def unfit(progress: Progress, why: str, *, message_fault: bool) -> Decision:
    """What becomes of a `claimed` message that must not be sent.

    Args:
        progress: Nothing was sent, so no try is counted.
        why: What is wrong, one sentence.
        message_fault: Whether the message itself is at fault; else the provider is, and the message waits, held.
    """
    return Decision(replace(progress, state=Dispatch.FAILED if message_fault else Dispatch.HELD), why)


def after_lost_worker(progress: Progress) -> Decision:
    """What becomes of a message whose worker vanished: its lease ran out, or its fence was taken.

    Raises:
        ValueError: No worker had it.
    """
    if progress.state is Dispatch.SENDING:
        why = "Its worker vanished while it was being sent: the provider may have taken it."
        return Decision(replace(progress, state=Dispatch.IN_DOUBT), why)
    if progress.state is not Dispatch.CLAIMED:
        raise ValueError(f"no worker has a message that is {progress.state}")
    lost = replace(progress, crashes=progress.crashes + 1)
    if lost.crashes >= CRASH_CAP:
        why = f"{CRASH_CAP} workers in a row vanished with it before anything was sent."
        return Decision(replace(lost, state=Dispatch.HELD), why)
    return Decision(replace(lost, state=Dispatch.QUEUED))


def in_doubt_again(progress: Progress, rules: SendingRules, now: datetime, *, operator: bool) -> Decision:
    """What becomes of a message in doubt that is taken for not accepted.

    Args:
        progress: It is `in_doubt`.
        rules: The provider's rules as they are now.
        now: UTC, by the store's clock.
        operator: An operator wants it tried again, which needs no try left: a new generation begins then. Otherwise
            the grace time of a channel that rather sends twice than never has passed, and the retries bound it.
    """
    if operator and progress.tries > rules.retries:
        anew = replace(progress, state=Dispatch.RETRY_WAIT, generation=progress.generation + 1)
        return Decision(replace(anew, tries=0, throttled=0, crashes=0, due=now))
    if operator:
        return Decision(replace(progress, state=Dispatch.RETRY_WAIT, due=now))
    return after_refusal(progress, rules, now)


def begun_anew(progress: Progress, now: datetime) -> Decision:
    """What becomes of a `failed` message that an operator tries again: a new generation, due at once."""
    return Decision(Progress(Dispatch.QUEUED, now, generation=progress.generation + 1))


def released(progress: Progress) -> Decision:
    """What becomes of a `held` message that an operator releases: it keeps its tries and its due time."""
    return Decision(replace(progress, state=Dispatch.QUEUED, crashes=0))


def _refunded(progress: Progress) -> Progress:
    return replace(progress, state=Dispatch.QUEUED, tries=max(0, progress.tries - 1), crashes=0)


def _capped(asked_s: float | None) -> float:
    return min(max(asked_s or 0.0, 0.0), LONGEST_WAIT_S)
