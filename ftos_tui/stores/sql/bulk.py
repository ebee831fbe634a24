"""Many providers at once: read in one query each for records and secrets, written in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, insert, or_, select, tuple_

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.stores.key_protocol import SecretPlace
from ftos_tui.stores.protocol import NewVersion, SealedSecret, Sign
from ftos_tui.stores.sql import audit, reads, rows, writes
from ftos_tui.stores.sql.database import Database, DoesNotLoad
from ftos_tui.stores.sql.schema import operation_void, provider, provider_version, secret
from ftos_tui.stores.sql.statements import Query, Rows, Transaction

_AT_ONCE: Final = 250
_A_FEW: Final = 2 * len(SECRET_IDS)
_PLACE: Final = tuple_(secret.c.provider_id, secret.c.field, secret.c.version)


def by_names(connection: Connection, names: Sequence[str]) -> Mapping[str, ProviderVersion]:
    """The current versions of the providers of these names, by `name_key`."""
    keys = [key for key in map(name_key, names) if not any("\ud800" <= sign <= "\udfff" for sign in key)]
    current = provider.join(
        provider_version,
        (provider_version.c.provider_id == provider.c.id) & (provider_version.c.number == provider.c.version),
    )
    statement = select(provider.c.name_key, provider_version).select_from(current)
    found = connection.execute(statement.where(provider.c.name_key.in_(keys))).all()
    states = _states(connection, found)
    return {row.name_key: rows.version_of(row, states[row.provider_id]) for row in found}


def sealed_secrets(database: Database, places: Sequence[SecretPlace]) -> Mapping[SecretPlace, SealedSecret]:
    """Stored secrets by their places."""
    if not places:
        return {}
    found: Rows
    if len(places) <= _A_FEW:
        with database.looking() as look:
            values = {
                f"{name}_{i}": part for i, place in enumerate(places) for name, part in zip("pfv", place, strict=True)
            }
            [found] = look.run(Query(_a_few(len(places)), values))
    else:
        with database.reading() as connection:
            found = connection.execute(select(secret).where(_PLACE.in_(places))).all()
    return {(row.provider_id, row.field, row.version): rows.sealed_secret(row) for row in found}


@lru_cache(_A_FEW)
def _a_few(number: int) -> Select[Any]:
    """The secrets of so many places, in a statement that need not be made anew each time."""
    own = secret.c
    places = (
        and_(
            own.provider_id == bindparam(f"p_{i}"), own.field == bindparam(f"f_{i}"), own.version == bindparam(f"v_{i}")
        )
        for i in range(number)
    )
    return select(secret).where(or_(*places))


def last_secret_versions(connection: Connection, provider_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """The greatest version each secret of these providers ever had."""
    greatest = select(secret.c.provider_id, secret.c.field, func.max(secret.c.version))
    grouped = greatest.where(secret.c.provider_id.in_(provider_ids)).group_by(secret.c.provider_id, secret.c.field)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(grouped)}


def write_many(change: Transaction, versions: Iterable[NewVersion], sign: Sign, clock: Query) -> int:
    """Writes versions in a transaction; runs of new providers together, others one by one."""
    written = 0
    for first, run in groupby(versions, _is_first):
        while chunk := list(islice(run, _AT_ONCE)):
            if not (first and _write_new(change, chunk, sign, clock)):
                for new in chunk:
                    writes.write(change, new, sign, clock)
            written += len(chunk)
    return written


def _is_first(new: NewVersion) -> bool:
    """Whether a version plainly is the first of its provider, with no secrets but its own."""
    own = {field_id: sealed.version for field_id, sealed in new.new_secrets.items()}
    secrets = {field_id: version for field_id, version in new.secret_versions.items() if version}
    plain = new.expected_version == 0 and new.trial_until is None and new.action != "delete"
    return plain and secrets == own and set(own.values()) <= {1}


def _write_new(change: Transaction, chunk: Sequence[NewVersion], sign: Sign, clock: Query) -> bool:
    """Writes first versions with one statement a table; False where one of them needs a closer look."""
    connection = change.connection
    if not _unknown(connection, chunk):
        return False
    [now] = change.run(clock)
    chunk = [writes.at_store_time(new, now) for new in chunk]
    written = []
    for new in chunk:
        row = rows.version_row(new, deleted=False)
        version = writes.version_of(new, _states_of(new))
        written.append((new, version, row, writes.audit_entry(new, version, None, rows.version_digest(row))))
    sealed = [rows.secret_row(new.provider_id, f, each) for new in chunk for f, each in new.new_secrets.items()]
    if sealed:
        connection.execute(insert(secret), sealed)
    connection.execute(insert(provider_version), [row for _, _, row, _ in written])
    connection.execute(insert(provider), [rows.summary_row(version) for _, version, _, _ in written])
    audit.append_all(connection, [entry for _, _, _, entry in written], sign)
    return True


def _unknown(connection: Connection, chunk: Sequence[NewVersion]) -> bool:
    """Whether neither the providers, their names nor the saves are in the store, and the secrets are under its key."""
    keys = [name_key(str(new.values.get("name") or "")) for new in chunk]
    ids = {new.provider_id for new in chunk}
    operations = {new.operation_id for new in chunk}
    if min(len(set(keys)), len(ids), len(operations)) < len(chunk):
        return False
    known = select(provider_version.c.number).where(
        provider_version.c.provider_id.in_(ids) | provider_version.c.operation_id.in_(operations)
    )
    taken = select(provider.c.id).where(provider.c.name_key.in_(keys))
    void = select(operation_void.c.at).where(operation_void.c.operation_id.in_(operations))
    if any(connection.execute(each.limit(1)).first() for each in (known, taken, void)):
        return False
    sealed_with = {sealed.key_id for new in chunk for sealed in new.new_secrets.values()}
    return len(sealed_with) <= 1 and (not sealed_with or reads.fact_of(connection, "key_id") in (None, *sealed_with))


def _states_of(new: NewVersion) -> rows.States:
    """What is set of the secrets of a version that has none but its own."""
    states = {field_id: SecretState() for field_id in SECRET_IDS}
    for field_id, sealed in new.new_secrets.items():
        states[field_id] = SecretState(sealed.version, sealed.set_at, sealed.set_by, sealed.destination)
    return states


def _states(connection: Connection, found: Sequence[Row[Any]]) -> Mapping[str, rows.States]:
    """What is set of the secrets of these versions, by provider id."""
    wanted = {
        (row.provider_id, field_id): version
        for row in found
        for field_id, version in rows.secret_versions(row).items()
        if version
    }
    states: dict[str, dict[str, SecretState]] = {
        row.provider_id: {field_id: SecretState() for field_id in SECRET_IDS} for row in found
    }
    if wanted:
        columns = secret.c
        place = tuple_(columns.provider_id, columns.field, columns.version)
        chosen = select(
            columns.provider_id, columns.field, columns.version, columns.set_at, columns.set_by, columns.destination
        )
        for row in connection.execute(chosen.where(place.in_([(*key, version) for key, version in wanted.items()]))):
            states[row.provider_id][row.field] = rows.secret_state(row)
    for (provider_id, field_id), version in wanted.items():
        if states[provider_id][field_id].version != version:
            raise DoesNotLoad(f"secret {field_id} version {version} of {provider_id} is gone")
    return states
