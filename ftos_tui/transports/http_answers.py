"""What an HTTP answer means where neither SendGrid's rules nor a template say more, and how long it asks to wait."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.visible import shortened
from ftos_tui.transports.http_client import Answer
from ftos_tui.transports.said import Cleaner

_CONFIGURATION: Final = frozenset({404, 405, 406, 410, 415, 501})
_UNIX_SECONDS: Final = 1_000_000_000.0
"""Numbers from here on are a time, smaller ones a wait."""


def outcome_of_status(answer: Answer, said: str, clean: Cleaner) -> Outcome:
    """The outcome by the status alone; a 2xx is in doubt, for nobody said that it means taken.

    Args:
        answer: What came.
        said: The reason in it, fit to be kept.
        clean: Takes secrets out of what else it says.
    """
    status, code = answer.status, str(answer.status)
    if status == 429:
        return Outcome(OutcomeKind.THROTTLED, code, said, wait_s=asked_wait(answer.headers))
    if status in (401, 403, 407):
        return Outcome(OutcomeKind.PROVIDER_WIDE, code, said, reason=Cause.AUTHENTICATION)
    if status == 402:
        return Outcome(OutcomeKind.PROVIDER_WIDE, code, said, reason=Cause.CREDITS)
    if 300 <= status <= 399:
        where = shortened(clean(answer.headers.get("location", "")) or "another address", 200)
        words = f"It answers {status}, go to {where}: correct Service Url; nothing was sent there."
        return Outcome(OutcomeKind.PROVIDER_WIDE, code, words, reason=Cause.CONFIGURATION)
    if status in _CONFIGURATION or status < 200:
        return Outcome(OutcomeKind.PROVIDER_WIDE, code, said, reason=Cause.CONFIGURATION)
    # A gateway that gave up waiting for the server behind it cannot know what that did.
    if status in (502, 504) or status <= 299:
        return Outcome(OutcomeKind.IN_DOUBT, code, said)
    if status == 408 or status >= 500:
        return Outcome(OutcomeKind.REFUSED_TEMPORARY, code, said, wait_s=asked_wait(answer.headers))
    return Outcome(OutcomeKind.REFUSED_PERMANENT, code, said)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, by Retry-After or X-RateLimit-Reset; None where it asks for nothing.

    Times are taken against the server's own clock, where it tells it.
    """
    for name in ("retry-after", "x-ratelimit-reset"):
        written = headers.get(name, "").strip()
        seconds = _number(written)
        if seconds is None and written:
            seconds = _time(written)
        if seconds is None:
            continue
        if seconds >= _UNIX_SECONDS:
            seconds -= _time(headers.get("date", "")) or time.time()
        return max(0.0, seconds)
    return None


def _number(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
