"""What a reply of an SMTP server means, at each stage of the talk (RFC 5321, 4.2; RFC 3463; RFC 4954)."""

import re
from enum import StrEnum
from typing import Final

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind


class Stage(StrEnum):
    """Where in the talk a reply came."""

    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    FINAL = "end of data"


_ENHANCED: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_THROTTLED: Final = frozenset({421, 432, 454})
_SENDER_CODES: Final = frozenset({"5.1.7", "5.1.8", "5.7.60", "5.7.27", "5.7.28"})
_SENDER_WORDS: Final = re.compile(
    r"sender identity|sender address rejected|not owned by user|send as this sender"
    r"|sender (?:is )?not (?:allowed|permitted)|from address (?:is not|does not|not)|sender verify failed",
    re.IGNORECASE,
)
_CREDIT_WORDS: Final = re.compile(r"maximum credits exceeded|insufficient credits", re.IGNORECASE)
_QUEUED_AS: Final = re.compile(r"queued as <?([A-Za-z0-9._@+=-]{1,128})", re.IGNORECASE)
_WAIT: Final = re.compile(
    r"(?:try again|retry|wait|again)\D{0,20}(?:in|after|for)\s+(\d{1,6})\s*(second|minute|hour|s\b|m\b|h\b|sec|min)",
    re.IGNORECASE,
)
_UNIT_S: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def outcome_of(stage: Stage, code: int, text: str, said: str) -> Outcome:
    """What became of a message, by the reply to one stage of its talk.

    Args:
        stage: Where the reply came.
        code: The three digits; below 200 or above 599 where the server did not answer in SMTP.
        text: The reply's text as it came.
        said: The same, fit to be kept.

    Returns:
        The outcome by the table of the delivery rules; ACCEPTED only for a 2xx at the end of data.
    """
    if stage is Stage.FINAL and 200 <= code <= 299:
        found = _QUEUED_AS.search(text)
        return Outcome(OutcomeKind.ACCEPTED, str(code), said, provider_message_id=found[1] if found else None)
    if not 400 <= code <= 599:
        return _strange(stage, code, said)
    cause = _provider_wide(stage, code, text)
    if cause is not None:
        return Outcome(OutcomeKind.PROVIDER_WIDE, str(code), said, reason=cause)
    wait_s = asked_wait(text)
    enhanced = _enhanced(text)
    if code in _THROTTLED or (code == 450 and enhanced.startswith("4.7.")):
        return Outcome(OutcomeKind.THROTTLED, str(code), said, wait_s=wait_s)
    if code < 500 or (code == 552 and stage is Stage.RCPT):  # RFC 5321, 4.5.3.1.10: 552 there is a 452
        return Outcome(OutcomeKind.REFUSED_TEMPORARY, str(code), said, wait_s=wait_s)
    return Outcome(OutcomeKind.REFUSED_PERMANENT, str(code), said)


def asked_wait(text: str) -> float | None:
    """Seconds that a reply asks to wait, for example "try again in 120 seconds"; None where it names no time."""
    found = _WAIT.search(text)
    return float(found[1]) * _UNIT_S[found[2][0].lower()] if found else None


def _strange(stage: Stage, code: int, said: str) -> Outcome:
    """A reply that is none, or one that has no place here."""
    shown = str(code) if code > 0 else ""
    if stage is Stage.FINAL:
        return Outcome(OutcomeKind.IN_DOUBT, shown, said)
    words = f"The server does not answer as SMTP does: {said}"
    return Outcome(OutcomeKind.PROVIDER_WIDE, shown, words, reason=Cause.CONFIGURATION)


def _provider_wide(stage: Stage, code: int, text: str) -> Cause | None:
    """The reason that holds for every message; None where the reply is about this one, or about pace."""
    enhanced = _enhanced(text)
    if _CREDIT_WORDS.search(text):
        return Cause.CREDITS
    if stage is Stage.GREETING:
        return Cause.NETWORK
    if code in _SIGN_IN:
        return Cause.AUTHENTICATION
    # Temporary by its own words: an operator can change nothing, so it is probed as the network is.
    if code == 454 and (enhanced == "4.7.0" or stage in (Stage.STARTTLS, Stage.AUTH)):
        return Cause.NETWORK
    if stage in (Stage.EHLO, Stage.STARTTLS, Stage.AUTH):
        return _before_mail(stage, code)
    if code == 554 and enhanced == "5.2.2" and stage is not Stage.RCPT:
        return Cause.QUOTA
    about_sender = enhanced in _SENDER_CODES or bool(_SENDER_WORDS.search(text))
    if code >= 500 and (about_sender or (stage is Stage.MAIL and code not in (500, 502, 503, 504, 552))):
        return Cause.SENDER_IDENTITY
    return Cause.CONFIGURATION if stage is Stage.MAIL and code in (500, 502, 503, 504) else None


def _before_mail(stage: Stage, code: int) -> Cause | None:
    if code in _THROTTLED:
        return None
    if code < 500:
        return Cause.NETWORK
    return Cause.AUTHENTICATION if stage is Stage.AUTH and code not in (500, 502, 503, 504) else Cause.CONFIGURATION


def _enhanced(text: str) -> str:
    found = _ENHANCED.match(text)
    return found[1] if found else ""
