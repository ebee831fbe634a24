"""What a store of channel providers can do. One contract test suite runs against every store.

A store keeps immutable versions and an audit chain; it seals nothing and decides no verdict. Every method blocks:
faces call them in threads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import Author, ProviderVersion, Values
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.around_protocol import AroundStore
from ftos_tui.stores.audit_protocol import AuditStore
from ftos_tui.stores.bulk_protocol import BulkStore
from ftos_tui.stores.channel_protocol import ChannelStore
from ftos_tui.stores.key_protocol import KeyStore
from ftos_tui.stores.live_protocol import LiveStore
from ftos_tui.stores.rights_protocol import RightsStore
from ftos_tui.stores.trial_protocol import TrialStore

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import MessageStore


class SortColumn(StrEnum):
    """By what the list can be sorted; each has an index."""

    NAME = "name"
    CHANNEL = "communication_channel"
    PROVIDER = "provider_name"
    WINDOW = "interval_min"
    BULK = "bulk_no"
    READINESS = "missing_count"
    SAVED_BY = "saved_by"
    SAVED_AT = "saved_at"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of the list.

    Attributes:
        sort: The column to sort by; ties go by provider id.
        descending: Whether the greatest comes first.
        filter: What the name, the channel or the provider contains, whatever its case; empty for all.
        after: The cursor of the row the page starts behind (or ends before, when `backwards`); None for the end.
        backwards: Whether to read towards the start: `after=None` then gives the last page.
        limit: Most rows to return, 1 to 1000. Rows come in sort order whichever way they were read.
    """

    sort: SortColumn = SortColumn.NAME
    descending: bool = False
    filter: str = ""
    after: "Cursor | None" = None
    backwards: bool = False
    limit: int = 100


Cursor = tuple[str | int | None, str]
"""Where a row stands: its sort value and its provider id."""


@dataclass(frozen=True, slots=True)
class ProviderSummary:
    """One row of the list of providers."""

    provider_id: str
    name: str
    communication_channel: str | None
    provider_name: str | None
    interval_min: str | None
    interval_max: str | None
    bulk_no: int | None
    missing: tuple[str, ...]
    version: int
    saved_by: str
    saved_at: datetime
    cursor: Cursor

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as the store keeps it.

    Attributes:
        version: The secret's own version, one more than the last one of this provider and field.
        sealed: Ciphertext, wrapped data key and nonces, in the vault's own format.
        key_id: Which master key wrapped it.
        destination: Where it may be sent.
        set_at: When it was entered, UTC.
        set_by: Who entered it.
    """

    version: int
    sealed: bytes
    key_id: str
    destination: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be written.

    Attributes:
        provider_id: The provider's id; for a new provider an id made by the caller (UUID hex).
        expected_version: The version the edit started from; 0 for a new provider.
        values: Canonical plain values.
        secret_versions: Which version of each secret belongs to it; 0 for none.
        new_secrets: Secrets sealed with this save, by field id.
        statuses: The list of statuses.
        author: Who, from where.
        at: When, UTC. A store with a clock of its own uses that instead.
        reason: Why.
        action: What was done: shipped, create, save, import, rollback, clear_secret, delete, trial_reverted.
        acknowledged: The codes of acknowledged warnings.
        operation_id: The caller's id of this save (UUID hex), unique.
        changed: The ids of what changes, for the audit entry.
        trial_until: When the version reverts unless it is confirmed, UTC; None where it stays.
    """

    provider_id: str
    expected_version: int
    values: Values
    secret_versions: Mapping[str, int]
    new_secrets: Mapping[str, SealedSecret]
    statuses: tuple[StatusRow, ...]
    author: Author
    at: datetime
    reason: str
    action: str
    acknowledged: tuple[str, ...]
    operation_id: str
    changed: tuple[str, ...] = ()
    trial_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain.

    Attributes:
        sequence: 1 for the first, without gaps.
        at: When, UTC, ISO 8601 with microseconds, as it was chained.
        author: Who, from where.
        action: What was done.
        provider_id: To which provider; empty for the store itself.
        provider_name: What it was called then.
        version: Which version came of it; 0 for none.
        detail: JSON: changed field ids, acknowledged codes, reason. Never a secret.
        previous: The MAC of the entry before, hex; empty for the first.
        mac: HMAC-SHA-256 over the canonical text of all of the above, hex.
    """

    sequence: int
    at: str
    author: Author
    action: str
    provider_id: str
    provider_name: str
    version: int
    detail: str
    previous: str
    mac: str


Sign = Callable[[bytes], bytes]
"""HMACs the canonical bytes of an audit entry; the vault gives it, its key derives from the master key."""


class StoreError(Failure):
    """Something is wrong with the store. Its text is one sentence that says what to do."""


class StoreUnreachable(StoreError):
    """The store does not answer, is locked by another for too long, or may not be opened."""


class StoreDamaged(StoreError):
    """What the store holds is not what a save wrote. Nothing was overwritten."""


class StoreNewer(StoreError):
    """The store was made by a newer ftos-tui. Nothing was changed."""


class StoreFull(StoreError):
    """The disk, or the store's quota, is full. The change was not made."""


class StoreReadOnly(StoreError):
    """The store, or its environment, takes no changes."""


class StoreForbidden(StoreError):
    """The one who is signed in may not do that in this store. Nothing was changed."""


class SignInRefused(StoreError):
    """The store does not take this user with this password, or was given none."""


