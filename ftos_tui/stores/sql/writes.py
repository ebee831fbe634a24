"""What changes the store: all that a save depends on is read at once, then decided, then all of it is written at once.

Every function runs within one transaction that nobody else writes beside.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BindParameter, Insert, Row, Select, and_, bindparam, delete, func, insert, or_, select, update

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState, missing_fields
from ftos_tui.domain.trial import Trial
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.around_protocol import Around, Decide, SaveRequest
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.protocol import (
    AuditEntry,
    NameTaken,
    NewVersion,
    NotFound,
    OperationVoid,
    Sign,
    StaleKey,
    StaleVersion,
)
from ftos_tui.stores.sql import around, audit, channels, reads, rows, trials
from ftos_tui.stores.sql.dialects import insert_of
from ftos_tui.stores.sql.schema import fact, operation_void, provider, provider_version, secret, status_count
from ftos_tui.stores.sql.statements import Query, Rows, Runs, Transaction

INSERT_VERSION: Final = insert(provider_version)
INSERT_SUMMARY: Final = insert(provider)
INSERT_SECRET: Final = insert(secret)
_UPDATE_SUMMARY: Final = update(provider).where(provider.c.id == bindparam("of"))
_DELETE_SUMMARY: Final = delete(provider).where(provider.c.id == bindparam("of"))
_VOID: Final = select(operation_void.c.at).where(operation_void.c.operation_id == bindparam("operation"))


def write(change: Transaction, new: NewVersion, sign: Sign, clock: Query) -> ProviderVersion:
    """Writes a version, its secrets and its audit entry; see `ProviderStore.write`.

    Args:
        change: The transaction.
        new: The version.
        sign: As for `ProviderStore.write`.
        clock: Asks for the store's own time, see `Database.clock`.
    """
    version, queries = _written(change, new, sign, clock)
    change.run(*queries)
    return version


def write_last(change: Transaction, new: NewVersion, sign: Sign, clock: Query) -> ProviderVersion:
    """Writes as `write` does, and commits: nothing may follow in the transaction."""
    version, queries = _written(change, new, sign, clock)
    change.finish(*queries)
    return version


def save(change: Transaction, request: SaveRequest, decide: Decide, sign: Sign, clock: Query) -> ProviderVersion:
    """Writes what is decided by what stands around the provider, and commits; see `AroundStore.save`.

    Args:
        change: The transaction.
        request: Which save.
        decide: Makes the version.
        sign: As for `write`.
        clock: As for `write`.
    """
    seen = _look(change, request, clock, around.beside(request.provider_id))
    done = _done(change, seen, request.operation_id)
    if done is not None:
        return done
    try:
        new = decide(_around(seen, request))
    except Failure:
        change.finish()  # nothing was written; after a rollback the driver would prepare all its statements anew
        raise
    if isinstance(new, ProviderVersion):
        return new
    name = str(new.values.get("name") or "")
    if name_key(name) != name_key(_asked_name(request)):  # the check put it right
        seen = replace(seen, owner=change.run(reads.owner_query(name))[0])
    version, queries = _decided(change, new, seen, sign)
    change.finish(*queries)
    return version


def look_around(look: Runs, request: SaveRequest, clock: Query) -> ProviderVersion | Around:
    """What a save has to be told; the version that this very save wrote before, where it did."""
    seen = _look(look, request, clock, around.beside(request.provider_id))
    return _done(look, seen, request.operation_id) or _around(seen, request)


def settle(change: Transaction, operation_id: str, clock: Query) -> ProviderVersion | None:
    """Finds out whether a save was done, and has it never be done when it was not; see `ProviderStore.settle`."""
    done = reads.outcome(change, operation_id)
    if done is None:
        [found] = change.run(clock)
        row = {"operation_id": operation_id, "at": found[0][0] or ""}
        change.finish(Query(_kept_as_it_is(operation_void.name, _dialect(change)), row))
    return done


def count_status(change: Transaction, provider_id: str, code: str, by: int) -> None:
    """Adds to the count of a status code."""
    change.finish(Query(_added(_dialect(change)), {"provider_id": provider_id, "code": code, "count": by}))


def remember(change: Transaction, key: str, value: str) -> str:
    """Keeps a text under a key unless one is there already; gives back what is kept."""
    kept = _kept_as_it_is(fact.name, _dialect(change))
    _, found = change.run(Query(kept, {"key": key, "value": value}), reads.fact_query(key))
    return str(found[0][0])


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that a save depends on, as one transaction sees it."""

    done: Rows
    void: Rows
    current: Rows
    current_secrets: Rows
    secrets: Rows
    owner: Rows
    key_id: Rows
    trial: Rows
    last_entry: Rows
    clock: Rows
    beside: tuple[Rows, ...]


