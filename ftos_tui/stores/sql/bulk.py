"""Many providers at once: read in one query each for records and secrets, written in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.stores.key_protocol import SecretPlace
from ftos_tui.stores.protocol import NewVersion, SealedSecret, Sign
from ftos_tui.stores.sql import rows, writes
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import provider, provider_version, secret


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


def sealed_secrets(connection: Connection, places: Sequence[SecretPlace]) -> Mapping[SecretPlace, SealedSecret]:
    """Stored secrets by their places."""
    if not places:
        return {}
    place = tuple_(secret.c.provider_id, secret.c.field, secret.c.version)
    found = connection.execute(select(secret).where(place.in_(places)))
    return {(row.provider_id, row.field, row.version): rows.sealed_secret(row) for row in found}


def last_secret_versions(connection: Connection, provider_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """The greatest version each secret of these providers ever had."""
    greatest = select(secret.c.provider_id, secret.c.field, func.max(secret.c.version))
    grouped = greatest.where(secret.c.provider_id.in_(provider_ids)).group_by(secret.c.provider_id, secret.c.field)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(grouped)}


def write_many(connection: Connection, versions: Iterable[NewVersion], sign: Sign) -> int:
    """Writes versions one after another in the transaction of the connection."""
    written = 0
    for new in versions:
        writes.write(connection, new, sign)
        written += 1
    return written


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
    for (provider_id, field_id, _), sealed in sealed_secrets(
        connection, [(*place, version) for place, version in wanted.items()]
    ).items():
        states[provider_id][field_id] = SecretState(sealed.version, sealed.set_at, sealed.set_by, sealed.destination)
    for (provider_id, field_id), version in wanted.items():
        if states[provider_id][field_id].version != version:
            raise DoesNotLoad(f"secret {field_id} version {version} of {provider_id} is gone")
    return states