class OutcomeUnknown(StoreUnreachable):
    """The connection broke while a change was being committed: it may be done or not. `settle` finds out.

    Attributes:
        operation_id: Of the save; empty for a change that has none.
    """

    def __init__(self, message: str, operation_id: str) -> None:
        super().__init__(message)
        self.operation_id = operation_id


class OperationVoid(StoreError):
    """This save was settled as not done before it arrived: it may be made anew, under another id."""


class StaleVersion(StoreError):
    """Somebody saved in between.

    Attributes:
        current: The version the store now holds; None when the provider is gone altogether.
    """

    def __init__(self, message: str, current: ProviderVersion | None) -> None:
        super().__init__(message)
        self.current = current


class NameTaken(StoreError):
    """Another provider bears this name (under NFKC and casefold)."""


class ProviderInUse(StoreError):
    """Communication channels send through the provider, so it cannot be deleted."""


class StaleKey(StoreError):
    """A secret was sealed with a master key that is no longer the store's: open the vault again and seal anew."""


class NotFound(StoreError):
    """There is no such provider."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What `doctor` and the log say about a store."""

    location: str
    backend: str
    schema: str
    providers: int
    details: Mapping[str, str] = field(default_factory=dict)


class ProviderStore(
    AroundStore, TrialStore, ChannelStore, AuditStore, KeyStore, BulkStore, RightsStore, LiveStore, Protocol
):
    """The store of one environment."""

    def list_page(self, query: ListQuery) -> Sequence[ProviderSummary]:
        """One page of the providers that are not deleted."""
        ...

    def count(self, filter: str = "") -> int:
        """How many providers match; reads an index, not the records."""
        ...

    def by_name(self, name: str) -> ProviderVersion:
        """The current version of the provider of this name, compared by `name_key`.

        Raises:
            NotFound: No provider bears it.
        """
        ...

    def by_id(self, provider_id: str, number: int | None = None) -> ProviderVersion:
        """A provider's current version, or the one of that number (also of a deleted provider).

        Raises:
            NotFound: There is none.
        """
        ...

    def versions(self, provider_id: str, before: int | None = None, limit: int = 100) -> Sequence[ProviderVersion]:
        """A page of a provider's versions, newest first, also of a deleted one; empty where there are none.

        Args:
            provider_id: The provider.
            before: Only versions with a smaller number; None for the newest on.
            limit: Most versions to return, 1 to 1000.
        """
        ...

    def last_deleted(self, name: str) -> str | None:
        """The id of the provider of this name that was deleted last, or None; costs a look at every deleted one."""
        ...

    def name_owner(self, name: str) -> str | None:
        """The id of the provider that bears this name, or None."""
        ...

    def write(self, new: NewVersion, sign: Sign) -> ProviderVersion:
        """Writes a version, its secrets and its audit entry in one transaction and makes it the current one.

        Raises:
            StaleVersion: The provider is no longer at `expected_version`.
            NameTaken: Another provider bears the name.
            StaleKey: A secret is sealed with another master key than the fact `key_id` names.
            ProviderInUse: Channels send through the provider that is to be deleted.
            OperationVoid: The save was settled as not done before it arrived.
            OutcomeUnknown: The connection broke while it was being committed: `settle` it.
            StoreFull, StoreReadOnly, StoreUnreachable: Nothing was written.
        """
        ...

    def outcome(self, operation_id: str) -> ProviderVersion | None:
        """The version that a save with this id wrote; None when it wrote none."""
        ...

    def settle(self, operation_id: str) -> ProviderVersion | None:
        """What became of a save whose answer was lost: the version it wrote, or None, and then it never writes one.

        Raises:
            StoreError: It is not known yet: try again.
        """
        ...

    def now(self, otherwise: datetime | None = None) -> datetime:
        """The store's time, UTC: what it compares deadlines with.

        Args:
            otherwise: The time where the store has no clock of its own; None for this process' clock.
        """
        ...

    def sealed_secret(self, provider_id: str, field_id: str, version: int) -> SealedSecret | None:
        """A stored secret in its sealed form."""
        ...

    def last_secret_version(self, provider_id: str, field_id: str) -> int:
        """The greatest version a secret ever had here; 0 when there was none. A cleared one's number is not reused."""
        ...

    def status_counts(self, provider_id: str) -> Mapping[str, int]:
        """How many messages of this provider bear each status code; codes without messages are left out."""
        ...

    def waiting_count(self, provider_id: str) -> int:
        """How many messages of this provider wait for their first or next try; costs the same however many."""
        ...

    def count_status(self, provider_id: str, code: str, by: int = 1) -> None:
        """Adds to the count of a status code."""
        ...

    def audit_entries(self, after: int = 0, limit: int = 1000) -> Sequence[AuditEntry]:
        """Audit entries with a greater sequence than `after`, in order."""
        ...

    @property
    def messages(self) -> "MessageStore":
        """The message queue of the environment."""
        ...

    def fact(self, key: str) -> str | None:
        """A text the store keeps about itself: `store_id`, `key_id`, …"""
        ...

    def remember(self, key: str, value: str) -> str:
        """Keeps a text under a key unless one is there already; gives back what is kept."""
        ...

    def stop(self, thread: int) -> None:
        """Has the store stop what it is doing for a thread (its `get_ident`), where it can; never raises."""
        ...

    def facts(self) -> StoreFacts:
        """What there is to say about the store."""
        ...

    def close(self) -> None:
        """Gives back connections; the store may not be used afterwards."""
        ...
