"""Who is signed in to a store, and what the store lets them do. Part of `ProviderStore`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Right(StrEnum):
    """Something that a store lets a person or a program do."""

    READ = "read"
    """See providers, their history and the communication channels."""
    UNSEAL = "unseal"
    """Read sealed secrets, which the master key opens."""
    CHANGE = "change"
    """Save providers and communication channels."""
    DELIVER = "deliver"
    """Work on messages, and take back trials that are over."""
    AUDIT = "audit"
    """Read the audit."""
    INIT = "init"
    """Make, upgrade and fill the store, and grant roles: the owner's."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is signed in, and what they may do.

    Attributes:
        user: As whom the store knows them; empty where a store knows no users.
        rights: What they may do. The store enforces it; this is to tell in time.
        at: When that was asked, by the store's clock, UTC.
        tls: The protocol that protects the connection, for example `TLSv1.3`, or just `TLS`; empty for none.
        open_to_all: Whether every user of the server may connect, and so hold up those who save.
    """

    user: str
    rights: frozenset[Right]
    at: datetime
    tls: str = ""
    open_to_all: bool = False


class RightsStore(Protocol):
    """Rights in one environment."""

    def standing(self) -> Standing:
        """Who is signed in and what they may do, in one round trip."""
        ...

    def rights(self) -> frozenset[Right]:
        """What the one who is signed in may do."""
        ...
