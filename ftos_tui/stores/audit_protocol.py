"""How the audit chain of a store is browsed. Part of `ProviderStore`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which page of the audit, newest first.

    Attributes:
        provider: The name an entry tells of, or, beside `provider_id`, the name it bore then; empty for all.
        provider_id: Whose entries besides, whatever the provider was called; empty for none.
        user: Who acted; empty for all.
        action: What was done; empty for all.
        since: Only entries from this time on; None for all.
        text: What provider, user, action or detail contains, whatever its ASCII case; empty for all.
        after: The sequence the page starts behind (or ends before, when `backwards`); None for the end.
        backwards: Whether to read towards the newest: `after=None` then gives the last page.
        limit: Most entries to return, 1 to 1000. They come newest first whichever way they were read.
    """

    provider: str = ""
    provider_id: str = ""
    user: str = ""
    action: str = ""
    since: datetime | None = None
    text: str = ""
    after: int | None = None
    backwards: bool = False
    limit: int = 100


class AuditStore(Protocol):
    """The audit chain, to be browsed; it is appended to by what is audited."""

    def audit_page(self, query: AuditQuery) -> "Sequence[AuditEntry]":
        """One page of the audit, newest first. A filter is looked for along the chain: rare entries take a while."""
        ...

    def audited(self, operation_id: str) -> bool:
        """Whether the audit tells of a change of this id that was not one of a provider.

        It is asked under the lock of those who write: a change whose answer was lost is done then, or never will be.

        Args:
            operation_id: The id, UUID hex, that the change was given.

        Raises:
            StoreError: It is not known yet: try again.
        """
        ...

    def version_digests(self, first: int, last: int) -> Mapping[tuple[str, int], str]:
        """SHA-256, hex, of the versions that audit entries tell of, by provider id and number, as they are stored now.

        Args:
            first: The first entry's sequence.
            last: The last one's, at most 5000 further on. Versions that are not there are left out.
        """
        ...