def _look(look: Runs, request: SaveRequest, clock: Query, more: Sequence[Query]) -> _Seen:
    of = {"of": request.provider_id}
    wanted = {f"wanted_{field_id}": request.secret_versions.get(field_id, 0) for field_id in SECRET_IDS}
    found = look.run(
        reads.outcome_query(request.operation_id),
        Query(_VOID, {"operation": request.operation_id}),
        *reads.last_queries(request.provider_id, "", sealed=False),
        Query(_known_secrets(), {**of, **wanted}),
        reads.owner_query(_asked_name(request)),
        reads.fact_query("key_id"),
        trials.running(request.provider_id),
        audit.LAST,
        clock,
        *more,
    )
    done, void, current, current_secrets, secrets, owner, key_id, trial, last_entry, time, *others = found
    return _Seen(done, void, current, current_secrets, secrets, owner, key_id, trial, last_entry, time, tuple(others))


def _asked_name(request: SaveRequest) -> str:
    """The name to ask for: none where nobody can bear it."""
    return request.name if reads.storable(request.name) else ""


def _done(look: Runs, seen: _Seen, operation_id: str) -> ProviderVersion | None:
    """The version that the very save wrote before, or None; refuses one that was settled as not done."""
    if seen.done:
        return reads.outcome(look, operation_id)
    if seen.void:
        raise OperationVoid("This save came too late: it was already settled as not done. Save again.")
    return None


def _around(seen: _Seen, request: SaveRequest) -> Around:
    """What was seen, as a save is decided by it."""
    owner = str(seen.owner[0][0]) if seen.owner and name_key(request.name) else None
    numbers: dict[str, int] = {}
    for row in seen.secrets:
        numbers[row.field] = max(row.version, numbers.get(row.field, 0))
    return replace(
        around.of_rows(owner, trials.of_rows(seen.trial), seen.beside),
        current=reads.version_of(seen.current[0], seen.current_secrets) if seen.current else None,
        secret_numbers=numbers,
    )


def _written(change: Transaction, new: NewVersion, sign: Sign, clock: Query) -> tuple[ProviderVersion, Sequence[Query]]:
    """The version that comes of a save which is decided already, and what has to be written for it."""
    request = SaveRequest(new.provider_id, str(new.values.get("name") or ""), new.operation_id, new.secret_versions)
    seen = _look(change, request, clock, channels.in_use(new.provider_id) if new.action == "delete" else ())
    done = _done(change, seen, new.operation_id)
    return (done, ()) if done is not None else _decided(change, new, seen, sign)


def _decided(change: Transaction, new: NewVersion, seen: _Seen, sign: Sign) -> tuple[ProviderVersion, Sequence[Query]]:
    """The version that comes of a save, and what has to be written for it."""
    deleting = new.action == "delete"
    row = rows.version_row(new, deleted=deleting)
    _refuse_stale(seen, new)
    if deleting:
        name = str(new.values.get("name") or "")
        channels.refuse_in_use(seen.beside, name)
        from ftos_tui.stores.sql import message_moves  # the message queue, which nothing else here needs

        message_moves.refuse_undelivered(change.connection, new.provider_id, name)
    else:
        _refuse_taken(seen, new)
    states = _states(seen, new)
    new = at_store_time(new, seen.clock)
    row["saved_at"] = time_to_text(new.at)
    version = version_of(new, states)
    ended = trials.of_rows(seen.trial)
    entry = audit_entry(new, version, ended, rows.version_digest(row))
    [linked] = audit.link(change.connection, [entry], seen.last_entry, sign)
    return version, (
        *(Query(INSERT_SECRET, rows.secret_row(new.provider_id, *each)) for each in new.new_secrets.items()),
        Query(INSERT_VERSION, row),
        *trials.following(new, ended),
        _projected(version),
        Query(audit.ADDED, linked),
    )


def at_store_time(new: NewVersion, clock: Rows) -> NewVersion:
    """A version as of the store's own time, where it has one; a trial's length stays as it is.

    Args:
        new: The version, as of its maker's time.
        clock: What `Database.clock` gave.
    """
    text = clock[0][0]
    if text is None:
        return new
    at = time_from_text(text)
    return replace(new, at=at, trial_until=None if new.trial_until is None else at + (new.trial_until - new.at))


def version_of(new: NewVersion, states: Mapping[str, SecretState]) -> ProviderVersion:
    """A version as it will be read.

    Args:
        new: What is written.
        states: What is set of its secrets, for every secret field.
    """
    return ProviderVersion(
        provider_id=new.provider_id,
        number=new.expected_version + 1,
        values=dict(new.values),
        secrets=states,
        statuses=new.statuses,
        saved_at=new.at,
        saved_by=new.author,
        reason=new.reason,
        action=new.action,
        acknowledged=new.acknowledged,
        missing=missing_fields(new.values, states),
        operation_id=new.operation_id,
        deleted=new.action == "delete",
    )


