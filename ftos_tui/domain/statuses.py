"""The list of channel provider statuses: what a provider reports, and what it means here.

The vendor publishes no values. Ours are rows that map a provider's own code to a canonical value on one axis; the
presets follow RFC 5321 reply classes, SendGrid's event webhook and SMPP 3.4 message states.
"""

from dataclasses import dataclass
from enum import StrEnum


class Canonical(StrEnum):
    """What a provider's code means here, whatever the provider calls it."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    ACCEPTED = "accepted"
    ERROR = "error"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


SUCCESS = frozenset({Canonical.ACCEPTED, Canonical.PROCESSED, Canonical.DELIVERED})
"""Canonical values that say a message got on its way or arrived."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One status of a provider.

    Attributes:
        code: The provider's own code, unique in the list whatever its case and outer spaces.
        label: What an operator sees.
        canonical: What it means; a text of `Canonical`, or what a file brought and the check refuses.
        terminal: Whether nothing follows it.
        retryable: Whether the message may be tried again.
    """

    code: str
    label: str
    canonical: str
    terminal: bool = False
    retryable: bool = False
