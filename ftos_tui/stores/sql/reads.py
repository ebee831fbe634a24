"""Single records out of the tables."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select, tuple_

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.protocol import NotFound, SealedSecret
from ftos_tui.stores.sql import rows
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import fact, provider, provider_version, secret, status_count


def name_owner(connection: Connection, name: str) -> str | None:
    """The id of the provider that bears this name, or None."""
    key = name_key(name)
    if any("\ud800" <= character <= "\udfff" for character in key):
        return None  # no database stores it, so nobody bears it
    found = connection.execute(select(provider.c.id).where(provider.c.name_key == key)).scalar()
    return None if found is None else str(found)


def by_name(connection: Connection, name: str) -> ProviderVersion:
    """The current version of the provider of this name."""
    owner = name_owner(connection, name)
    if owner is None:
        raise NotFound(f"There is no provider {shortened(name, 60)}: see the list for the names there are.")
    return by_id(connection, owner)


def by_id(connection: Connection, provider_id: str, number: int | None = None) -> ProviderVersion:
    """A provider's current version, or the one of that number."""
    wanted = latest_number(connection, provider_id) if number is None else number
    version = load(connection, provider_id, wanted)
    if version is None:
        what = "provider" if number is None else f"version {number} of provider"
        raise NotFound(f"There is no {what} {shortened(provider_id, 40)}: refresh the list.")
    return version


def latest_number(connection: Connection, provider_id: str) -> int:
    """The number of a provider's last version, also of a deleted one; 0 when there never was one."""
    numbers = select(func.max(provider_version.c.number)).where(provider_version.c.provider_id == provider_id)
    return int(connection.execute(numbers).scalar() or 0)


def load(connection: Connection, provider_id: str, number: int) -> ProviderVersion | None:
    """One version, or None when there is none of that number."""
    row = connection.execute(
        select(provider_version).where(
            provider_version.c.provider_id == provider_id, provider_version.c.number == number
        )
    ).one_or_none()
    if row is None:
        return None
    wanted = {field_id: version for field_id, version in rows.secret_versions(row).items() if version}
    return rows.version_of(row, _secret_states(connection, provider_id, wanted))


def outcome(connection: Connection, operation_id: str) -> ProviderVersion | None:
    """The version that a save with this id wrote, or None."""
    row = connection.execute(
        select(provider_version.c.provider_id, provider_version.c.number).where(
            provider_version.c.operation_id == operation_id
        )
    ).one_or_none()
    return None if row is None else load(connection, row.provider_id, row.number)


def sealed_secret(connection: Connection, provider_id: str, field_id: str, version: int) -> SealedSecret | None:
    """A stored secret in its sealed form, or None."""
    row = connection.execute(
        select(secret).where(
            secret.c.provider_id == provider_id, secret.c.field == field_id, secret.c.version == version
        )
    ).one_or_none()
    return None if row is None else rows.sealed_secret(row)


def last_secret_version(connection: Connection, provider_id: str, field_id: str) -> int:
    """The version of the secret set last; 0 when none ever was."""
    versions = select(func.max(secret.c.version)).where(secret.c.provider_id == provider_id, secret.c.field == field_id)
    return int(connection.execute(versions).scalar() or 0)


def status_counts(connection: Connection, provider_id: str) -> Mapping[str, int]:
    """How many messages bear each status code."""
    found = connection.execute(
        select(status_count.c.code, status_count.c.count).where(
            status_count.c.provider_id == provider_id, status_count.c.count != 0
        )
    )
    return {row[0]: row[1] for row in found}


def fact_of(connection: Connection, key: str) -> str | None:
    """A text the store keeps about itself, or None."""
    found = connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar()
    return None if found is None else str(found)


def _secret_states(connection: Connection, provider_id: str, wanted: Mapping[str, int]) -> rows.States:
    states = {field_id: SecretState() for field_id in SECRET_IDS}
    if not wanted:
        return states
    columns = secret.c
    found = connection.execute(
        select(columns.field, columns.version, columns.set_at, columns.set_by, columns.destination).where(
            columns.provider_id == provider_id, tuple_(columns.field, columns.version).in_(list(wanted.items()))
        )
    )
    states.update({row.field: rows.secret_state(row) for row in found})
    for field_id, version in wanted.items():
        if states[field_id].version != version:
            raise DoesNotLoad(f"secret {field_id} version {version} of {provider_id} is gone")
    return states
