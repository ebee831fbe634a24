"""A provider's versions, read by key: the cost of a page does not grow with their number."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select, tuple_

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState, values_from_json
from ftos_tui.stores.sql import rows
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import provider_version, secret

_LARGEST_PAGE: Final = 1000


def versions(connection: Connection, provider_id: str, before: int | None, limit: int) -> Sequence[ProviderVersion]:
    """A page of a provider's versions, newest first; see `ProviderStore.versions`."""
    number = provider_version.c.number
    page = select(provider_version).where(provider_version.c.provider_id == provider_id).order_by(number.desc())
    if before is not None:
        page = page.where(number < before)
    found = connection.execute(page.limit(min(max(limit, 1), _LARGEST_PAGE))).all()
    wanted = [rows.secret_versions(row) for row in found]
    states = _secret_states(connection, provider_id, wanted)
    return [
        rows.version_of(row, {field_id: _state(states, provider_id, field_id, of[field_id]) for field_id in SECRET_IDS})
        for row, of in zip(found, wanted, strict=True)
    ]


def last_deleted(connection: Connection, name: str) -> str | None:
    """The id of the provider of this name that was deleted last, or None."""
    key = name_key(name)
    columns = provider_version.c
    deleted = select(columns.provider_id, columns.number, columns["values"]).where(columns.deleted)
    for row in connection.execute(deleted.order_by(columns.saved_at.desc())):
        try:
            values = values_from_json(row[2])
        except ValueError as error:
            raise DoesNotLoad(f"version {row.number} of {row.provider_id}") from error
        if name_key(str(values.get("name") or "")) == key:
            return str(row.provider_id)
    return None


def _secret_states(
    connection: Connection, provider_id: str, wanted: Sequence[Mapping[str, int]]
) -> Mapping[tuple[str, int], SecretState]:
    """What is known of the secrets that a page of versions refers to: most refer to the same few."""
    keys = sorted({(field_id, version) for of in wanted for field_id, version in of.items() if version})
    if not keys:
        return {}
    columns = secret.c
    found = connection.execute(
        select(columns.field, columns.version, columns.set_at, columns.set_by, columns.destination).where(
            columns.provider_id == provider_id, tuple_(columns.field, columns.version).in_(keys)
        )
    )
    return {(row.field, row.version): rows.secret_state(row) for row in found}


def _state(states: Mapping[tuple[str, int], SecretState], provider_id: str, field_id: str, version: int) -> SecretState:
    if not version:
        return SecretState()
    state = states.get((field_id, version))
    if state is None:
        raise DoesNotLoad(f"secret {field_id} version {version} of {provider_id} is gone")
    return state
