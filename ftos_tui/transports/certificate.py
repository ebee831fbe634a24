"""What a server's certificate says, for the connection test."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ftos_tui.domain.visible import shortened

SOON_DAYS: Final = 14
"""Days before the end from which a certificate is worth a word."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as a server showed it.

    Attributes:
        names: The host names and addresses it is for.
        ends: When it ends, UTC.
        version: The version of TLS it was shown over; empty where not known.
    """

    names: tuple[str, ...]
    ends: datetime
    version: str = ""

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.ends - now).days

    @property
    def shown_names(self) -> str:
        """The first names, made visible."""
        names = ", ".join(shortened(name, 60) for name in self.names[:3])
        return f"{names} and {len(self.names) - 3} more" if len(self.names) > 3 else names or "no name"

    def in_words(self, now: datetime) -> str:
        """Version, names and days left in one sentence."""
        days = self.days_left(now)
        left = f"valid for {days} more day{'' if days == 1 else 's'}" if days >= 0 else "expired"
        return f"{self.version or 'TLS'}; certificate for {self.shown_names}, {left}."


def certificate_of(connection: ssl.SSLObject) -> Certificate | None:
    """The certificate that the other side of a TLS connection showed, verified or not; None where there is none."""
    encoded = connection.getpeercert(binary_form=True)
    if not encoded:
        return None
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(encoded)
    names: list[str] = []
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        pass
    else:
        names += listed.get_values_for_type(x509.DNSName)
        names += map(str, listed.get_values_for_type(x509.IPAddress))
    ends = certificate.not_valid_after_utc.astimezone(UTC)
    return Certificate(tuple(names), ends, (connection.version() or "").replace("TLSv", "TLS "))


def unverified_context() -> ssl.SSLContext:
    """For looking at a certificate that was refused; nothing may be sent over a connection made with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
