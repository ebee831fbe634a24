"""How a store tells what others do: changes as they come, and who has which form open. Part of `ProviderStore`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ftos_tui.domain.record import Author

SEEN_WITHIN_S = 60.0
"""Seconds after its last sign of life when a session is no longer taken for present."""

STAY_EVERY_S = 20.0
"""Seconds between two signs of life of a session that has a form open."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to the store.

    Attributes:
        sequence: Its place among all changes; later ones have greater ones, without gaps.
        action: What was done, as the audit calls it.
        provider_id: To which provider; empty for the store itself.
        name: What the provider was called then.
        version: Which version came of it; 0 for none.
        user: Who did it.
        host: On which machine.
        at: When, UTC.
        fields: The ids of what changed.
        own: Whether it was done through this very store object.
    """

    sequence: int
    action: str
    provider_id: str
    name: str
    version: int
    user: str
    host: str
    at: datetime
    fields: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has a provider's form open.

    Attributes:
        session_id: Of which session.
        provider_id: Which provider.
        user: Who.
        host: On which machine.
        since: When the form was opened, UTC.
    """

    session_id: str
    provider_id: str
    user: str
    host: str
    since: datetime


class Signal(Protocol):
    """Says when a look at the store is worth it. For one thread, but for `wake`."""

    def wait(self, timeout_s: float) -> bool:
        """Blocks until the store may have changed, until `wake`, or for so long.

        Args:
            timeout_s: Seconds at most.

        Returns:
            Whether the store may have changed; it need not have.

        Raises:
            StoreError: The store is away.
        """
        ...

    def wake(self) -> None:
        """Ends a wait, the one under way or the next; from any thread."""
        ...

    def close(self) -> None:
        """Gives back what it holds; it may not be used afterwards."""
        ...


class LiveStore(Protocol):
    """What others do in one environment."""

    def head(self) -> int:
        """The sequence of the last change; 0 for none."""
        ...

    def changes(self, after: int, limit: int = 500) -> Sequence[Change]:
        """Changes with a greater sequence than `after`, in order. Every role that may read may ask."""
        ...

    def enter(self, session_id: str, provider_id: str, author: Author) -> None:
        """Says that a session has a provider's form open.

        Raises:
            StoreReadOnly: The store takes no changes.
        """
        ...

    def stay(self, session_id: str) -> None:
        """Says that a session is still there, with all forms it has open."""
        ...

    def leave(self, session_id: str, provider_id: str | None = None) -> None:
        """Says that a session closed a provider's form, or with None all of them."""
        ...

    def present(self, session_id: str = "", limit: int = 1000) -> Sequence[Present]:
        """Who has forms open and gave a sign of life within a minute, by the store's clock; the longest first.

        Args:
            session_id: Whose presence to leave out: the caller's own.
            limit: Most to return.
        """
        ...

    def signal(self, mode: str = "auto") -> Signal:
        """Says from now on when a look at the store is worth it.

        Args:
            mode: `listen` to have the store tell, `poll` to look by itself, `auto` for whatever works.

        Raises:
            StoreError: The store is away.
        """
        ...
