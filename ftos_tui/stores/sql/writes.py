"""What changes the store. Every function runs within one transaction that nobody else writes beside."""

import json

from sqlalchemy import Connection, delete, insert, select, update

from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.trial import Trial
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import AuditEntry, NameTaken, NewVersion, NotFound, Sign, StaleKey, StaleVersion
from ftos_tui.stores.sql import audit, channels, reads, rows, trials
from ftos_tui.stores.sql.schema import fact, provider, provider_version, secret, status_count


def write(connection: Connection, new: NewVersion, sign: Sign) -> ProviderVersion:
    """Writes a version, its secrets and its audit entry; see `ProviderStore.write`."""
    done = reads.outcome(connection, new.operation_id)
    if done is not None:
        return done
    deleting = new.action == "delete"
    _refuse_stale(connection, new)
    if deleting:
        channels.refuse_in_use(connection, new.provider_id, str(new.values.get("name") or ""))
    else:
        _refuse_taken(connection, new)
    ended = trials.follow(connection, new)
    _insert_secrets(connection, new)
    row = rows.version_row(new, deleted=deleting)
    connection.execute(insert(provider_version), row)
    version = reads.by_id(connection, new.provider_id, new.expected_version + 1)
    _project(connection, version)
    audit.append(connection, audit_entry(new, version, ended, rows.version_digest(row)), sign)
    return version


def count_status(connection: Connection, provider_id: str, code: str, by: int) -> None:
    """Adds to the count of a status code."""
    here = (status_count.c.provider_id == provider_id, status_count.c.code == code)
    added = connection.execute(update(status_count).where(*here).values(count=status_count.c.count + by))
    if added.rowcount == 0:
        connection.execute(insert(status_count), {"provider_id": provider_id, "code": code, "count": by})


def remember(connection: Connection, key: str, value: str) -> str:
    """Keeps a text under a key unless one is there already; gives back what is kept."""
    kept = reads.fact_of(connection, key)
    if kept is None:
        connection.execute(insert(fact), {"key": key, "value": value})
        return value
    return kept


def _refuse_stale(connection: Connection, new: NewVersion) -> None:
    number = reads.latest_number(connection, new.provider_id)
    if number == 0 and new.action == "delete":
        raise NotFound(f"There is no provider {shortened(new.provider_id, 40)} to delete: refresh the list.")
    if number == 0 and new.expected_version != 0:
        raise StaleVersion("This provider is not in the store any more: nothing was saved.", None)
    if number == 0:
        return
    current = reads.by_id(connection, new.provider_id, number)
    name, user = shortened(current.name, 60), shortened(current.saved_by.user, 40)
    if current.deleted:
        raise StaleVersion(f"{name} was deleted by {user}: nothing was saved.", current)
    if number != new.expected_version:
        raise StaleVersion(
            f"{name} is at version {number}, saved by {user}, no longer at {new.expected_version}: "
            "look at what changed and save again. Nothing was saved.",
            current,
        )


def _refuse_taken(connection: Connection, new: NewVersion) -> None:
    name = str(new.values.get("name") or "")
    owner = reads.name_owner(connection, name)
    if owner is not None and owner != new.provider_id:
        raise NameTaken(f"Another provider is called {shortened(name, 60)}: choose another Name. Nothing was saved.")


def _insert_secrets(connection: Connection, new: NewVersion) -> None:
    key_id = reads.fact_of(connection, "key_id") if new.new_secrets else None
    for field_id, sealed in new.new_secrets.items():
        if key_id is not None and sealed.key_id != key_id:
            raise StaleKey("The master key was changed meanwhile: save again. Nothing was saved.")
        expected = reads.last_secret_version(connection, new.provider_id, field_id) + 1
        if sealed.version != expected:
            raise ValueError(f"secret {field_id} is sealed as version {sealed.version}, not {expected}")
        connection.execute(insert(secret), rows.secret_row(new.provider_id, field_id, sealed))
    for field_id, version in new.secret_versions.items():
        known = select(secret.c.version).where(
            secret.c.provider_id == new.provider_id, secret.c.field == field_id, secret.c.version == version
        )
        if version and connection.execute(known).scalar() is None:
            raise ValueError(f"secret {field_id} has no version {version}")


def _project(connection: Connection, version: ProviderVersion) -> None:
    """Brings the list in line with a version that has become the current one."""
    if version.deleted:
        connection.execute(delete(provider).where(provider.c.id == version.provider_id))
    elif version.number == 1:
        connection.execute(insert(provider), rows.summary_row(version))
    else:
        connection.execute(update(provider).where(provider.c.id == version.provider_id), rows.summary_row(version))


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
