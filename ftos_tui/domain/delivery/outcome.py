"""What one try to send a message came to: transports produce it, the policy consumes it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ftos_tui.domain.visible import visible

LONGEST_ANSWER: Final = 512
"""Characters that are kept of a provider's answer."""


class OutcomeKind(StrEnum):
    """What is known after a try."""

    ACCEPTED = "accepted"
    """The provider took the message: SMTP 250 after the data, HTTP 202."""
    REFUSED_TEMPORARY = "refused_temporary"
    """Definitely not taken, for now, for a reason of this message: SMTP 4xx, HTTP 408 before the body, 5xx."""
    REFUSED_PERMANENT = "refused_permanent"
    """Definitely not taken, for good: SMTP 5xx for the recipient, HTTP 400 or 413 about this message."""
    THROTTLED = "throttled"
    """Definitely not taken, because it is too much at once: HTTP 429, SMTP 421, 450 4.7.x, 454."""
    PROVIDER_WIDE = "provider_wide"
    """Definitely not taken, for a reason that holds for every message of this provider; `Outcome.reason` says which."""
    IN_DOUBT = "in_doubt"
    """All data had left when the connection broke or time ran out: nobody can tell."""
    NOT_SENT = "not_sent"
    """Nothing of it left this host: the window closed, the worker stops."""


class Cause(StrEnum):
    """Why a provider takes no message at all; also why its breaker is open."""

    NETWORK = "network"
    """Name not found, connection refused or timed out, TLS failed, greeted with 421."""
    AUTHENTICATION = "authentication"
    """The sign-in or the key was refused: SMTP 530, 534, 535, 454 4.7.0, HTTP 401, 403."""
    CREDITS = "credits"
    """The account has no credits left: HTTP 402, or 401 saying so."""
    SENDER_IDENTITY = "sender_identity"
    """From Address may not send through this provider."""
    CONFIGURATION = "configuration"
    """The address answers, but is not the service that was meant: HTTP 3xx, 404, 405, 406, 415."""
    QUOTA = "quota"
    """The sender's own mailbox is full: SMTP 554 5.2.2."""
    ERRORS = "errors"
    """Messages were refused or lost in doubt several times in a row; only the breaker names it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try.

    Attributes:
        kind: What is known.
        code: The provider's own code as the status list has it, for example `250`, `202`, `5.1.1`; empty for none.
        said: The provider's answer or the plain reason, at most 512 characters, made visible. Never a secret.
        provider_message_id: The provider's id of the message, by which events name it; None where it gave none.
        wait_s: Seconds the provider asked to wait before the next try; None where it asked for nothing.
        reason: Why, where the kind is `PROVIDER_WIDE`; None otherwise.

    Raises:
        ValueError: A provider-wide outcome without reason, or a reason with another kind.
    """

    kind: OutcomeKind
    code: str = ""
    said: str = ""
    provider_message_id: str | None = None
    wait_s: float | None = None
    reason: Cause | None = None

    def __post_init__(self) -> None:
        if (self.reason is not None) is not (self.kind is OutcomeKind.PROVIDER_WIDE):
            raise ValueError("a provider-wide outcome has a reason, no other has")
        object.__setattr__(self, "said", visible(self.said[:LONGEST_ANSWER]))

    @property
    def accepted(self) -> bool:
        """Whether the provider took the message."""
        return self.kind is OutcomeKind.ACCEPTED
