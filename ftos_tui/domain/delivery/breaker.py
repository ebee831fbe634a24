"""One breaker for each provider: it stops the sending when trying on would only do harm.

Closed, messages go. Open, none goes until a probe is due; then, half open, one message goes and decides. The breaker of
a refused sign-in has no probe: a wrong password tried over and over locks accounts.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.policy import LONGEST_WAIT_S
from ftos_tui.domain.delivery.provider import SendingRules

NETWORK_FAILURES: Final = 3
"""Failures of the network in a row that open the breaker."""

ERRORS_IN_A_ROW: Final = 5
"""Messages refused for now or in doubt, in a row, that open the breaker."""

THROTTLES_IN_A_ROW: Final = 3
"""Throttled messages in a row that slow the provider down: as long as it asked, else by one step."""

LONGEST_PROBE_S: Final = 3600
"""Seconds up to which the wait between probes doubles."""


class Position(StrEnum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """A provider's breaker, as it is stored.

    Attributes:
        position: As it was when it was stored; `at_time` says how it stands now.
        cause: Why it opened; None while it is closed.
        said: What the provider said then, safe to show.
        opened_at: When it opened, UTC; the first time of this spell.
        probe_at: When one message may go as a probe, UTC; None when only an edit or an operator closes it.
        wait_s: Seconds from the last failure to `probe_at`.
        version: The provider's version under which it opened.
        network_failures: Failures of the network in a row.
        errors: Messages refused for now or in doubt, in a row.
        throttles: Throttled messages in a row.
        slow_until: No step starts before this time, UTC, though the breaker is closed; None for no such wait.
    """

    position: Position = Position.CLOSED
    cause: Cause | None = None
    said: str = ""
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    wait_s: int = 0
    version: int = 0
    network_failures: int = 0
    errors: int = 0
    throttles: int = 0
    slow_until: datetime | None = None

    def to_json(self) -> str:
        """Its stored form."""
        held = {key: value for key, value in asdict(self).items() if value not in (None, 0, "")}
        return json.dumps(held, default=datetime.isoformat, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Breaker":
        """A breaker out of its stored form; closed for an empty text.

        Raises:
            ValueError: The text is not what `to_json` wrote.
        """
        held = json.loads(text or "{}")
        for name in ("opened_at", "probe_at", "slow_until"):
            if name in held:
                held[name] = datetime.fromisoformat(held[name])
        if "cause" in held:
            held["cause"] = Cause(held["cause"])
        if "position" in held:
            held["position"] = Position(held["position"])
        try:
            return cls(**held)
        except TypeError:
            raise ValueError("not a stored breaker") from None

    def at_time(self, now: datetime, version: int) -> "Breaker":
        """How it stands now: half open once its probe is due, or once the provider was edited.

        Args:
            now: UTC, by the store's clock.
            version: The provider's current version.
        """
        if self.position is not Position.OPEN:
            return self
        if version != self.version or (self.probe_at is not None and self.probe_at <= now):
            return replace(self, position=Position.HALF_OPEN)
        return self

    def keeps_back(self, now: datetime) -> bool:
        """Whether there is something for an operator to lift: it is open, half open, or slows the provider down."""
        return self.position is not Position.CLOSED or (self.slow_until is not None and self.slow_until > now)


CLOSED: Final = Breaker()


def after_outcome(breaker: Breaker, outcome: Outcome, rules: SendingRules, version: int, now: datetime) -> Breaker:
    """How the breaker stands after one try.

    Args:
        breaker: As it is stored now.
        outcome: What the try came to.
        rules: The provider's rules; Pool Time Retry is the first wait for a probe.
        version: The version of the provider that the try was made with.
        now: When the reply came, UTC, by the store's clock.
    """
    kind = outcome.kind
    breaker = breaker.at_time(now, version)
    if kind is OutcomeKind.NOT_SENT or breaker.position is Position.OPEN:
        return breaker  # what was under way when it opened says nothing new
    if kind in (OutcomeKind.ACCEPTED, OutcomeKind.REFUSED_PERMANENT):
        return breaker if breaker == CLOSED else replace(CLOSED, slow_until=breaker.slow_until)
    if kind is OutcomeKind.THROTTLED:
        return _throttled(breaker, outcome, rules, now)
    if outcome.reason is None:
        return _error(breaker, outcome, rules, version, now)
    failures = breaker.network_failures + 1 if outcome.reason is Cause.NETWORK else 0
    if outcome.reason is Cause.NETWORK and failures < NETWORK_FAILURES and breaker.position is Position.CLOSED:
        return replace(breaker, network_failures=failures)
    return _opened(breaker, outcome.reason, outcome, rules, version, now)


def closed_by_operator() -> Breaker:
    """A breaker that an operator closed: messages go at once, and the next failure counts as the first."""
    return CLOSED


def has_opened(before: Breaker, after: Breaker) -> bool:
    """Whether a try opened the breaker; worth a line in the log, which a failed probe is not."""
    return after.position is Position.OPEN and before.position is Position.CLOSED


def _throttled(breaker: Breaker, outcome: Outcome, rules: SendingRules, now: datetime) -> Breaker:
    """Closed, since the provider answers, but slower once it throttles several messages in a row.

    A single one may be one recipient's server asking for patience (greylisting answers 450 4.7.1, come back in five
    minutes); that must not stop everybody's mail.
    """
    throttles = breaker.throttles + 1
    until = breaker.slow_until
    if throttles >= THROTTLES_IN_A_ROW:
        wait = rules.step_s if outcome.wait_s is None else min(max(outcome.wait_s, 0.0), LONGEST_WAIT_S)
        asked = now + timedelta(seconds=wait)
        until = asked if until is None else max(until, asked)
    return replace(CLOSED, throttles=throttles, slow_until=until)


def _error(breaker: Breaker, outcome: Outcome, rules: SendingRules, version: int, now: datetime) -> Breaker:
    """A message refused for now, or in doubt. A probe that was refused still shows that network and sign-in work."""
    errors = breaker.errors + 1
    reopens = breaker.position is Position.HALF_OPEN and (
        breaker.cause is Cause.ERRORS or outcome.kind is OutcomeKind.IN_DOUBT
    )
    if reopens or errors >= ERRORS_IN_A_ROW:
        return _opened(breaker, Cause.ERRORS, outcome, rules, version, now)
    return replace(CLOSED, errors=errors, slow_until=breaker.slow_until)


def _opened(
    breaker: Breaker, cause: Cause, outcome: Outcome, rules: SendingRules, version: int, now: datetime
) -> Breaker:
    again = breaker.position is Position.HALF_OPEN
    wait = max(rules.pool_s, 1) if rules.pool_s else rules.step_s
    if again and breaker.wait_s:
        wait = max(breaker.wait_s, min(breaker.wait_s * 2, LONGEST_PROBE_S))
    return Breaker(
        position=Position.OPEN,
        cause=cause,
        said=outcome.said,
        opened_at=breaker.opened_at if again and breaker.opened_at else now,
        probe_at=None if cause is Cause.AUTHENTICATION else now + timedelta(seconds=wait),
        wait_s=wait,
        version=version,
        network_failures=breaker.network_failures,
        errors=breaker.errors,
        slow_until=breaker.slow_until,
    )
