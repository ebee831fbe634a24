"""Facts about master keys, and the secrets that they wrap."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, insert, or_, select, tuple_, update

from ftos_tui.stores.key_protocol import KEY_FACTS, FactsChange, SecretPlace
from ftos_tui.stores.protocol import SealedSecret, Sign
from ftos_tui.stores.sql import audit, reads, rows
from ftos_tui.stores.sql.schema import fact, secret
from ftos_tui.stores.sql.statements import Query, Rows

FACTS: Final = Query(select(fact.c.key, fact.c.value).where(or_(*(fact.c.key == key for key in KEY_FACTS))))
"""Asks for what the store keeps about its master keys; `facts_of` reads the answer."""


def facts_of(found: Rows) -> Mapping[str, str]:
    """The answer to `FACTS`."""
    return {str(row[0]): str(row[1]) for row in found}


def change_facts(connection: Connection, change: FactsChange, sign: Sign) -> bool:
    """Changes facts, with an audit entry; see `KeyStore.change_facts`."""
    if any(reads.fact_of(connection, key) != value for key, value in change.given.items()):
        return False
    for key, value in change.changes.items():
        connection.execute(delete(fact).where(fact.c.key == key))
        if value is not None:
            connection.execute(insert(fact), {"key": key, "value": value})
    audit.append(connection, change.entry, sign)
    return True


def secret_counts(connection: Connection) -> Mapping[str, int]:
    """How many stored secrets each master key wrapped, by its id."""
    counted = select(secret.c.key_id, func.count()).group_by(secret.c.key_id).order_by(secret.c.key_id)
    return {row[0]: int(row[1]) for row in connection.execute(counted)}


def secrets_page(
    connection: Connection, after: SecretPlace | None, limit: int, not_under: str
) -> Sequence[tuple[SecretPlace, SealedSecret]]:
    """Stored secrets in the order of their places; see `KeyStore.secrets_page`."""
    place = tuple_(secret.c.provider_id, secret.c.field, secret.c.version)
    statement = select(secret).order_by(secret.c.provider_id, secret.c.field, secret.c.version).limit(limit)
    if after is not None:
        statement = statement.where(place > after)
    if not_under:
        statement = statement.where(secret.c.key_id != not_under)
    return [
        ((row.provider_id, row.field, row.version), rows.sealed_secret(row)) for row in connection.execute(statement)
    ]


def rewrap_secret(connection: Connection, place: SecretPlace, before: bytes, sealed: bytes, key_id: str) -> bool:
    """Replaces what is stored in a place unless something else is there by now."""
    provider_id, field_id, version = place
    here = (secret.c.provider_id == provider_id, secret.c.field == field_id, secret.c.version == version)
    written = connection.execute(
        update(secret).where(*here, secret.c.sealed == before).values(sealed=sealed, key_id=key_id)
    )
    return written.rowcount == 1
