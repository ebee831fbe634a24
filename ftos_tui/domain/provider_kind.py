"""What kind of provider stands behind a gateway, as far as its Provider Name tells."""

from enum import StrEnum


class ProviderKind(StrEnum):
    """Decides which schemes fit and which statuses are proposed."""

    SMTP = "SMTP"
    SENDGRID = "SendGrid"
    HTTP = "HTTP"
    SMS = "SMS"
    OTHER = "other"


SCHEMES: dict[ProviderKind, frozenset[str]] = {
    ProviderKind.SMTP: frozenset({"smtp", "smtps"}),
    ProviderKind.SENDGRID: frozenset({"https", "http"}),
    ProviderKind.HTTP: frozenset({"https", "http"}),
    ProviderKind.SMS: frozenset({"https", "http"}),
    ProviderKind.OTHER: frozenset({"https", "http", "smtp", "smtps"}),
}
"""The schemes by which a provider of each kind is reached."""


def provider_kind(provider_name: str | None, channel: str | None = None) -> ProviderKind:
    """The kind of a provider.

    Args:
        provider_name: The Provider Name; its case and outer spaces do not matter.
        channel: The Communication Channel, `email` or `sms`.

    Returns:
        SENDGRID for FtosProvider too, which sends through SendGrid (vendor's documentation); SMS for any other name
        on the sms channel; OTHER where nothing is known.
    """
    name = (provider_name or "").strip().casefold()
    if name == "smtp":
        return ProviderKind.SMTP
    if channel == "sms":
        return ProviderKind.SMS
    if name in ("ftosprovider", "sendgrid"):
        return ProviderKind.SENDGRID
    return ProviderKind.HTTP if name.startswith("http") else ProviderKind.OTHER