def _refuse_stale(seen: _Seen, new: NewVersion) -> None:
    if not seen.current:
        if new.action == "delete":
            raise NotFound(f"There is no provider {shortened(new.provider_id, 40)} to delete: refresh the list.")
        if new.expected_version != 0:
            raise StaleVersion("This provider is not in the store any more: nothing was saved.", None)
        return
    row: Row[Any] = seen.current[0]
    if not row.deleted and row.number == new.expected_version:
        return
    current = reads.version_of(row, seen.current_secrets)
    name, user = shortened(current.name, 60), shortened(current.saved_by.user, 40)
    if current.deleted:
        raise StaleVersion(f"{name} was deleted by {user}: nothing was saved.", current)
    raise StaleVersion(
        f"{name} is at version {current.number}, saved by {user}, no longer at {new.expected_version}: "
        "look at what changed and save again. Nothing was saved.",
        current,
    )


def _refuse_taken(seen: _Seen, new: NewVersion) -> None:
    if seen.owner and seen.owner[0][0] != new.provider_id:
        name = shortened(str(new.values.get("name") or ""), 60)
        raise NameTaken(f"Another provider is called {name}: choose another Name. Nothing was saved.")


def _states(seen: _Seen, new: NewVersion) -> Mapping[str, SecretState]:
    """What is set of the new version's secrets; refuses those that do not fit."""
    key_id = seen.key_id[0][0] if seen.key_id else None
    known = {(row.field, row.version): row for row in seen.secrets}
    for field_id, sealed in new.new_secrets.items():
        if key_id is not None and sealed.key_id != key_id:
            raise StaleKey("The master key was changed meanwhile: save again. Nothing was saved.")
        expected = max((version for field, version in known if field == field_id), default=0) + 1
        if sealed.version != expected:
            raise ValueError(f"secret {field_id} is sealed as version {sealed.version}, not {expected}")
    states = {field_id: SecretState() for field_id in SECRET_IDS}
    for field_id, version in new.secret_versions.items():
        fresh = new.new_secrets.get(field_id)
        if fresh is not None and fresh.version == version:
            states[field_id] = SecretState(version, fresh.set_at, fresh.set_by, fresh.destination)
        elif version:
            row = known.get((field_id, version))
            if row is None:
                raise ValueError(f"secret {field_id} has no version {version}")
            states[field_id] = rows.secret_state(row)
    return states


@lru_cache(1)
def _known_secrets() -> Select[Any]:
    """The last secret of each field, and those that the new version refers to."""
    older = secret.alias("older")
    of: BindParameter[str] = bindparam("of")
    conditions = []
    for field_id in SECRET_IDS:
        last = (
            select(func.max(older.c.version))
            .where(older.c.provider_id == of, older.c.field == field_id)
            .correlate(None)
            .scalar_subquery()
        )
        either = or_(secret.c.version == last, secret.c.version == bindparam(f"wanted_{field_id}"))
        conditions.append(and_(secret.c.field == field_id, either))
    return select(*reads.STATE_COLUMNS).where(secret.c.provider_id == of, or_(*conditions))


def _projected(version: ProviderVersion) -> Query:
    """Brings the list in line with a version that becomes the current one."""
    of = {"of": version.provider_id}
    if version.deleted:
        return Query(_DELETE_SUMMARY, of)
    if version.number == 1:
        return Query(INSERT_SUMMARY, rows.summary_row(version))
    return Query(_UPDATE_SUMMARY, rows.summary_row(version) | of)


def _dialect(change: Transaction) -> str:
    return change.connection.dialect.name


@lru_cache(2)
def _added(dialect: str) -> Insert:
    into = insert_of(dialect)(status_count)
    total = status_count.c.count + into.excluded.count
    added: Insert = into.on_conflict_do_update(index_elements=["provider_id", "code"], set_={"count": total})
    return added


@lru_cache(4)
def _kept_as_it_is(table: str, dialect: str) -> Insert:
    """Adds a row unless there is one of that key."""
    kept: Insert = insert_of(dialect)(fact.metadata.tables[table]).on_conflict_do_nothing()
    return kept


def audit_entry(new: NewVersion, version: ProviderVersion, ended: Trial | None, digest: str) -> AuditEntry:
    """What the audit says of a written version.

    Args:
        new: What was to be written.
        version: What was written.
        ended: The trial that ended with it.
        digest: Of the version's row, see `rows.version_digest`.
    """
    detail: dict[str, object] = {
        "changed": list(new.changed),
        "acknowledged": list(new.acknowledged),
        "reason": new.reason,
        "digest": digest,
    }
    if new.trial_until is not None:
        detail["trial_until"] = time_to_text(new.trial_until)
    if ended is not None:
        detail["ended_trial"] = ended.version
    return AuditEntry(
        sequence=0,
        at=time_to_text(version.saved_at),
        author=new.author,
        action=new.action,
        provider_id=new.provider_id,
        provider_name=version.name,
        version=version.number,
        detail=json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
        previous="",
        mac="",
    )
