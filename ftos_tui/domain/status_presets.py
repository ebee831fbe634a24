"""Statuses to start from, by kind of provider. The vendor publishes none; these follow what the providers publish.

SMTP: the reply classes of RFC 5321, 4.2.1, and the replies with a meaning of their own. SendGrid: the events of its
Event Webhook. SMS: the message states of SMPP 3.4, 5.2.28, in the short form of delivery receipts (appendix B).
"""

from typing import Final

from ftos_tui.domain.provider_kind import ProviderKind
from ftos_tui.domain.statuses import Canonical, StatusRow

SMTP: Final = (
    StatusRow("2xx", "Accepted by the server", Canonical.ACCEPTED, terminal=True),
    StatusRow("4xx", "Refused for now", Canonical.DEFERRED, retryable=True),
    StatusRow("421", "Server closes, too busy", Canonical.DEFERRED, retryable=True),
    StatusRow("450", "Mailbox busy", Canonical.DEFERRED, retryable=True),
    StatusRow("451", "Local error at the server", Canonical.DEFERRED, retryable=True),
    StatusRow("452", "Server out of space", Canonical.DEFERRED, retryable=True),
    StatusRow("550", "Mailbox unknown", Canonical.BOUNCED, terminal=True),
    StatusRow("552", "Too much data", Canonical.DEFERRED, retryable=True),
    StatusRow("553", "Mailbox name not allowed", Canonical.BOUNCED, terminal=True),
    StatusRow("5xx", "Refused for good", Canonical.FAILED, terminal=True),
)

SENDGRID: Final = (
    StatusRow("processed", "Processed", Canonical.PROCESSED),
    StatusRow("deferred", "Deferred", Canonical.DEFERRED),
    StatusRow("delivered", "Delivered", Canonical.DELIVERED),
    StatusRow("bounce", "Bounced", Canonical.BOUNCED, terminal=True),
    StatusRow("blocked", "Blocked", Canonical.BLOCKED, terminal=True),
    StatusRow("dropped", "Dropped", Canonical.DROPPED, terminal=True),
    StatusRow("open", "Opened", Canonical.OPENED),
    StatusRow("click", "Clicked", Canonical.CLICKED),
    StatusRow("spamreport", "Reported as spam", Canonical.COMPLAINED),
    StatusRow("unsubscribe", "Unsubscribed", Canonical.UNSUBSCRIBED),
    StatusRow("group_unsubscribe", "Unsubscribed from a group", Canonical.UNSUBSCRIBED),
)

SMPP: Final = (
    StatusRow("ENROUTE", "On its way", Canonical.PROCESSED),
    StatusRow("ACCEPTD", "Accepted", Canonical.ACCEPTED),
    StatusRow("DELIVRD", "Delivered", Canonical.DELIVERED, terminal=True),
    StatusRow("EXPIRED", "Expired", Canonical.EXPIRED, terminal=True),
    StatusRow("DELETED", "Deleted", Canonical.DROPPED, terminal=True),
    StatusRow("UNDELIV", "Undeliverable", Canonical.BOUNCED, terminal=True),
    StatusRow("REJECTD", "Rejected", Canonical.BLOCKED, terminal=True),
    StatusRow("UNKNOWN", "Unknown", Canonical.UNKNOWN),
)

HTTP: Final = (
    StatusRow("2xx", "Accepted", Canonical.ACCEPTED, terminal=True),
    StatusRow("408", "Request timed out", Canonical.ERROR, retryable=True),
    StatusRow("429", "Too many requests", Canonical.DEFERRED, retryable=True),
    StatusRow("4xx", "Refused for good", Canonical.FAILED, terminal=True),
    StatusRow("5xx", "Error at the provider", Canonical.ERROR, retryable=True),
)

_PRESETS: Final = {
    ProviderKind.SMTP: SMTP,
    ProviderKind.SENDGRID: SENDGRID,
    ProviderKind.SMS: SMPP,
    ProviderKind.HTTP: HTTP,
    ProviderKind.OTHER: HTTP,
}


def preset_for(kind: ProviderKind) -> tuple[StatusRow, ...]:
    """The statuses proposed for a provider of a kind; answers of HTTP where nothing more is known."""
    return _PRESETS[kind]
