"""Where the endpoint of events listens, and how."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen.

    Attributes:
        host: An address of this machine, or a name of one.
        port: The port; 0 for a free one.
        certificate: The file of the certificate and those between it and the authority, PEM; None for plain HTTP.
        key: The file of its private key, PEM, not encrypted.
        behind_proxy: Whether plain HTTP is served to other machines: a reverse proxy ends TLS before it.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
