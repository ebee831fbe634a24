"""Records as rows, and rows as records; a row that is not what a save wrote does not load."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import (
    Author,
    ProviderVersion,
    SecretState,
    missing_fields,
    values_from_json,
)
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.plain_json import statuses_from_json, statuses_to_json, time_from_text, time_to_text
from ftos_tui.stores.protocol import AuditEntry, NewVersion, ProviderSummary, SealedSecret, SortColumn
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import SORT_COLUMNS, provider

States = Mapping[str, SecretState]


def version_row(new: NewVersion, *, deleted: bool) -> dict[str, Any]:
    """The row of `provider_version` for a version to be written.

    Raises:
        ValueError: The values are not canonical: they would not load again.
    """
    values = json.dumps(dict(new.values), separators=(",", ":"))
    values_from_json(values)
    return {
        "provider_id": new.provider_id,
        "number": new.expected_version + 1,
        "values": values,
        "statuses": json.dumps(statuses_to_json(new.statuses), separators=(",", ":")),
        "secret_versions": json.dumps(dict(new.secret_versions), separators=(",", ":")),
        "saved_at": time_to_text(new.at),
        "user": new.author.user,
        "host": new.author.host,
        "ssh_client": new.author.ssh_client,
        "reason": new.reason,
        "action": new.action,
        "acknowledged": json.dumps(list(new.acknowledged), separators=(",", ":")),
        "operation_id": new.operation_id,
        "deleted": deleted,
    }


_DIGESTED: Final = (
    "provider_id",
    "number",
    "values",
    "statuses",
    "secret_versions",
    "saved_at",
    "user",
    "host",
    "ssh_client",
    "reason",
    "action",
    "acknowledged",
    "operation_id",
    "deleted",
)


def version_digest(row: Mapping[str, Any]) -> str:
    """SHA-256, hex, of a row of `provider_version`: the audit keeps it, so that an altered version shows too.

    Sealed secrets are not in it, only which version of each belongs to the row: they authenticate themselves, and are
    wrapped anew when the master key is rotated.
    """
    parts = [row[column] for column in _DIGESTED]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()


def summary_row(version: ProviderVersion) -> dict[str, Any]:
    """The row of `provider` for a version that becomes the current one."""
    values = version.values
    found_by = (values.get("name"), values.get("communication_channel"), values.get("provider_name"))
    provider_name = values.get("provider_name")
    return {
        "id": version.provider_id,
        "version": version.number,
        "name": version.name,
        "name_key": name_key(version.name),
        "communication_channel": values.get("communication_channel"),
        "provider_name": provider_name,
        "provider_key": None if provider_name is None else name_key(str(provider_name)),
        "interval_min": values.get("interval_min"),
        "interval_max": values.get("interval_max"),
        "bulk_no": values.get("bulk_no"),
        "missing": " ".join(version.missing),
        "missing_count": len(version.missing),
        "saved_by": version.saved_by.user,
        "saved_at": time_to_text(version.saved_at),
        "search": "\n".join(name_key(str(text or "")) for text in found_by),
    }


def secret_row(provider_id: str, field_id: str, secret: SealedSecret) -> dict[str, Any]:
    """The row of `secret` for a secret sealed with a save."""
    return {
        "provider_id": provider_id,
        "field": field_id,
        "version": secret.version,
        "sealed": secret.sealed,
        "key_id": secret.key_id,
        "destination": secret.destination,
        "set_at": time_to_text(secret.set_at),
        "set_by": secret.set_by,
    }


def audit_row(entry: AuditEntry) -> dict[str, Any]:
    """The row of `audit` for a chained entry."""
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "user": entry.author.user,
        "host": entry.author.host,
        "ssh_client": entry.author.ssh_client,
        "action": entry.action,
        "provider_id": entry.provider_id,
        "provider_name": entry.provider_name,
        "version": entry.version,
        "detail": entry.detail,
        "previous": entry.previous,
        "mac": entry.mac,
    }


def audit_entry(row: Row[Any]) -> AuditEntry:
    """The entry out of its whole row; whether it is genuine is for the chain to say."""
    # By position, in the table's order: a verification reads a million of them, and by name takes four times as long.
    sequence, at, user, host, ssh_client, *rest = tuple(row)
    return AuditEntry(sequence, at, Author(user, host, ssh_client), *rest)


def secret_versions(row: Row[Any]) -> dict[str, int]:
    """Which version of each secret belongs to a version; 0 for none.

    Raises:
        DoesNotLoad: The row is not what a save wrote.
    """
    try:
        versions = json.loads(row.secret_versions)
        return {field_id: int(versions.get(field_id, 0)) for field_id in SECRET_IDS}
    except (ValueError, TypeError, AttributeError) as error:
        raise DoesNotLoad(f"version {row.number} of {row.provider_id}") from error


def secret_state(row: Row[*tuple[Any, ...]]) -> SecretState:
    """What may be known of a stored secret.

    Raises:
        DoesNotLoad: The row is not what a save wrote.
    """
    try:
        return SecretState(row.version, time_from_text(row.set_at), row.set_by, row.destination)
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"secret {row.field} version {row.version}") from error


def sealed_secret(row: Row[Any]) -> SealedSecret:
    """A secret in its sealed form.

    Raises:
        DoesNotLoad: The row is not what a save wrote.
    """
    try:
        return SealedSecret(
            row.version, bytes(row.sealed), row.key_id, row.destination, time_from_text(row.set_at), row.set_by
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"secret {row.field} version {row.version}") from error


def version_of(row: Row[Any], secrets: States) -> ProviderVersion:
    """The version out of its row.

    Args:
        row: A row of `provider_version`.
        secrets: What is set of its secrets, by field id.

    Raises:
        DoesNotLoad: The row is not what a save wrote.
    """
    try:
        values = values_from_json(row.values)
        return ProviderVersion(
            provider_id=row.provider_id,
            number=row.number,
            values=values,
            secrets=secrets,
            statuses=_statuses(row.statuses),
            saved_at=time_from_text(row.saved_at),
            saved_by=Author(row.user, row.host, row.ssh_client),
            reason=row.reason,
            action=row.action,
            acknowledged=tuple(json.loads(row.acknowledged)),
            missing=missing_fields(values, secrets),
            operation_id=row.operation_id,
            deleted=row.deleted,
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"version {row.number} of {row.provider_id}") from error


@lru_cache(64)
def _statuses(text: str) -> tuple[StatusRow, ...]:
    """The statuses of a version; most versions of a provider have the same ones, so they are read once."""
    return statuses_from_json(json.loads(text))


LISTED: Final = tuple(column for column in provider.c if column is not provider.c.search)
"""What `summary_of` needs of a row of the list."""

_SORTED_BY: Final = {sort: [each.name for each in LISTED].index(column.name) for sort, column in SORT_COLUMNS.items()}


def summary_of(row: Row[*tuple[Any, ...]], sort: SortColumn) -> ProviderSummary:
    """A line of the list out of its row.

    Raises:
        DoesNotLoad: The row is not what a save wrote.
    """
    # By position: by name takes twice as long, and a page has a hundred of them.
    identity, version, name, _, channel, maker, _, first, last, bulk_no, missing, _, saved_by, saved_at = row
    try:
        return ProviderSummary(
            *(identity, name, channel, maker, first, last, bulk_no),
            tuple(missing.split()),
            *(version, saved_by, time_from_text(saved_at)),
            (row[_SORTED_BY[sort]], identity),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise DoesNotLoad(f"the list's row of {identity}") from error
