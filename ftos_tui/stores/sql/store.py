"""The relational store: each operation in a transaction of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ftos_tui.domain.channel import Channel
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.around_protocol import Around, Decide, Record, SaveRequest
from ftos_tui.stores.audit_protocol import AuditQuery
from ftos_tui.stores.channel_protocol import ChannelEnd, ChannelQuery, NewChannel
from ftos_tui.stores.key_protocol import FactsChange, SecretPlace
from ftos_tui.stores.live_protocol import Change, Present, Signal
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.protocol import AuditEntry, ListQuery, NewVersion, ProviderSummary, SealedSecret, Sign, StoreFacts
from ftos_tui.stores.rights_protocol import Right, Standing
from ftos_tui.stores.sql import around as beside
from ftos_tui.stores.sql import (
    audit,
    bulk,
    channels,
    history,
    keys,
    listing,
    live,
    reads,
    rights,
    trials,
    writes,
)
from ftos_tui.stores.sql.database import Database
from ftos_tui.stores.sql.schema import HEAD
from ftos_tui.stores.sql.statements import InTurn
from ftos_tui.stores.trial_protocol import TrialEnd

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import MessageStore


class SqlStore:
    """A `ProviderStore` in a relational database; any number of threads may use it.

    Args:
        database: The database, its schema at head.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def list_page(self, query: ListQuery) -> Sequence[ProviderSummary]:
        """One page of the providers that are not deleted."""
        with self.database.looking() as look:
            return listing.list_page(look, query)

    def count(self, filter: str = "") -> int:
        """How many providers match."""
        with self.database.looking() as look:
            return listing.count(look, filter)

    def by_name(self, name: str) -> ProviderVersion:
        """The current version of the provider of this name."""
        with self.database.looking() as look:
            return reads.by_name(look, name)

    def by_id(self, provider_id: str, number: int | None = None) -> ProviderVersion:
        """A provider's current version, or the one of that number."""
        with self.database.looking() as look:
            return reads.by_id(look, provider_id, number)

    def versions(self, provider_id: str, before: int | None = None, limit: int = 100) -> Sequence[ProviderVersion]:
        """A page of a provider's versions, newest first."""
        with self.database.looking() as look:
            return history.versions(look, provider_id, before, limit)

    def last_deleted(self, name: str) -> str | None:
        """The id of the provider of this name that was deleted last, or None."""
        with self.database.reading() as connection:
            return history.last_deleted(connection, name)

    def name_owner(self, name: str) -> str | None:
        """The id of the provider that bears this name, or None."""
        with self.database.looking() as look:
            return reads.name_owner(look, name)

    def write(self, new: NewVersion, sign: Sign) -> ProviderVersion:
        """Writes a version, its secrets and its audit entry in one transaction and makes it the current one."""
        with self.database.changing(new.operation_id) as change:
            return writes.write_last(change, new, sign, self.database.clock)

    def settle(self, operation_id: str) -> ProviderVersion | None:
        """The version that a save with this id wrote; where it wrote none, it never will."""
        with self.database.changing() as change:
            return writes.settle(change, operation_id, self.database.clock)

    def now(self, otherwise: datetime | None = None) -> datetime:
        """The store's time, UTC."""
        with self.database.looking() as look:
            [found] = look.run(self.database.clock)
        text = found[0][0]
        return time_from_text(text) if text is not None else otherwise or datetime.now(UTC)

    def outcome(self, operation_id: str) -> ProviderVersion | None:
        """The version that a save with this id wrote, or None."""
        with self.database.looking() as look:
            return reads.outcome(look, operation_id)

    def sealed_secret(self, provider_id: str, field_id: str, version: int) -> SealedSecret | None:
        """A stored secret in its sealed form."""
        with self.database.looking() as look:
            return reads.sealed_secret(look, provider_id, field_id, version)

    def last_secret_version(self, provider_id: str, field_id: str) -> int:
        """The version of the secret set last; 0 when none ever was."""
        with self.database.looking() as look:
            return reads.last_secret_version(look, provider_id, field_id)

    def status_counts(self, provider_id: str) -> Mapping[str, int]:
        """How many messages of this provider bear each status code."""
        with self.database.looking() as look:
            return reads.status_counts(look, provider_id)

    def waiting_count(self, provider_id: str) -> int:
        """How many messages of a provider wait for their first or next try."""
        with self.database.looking() as look:
            return reads.waiting_count(look, provider_id)

    def around(self, provider_id: str | None, name: str) -> Around:
        """What stands around a provider."""
        with self.database.looking() as look:
            return beside.around(look, provider_id, name)

    def record(
        self, provider_id: str | None, name: str = "", *, sealed: bool = False, keys: bool = False, around: bool = False
    ) -> Record:
        """A provider's last version, and what belongs to it."""
        with self.database.looking() as look:
            return beside.record(look, provider_id, name, sealed=sealed, keys_too=keys, around_too=around)

    def save(self, request: SaveRequest, decide: Decide, sign: Sign) -> ProviderVersion:
        """Writes what is decided by what stands around the provider."""
        if self.database.far:
            with self.database.changing(request.operation_id) as change:
                return writes.save(change, request, decide, sign, self.database.clock)
        with self.database.looking() as look:
            seen = writes.look_around(look, request, self.database.clock)
        new = seen if isinstance(seen, ProviderVersion) else decide(seen)
        return new if isinstance(new, ProviderVersion) else self.write(new, sign)

    def count_status(self, provider_id: str, code: str, by: int = 1) -> None:
        """Adds to the count of a status code."""
        with self.database.dispatching() as connection:  # one row by itself, which nothing audits
            writes.count_status(InTurn(connection), provider_id, code, by)

    def trials(self, due_by: datetime | None = None, limit: int = 1000) -> Sequence[Trial]:
        """The trials that run, the earliest deadline first."""
        with self.database.looking() as look:
            return trials.page(look, due_by, limit)

    def due_trials(self, now: datetime, limit: int = 1000) -> Sequence[Trial]:
        """The trials that are over by the store's clock, the earliest deadline first."""
        with self.database.looking() as look:
            return trials.due(look, self.database.clock, now, limit)

    def trial(self, provider_id: str) -> Trial | None:
        """The trial of a provider, or None."""
        with self.database.looking() as look:
            return trials.of_provider(look, provider_id)

    def end_trial(self, end: TrialEnd, sign: Sign) -> bool:
        """Ends a trial and leaves its version as it is; whether it was still running."""
        with self.database.writing() as connection:
            return trials.end(connection, replace(end, at=self._time(connection, end.at)), sign)

    def channels(self, query: ChannelQuery) -> Sequence[Channel]:
        """One page of the communication channels."""
        with self.database.reading() as connection:
            return channels.page(connection, query)

    def count_channels(self, filter: str = "", provider_id: str | None = None) -> int:
        """How many communication channels match."""
        with self.database.reading() as connection:
            return channels.count(connection, filter, provider_id)

    def channel(self, channel_id: str) -> Channel:
        """A communication channel by its id."""
        with self.database.reading() as connection:
            return channels.by_id(connection, channel_id)

    def channel_by_code(self, code: str) -> Channel | None:
        """The communication channel that bears a code, or None."""
        with self.database.reading() as connection:
            return channels.by_code(connection, code)

    def write_channel(self, new: NewChannel, sign: Sign) -> Channel:
        """Writes a communication channel and its audit entry in one transaction."""
        with self.database.writing() as connection:
            return channels.write(connection, replace(new, at=self._time(connection, new.at)), sign)

    def delete_channel(self, end: ChannelEnd, sign: Sign) -> None:
        """Deletes a communication channel, with its audit entry, in one transaction."""
        with self.database.writing() as connection:
            channels.remove(connection, replace(end, at=self._time(connection, end.at)), sign)

    def audit_entries(self, after: int = 0, limit: int = 1000) -> Sequence[AuditEntry]:
        """Audit entries with a greater sequence than `after`, in order."""
        with self.database.reading() as connection:
            return audit.entries(connection, after, limit)

    def audit_page(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """One page of the audit, newest first."""
        with self.database.reading() as connection:
            return audit.page(connection, query)

    def audited(self, operation_id: str) -> bool:
        """Whether the audit tells of a change of this id; where it does not, it never will."""
        with self.database.writing() as connection:
            return audit.tells_of(connection, operation_id)

    def version_digests(self, first: int, last: int) -> Mapping[tuple[str, int], str]:
        """What the versions that audit entries tell of are now, as SHA-256, by provider id and number."""
        with self.database.reading() as connection:
            return audit.version_digests(connection, first, last)

    def key_facts(self) -> Mapping[str, str]:
        """What the store knows about its master keys."""
        with self.database.looking() as look:
            [found] = look.run(keys.FACTS)
        return keys.facts_of(found)

    def change_facts(self, change: FactsChange, sign: Sign) -> bool:
        """Changes facts, with an audit entry; gives back whether it did."""
        with self.database.writing() as connection:
            at = self._time(connection, time_from_text(change.entry.at))
            return keys.change_facts(
                connection, replace(change, entry=replace(change.entry, at=time_to_text(at))), sign
            )

    def secret_counts(self) -> Mapping[str, int]:
        """How many stored secrets each master key wrapped, by its id."""
        with self.database.reading() as connection:
            return keys.secret_counts(connection)

    def secrets_page(
        self, after: SecretPlace | None = None, limit: int = 100, not_under: str = ""
    ) -> Sequence[tuple[SecretPlace, SealedSecret]]:
        """Stored secrets in the order of their places."""
        with self.database.reading() as connection:
            return keys.secrets_page(connection, after, limit, not_under)

    def rewrap_secret(self, place: SecretPlace, before: bytes, sealed: bytes, key_id: str) -> bool:
        """Replaces a sealed secret by the same one under another master key; gives back whether it did."""
        with self.database.writing() as connection:
            return keys.rewrap_secret(connection, place, before, sealed, key_id)

    def by_names(self, names: Sequence[str]) -> Mapping[str, ProviderVersion]:
        """The current versions of the providers of these names, by `name_key`."""
        with self.database.reading() as connection:
            return bulk.by_names(connection, names)

    def sealed_secrets(self, places: Sequence[SecretPlace]) -> Mapping[SecretPlace, SealedSecret]:
        """Stored secrets in their sealed form, by their places."""
        return bulk.sealed_secrets(self.database, places)

    def last_secret_versions(self, provider_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """The greatest version each secret of these providers ever had."""
        with self.database.reading() as connection:
            return bulk.last_secret_versions(connection, provider_ids)

    def write_many(self, versions: Iterable[NewVersion], sign: Sign, operation_id: str = "") -> int:
        """Writes versions as `write` does, all of them in one transaction, or none."""
        with self.database.changing(operation_id) as change:
            return bulk.write_many(change, versions, sign, self.database.clock)

    @cached_property
    def messages(self) -> "MessageStore":
        """The message queue; imported when it is used."""
        from ftos_tui.stores.sql.message_store import SqlMessages

        return SqlMessages(self.database)

    def fact(self, key: str) -> str | None:
        """A text the store keeps about itself."""
        with self.database.looking() as look:
            [found] = look.run(reads.fact_query(key))
        return str(found[0][0]) if found else None

    def remember(self, key: str, value: str) -> str:
        """Keeps a text under a key unless one is there already; gives back what is kept."""
        kept = self.fact(key)
        if kept is not None:
            return kept
        with self.database.changing() as change:
            return writes.remember(change, key, value)

    def standing(self) -> Standing:
        """Who is signed in and what they may do."""
        with self.database.reading() as connection:
            return rights.standing(connection)

    def rights(self) -> frozenset[Right]:
        """What the one who is signed in may do."""
        return self.standing().rights

    def head(self) -> int:
        """The sequence of the last change; 0 for none."""
        with self.database.looking() as look:
            return live.head(look)

    def changes(self, after: int, limit: int = 500) -> Sequence[Change]:
        """Changes with a greater sequence than `after`, in order."""
        with self.database.looking() as look:
            return live.changes(look, self.database.engine, after, limit)

    def enter(self, session_id: str, provider_id: str, author: Author) -> None:
        """Says that a session has a provider's form open."""
        with self.database.dispatching() as connection:
            live.enter(connection, session_id, provider_id, author)

    def stay(self, session_id: str) -> None:
        """Says that a session is still there."""
        with self.database.dispatching() as connection:
            live.stay(connection, session_id)

    def leave(self, session_id: str, provider_id: str | None = None) -> None:
        """Says that a session closed a provider's form, or all of them."""
        with self.database.dispatching() as connection:
            live.leave(connection, session_id, provider_id)

    def present(self, session_id: str = "", limit: int = 1000) -> Sequence[Present]:
        """Who else has forms open."""
        with self.database.looking() as look:
            return live.present(look, self.database.engine, session_id, limit)

    def signal(self, mode: str = "auto") -> Signal:
        """Says from now on when a look at the store is worth it."""
        return self.database.backend.signal(mode)

    def stop(self, thread: int) -> None:
        """Has the database stop what it is doing for a thread, where it can."""
        self.database.stop(thread)

    def facts(self) -> StoreFacts:
        """What there is to say about the store."""
        with self.database.reading() as connection:
            backend = self.database.backend
            providers = listing.count(InTurn(connection), "")
            return StoreFacts(backend.location, backend.name, HEAD, providers, backend.details(connection))

    def _time(self, connection: Connection, otherwise: datetime) -> datetime:
        """The store's own time, where it has one."""
        text = connection.execute(self.database.clock.statement).scalar()
        return otherwise if text is None else time_from_text(text)

    def close(self) -> None:
        """Gives back connections; the store may not be used afterwards."""
        self.database.engine.dispose()
        self.database.engine.pool.dispose()  # nor is a connection kept that a late thread still makes
