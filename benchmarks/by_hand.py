"""What a program without SQLAlchemy would do: the store's own statements in plain psycopg, in a pipeline or one by one.

It makes the same records of the rows, as their reader needs them, and checks nothing: what a save wrote, it takes.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from ftos_tui.domain.record import Author, ProviderVersion, SecretState
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.protocol import ProviderSummary

Rows = Sequence[tuple[Any, ...]]
Statement = tuple[str, Sequence[object]]

_LIMITS: Final = "SELECT set_config('statement_timeout', '30000', true), set_config('lock_timeout', '5000', true)"
_READ: Final = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", _LIMITS)
_WRITE: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    f"{_LIMITS}, set_config('idle_in_transaction_session_timeout', '10000', true)",
    "SELECT pg_advisory_xact_lock(7382648229641614697)",
)

_PROVIDER: Final = (
    "SELECT id, version, name, name_key, communication_channel, provider_name, provider_key, interval_min, "
    "interval_max, bulk_no, missing, missing_count, saved_by, saved_at FROM provider "
)
_BY_NAME: Final = f"{_PROVIDER} ORDER BY name_key, id LIMIT %s::integer"
_BEHIND: Final = (
    f'{_PROVIDER} WHERE (name_key, id) > (%s::varchar COLLATE "C", %s::varchar COLLATE "C") '
    "ORDER BY name_key, id LIMIT %s::integer"
)
_FILTERED: Final = f"{_PROVIDER} WHERE search LIKE %s ESCAPE '/' ORDER BY name_key, id LIMIT %s::integer"

_VERSION: Final = (
    'SELECT provider_id, number, "values", statuses, secret_versions, saved_at, "user", host, ssh_client, reason, '
    "action, acknowledged, operation_id, deleted FROM provider_version "
)
_IS_LAST: Final = (
    'provider_version.provider_id = %s::varchar COLLATE "C" AND provider_version.number = (SELECT max(number) FROM '
    'provider_version WHERE provider_id = %s::varchar COLLATE "C")'
)
_CURRENT: Final = f"{_VERSION} WHERE {_IS_LAST}"
_STATES: Final = "SELECT secret.field, secret.version, secret.set_at, secret.set_by, secret.destination FROM secret "
_OF_FIELD: Final = (
    'secret.field = %s::varchar COLLATE "C" AND secret.version = '
    "CAST(provider_version.secret_versions::json ->> %s::varchar AS integer)"
)
_SECRETS: Final = (
    f"{_STATES} JOIN provider_version ON provider_version.provider_id = secret.provider_id "
    f"WHERE {_IS_LAST} AND ({_OF_FIELD} OR {_OF_FIELD})"
)
_KNOWN_FIELD: Final = (
    'secret.field = %s::varchar COLLATE "C" AND (secret.version = (SELECT max(older.version) FROM secret AS older '
    'WHERE older.provider_id = %s::varchar COLLATE "C" AND older.field = %s::varchar COLLATE "C") '
    "OR secret.version = %s::integer)"
)
_KNOWN: Final = f'{_STATES} WHERE secret.provider_id = %s::varchar COLLATE "C" AND ({_KNOWN_FIELD} OR {_KNOWN_FIELD})'
_WRITTEN: Final = f'{_VERSION} WHERE operation_id = %s::varchar COLLATE "C"'
_VOID: Final = 'SELECT at FROM operation_void WHERE operation_id = %s::varchar COLLATE "C"'
_OWNER: Final = 'SELECT id FROM provider WHERE name_key = %s::varchar COLLATE "C"'
_FACT: Final = 'SELECT value FROM fact WHERE key = %s::varchar COLLATE "C"'
_TRIAL: Final = (
    'SELECT trial.provider_id, trial.version, trial.back_to, trial.deadline, trial.started_at, trial."user", '
    "trial.host, trial.ssh_client, provider.name FROM trial JOIN provider ON provider.id = trial.provider_id "
    'WHERE trial.provider_id = %s::varchar COLLATE "C"'
)
_LAST_ENTRY: Final = (
    'SELECT sequence, at, "user", host, ssh_client, action, provider_id, provider_name, version, detail, previous, mac '
    "FROM audit ORDER BY sequence DESC LIMIT 1"
)
_CLOCK: Final = "SELECT to_char(timezone('UTC', clock_timestamp()), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
_ADD_VERSION: Final = (
    'INSERT INTO provider_version (provider_id, number, "values", statuses, secret_versions, saved_at, "user", host, '
    "ssh_client, reason, action, acknowledged, operation_id, deleted) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
    "%s, %s, %s, %s)"
)
_CHANGE_LIST: Final = (
    "UPDATE provider SET id=%s, version=%s, name=%s, name_key=%s, communication_channel=%s, provider_name=%s, "
    "provider_key=%s, interval_min=%s, interval_max=%s, bulk_no=%s, missing=%s, missing_count=%s, saved_by=%s, "
    "saved_at=%s, search=%s WHERE id=%s"
)
_ADD_ENTRY: Final = (
    'INSERT INTO audit (sequence, at, "user", host, ssh_client, action, provider_id, provider_name, version, detail, '
    "previous, mac) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_KEY: Final = b"audit key of a benchmark"
_FIELDS: Final = ("app_password", "app_key")


class ByHand:
    """A client of one connection.

    Args:
        conninfo: The database, as libpq is told.
        pipeline: Whether what can go together does; otherwise every statement waits for its answer.
    """

    def __init__(self, conninfo: str, *, pipeline: bool = True) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True, row_factory=tuple_row)
        self._together: Callable[[], AbstractContextManager[object]] = (
            self._connection.pipeline if pipeline else nullcontext
        )

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def first_page(self, limit: int) -> Sequence[ProviderSummary]:
        """The list by name."""
        return self._page(_BY_NAME, (limit,))

    def page_behind(self, name_key: str, provider_id: str, limit: int) -> Sequence[ProviderSummary]:
        """The list by name, behind a provider."""
        return self._page(_BEHIND, (name_key, provider_id, limit))

    def filtered_page(self, text: str, limit: int) -> Sequence[ProviderSummary]:
        """The providers that contain a text, by name."""
        return self._page(_FILTERED, (f"%{text}%", limit))

    def current(self, provider_id: str) -> ProviderVersion:
        """A provider's current version."""
        row, secrets = self._run(_READ, *_last_version(provider_id), end=True)
        return _version(row[0], secrets)

    def save(self, version: ProviderVersion, bulk_no: int, operation_id: str) -> ProviderVersion:
        """Saves a version with another Bulk No: all that a save looks at, then all that it writes."""
        values, states = {**version.values, "bulk_no": bulk_no}, version.secrets
        wanted = [(field, version.provider_id, field, states[field].version) for field in _FIELDS]
        seen = self._run(
            _WRITE,
            (_WRITTEN, (operation_id,)),
            (_VOID, (operation_id,)),
            *_last_version(version.provider_id),
            (_KNOWN, (version.provider_id, *wanted[0], *wanted[1])),
            (_OWNER, (version.name.lower(),)),
            (_FACT, ("key_id",)),
            (_TRIAL, (version.provider_id,)),
            (_LAST_ENTRY, ()),
            (_CLOCK, ()),
        )
        current, secrets, entry, [[at]] = seen[2][0], seen[3], seen[8][0], seen[9]
        if current[1] != version.number:
            raise RuntimeError("somebody else saved")
        row = (
            version.provider_id,
            version.number + 1,
            json.dumps(values, separators=(",", ":")),
            *current[3:5],
            at,
            *current[6:11],
            current[11],
            operation_id,
            False,
        )
        digest = hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()
        detail = json.dumps({"changed": ["bulk_no"], "acknowledged": [], "reason": "", "digest": digest})
        told = (entry[0] + 1, at, *current[6:9], "save", version.provider_id, version.name, row[1], detail, entry[11])
        mac = hmac.digest(_KEY, json.dumps(told).encode(), "sha256").hex()
        key, missing = version.name.lower(), version.missing
        listed = (
            *(version.provider_id, row[1], version.name, key, values["communication_channel"]),
            *(values["provider_name"], str(values["provider_name"]).lower()),
            *(values["interval_min"], values["interval_max"], bulk_no),
            *(" ".join(missing), len(missing), current[6], at),
            *(f"{key}\n{values['communication_channel']}\n{values['provider_name']}".lower(), version.provider_id),
        )
        self._run((), (_ADD_VERSION, row), (_CHANGE_LIST, listed), (_ADD_ENTRY, (*told, mac)), end=True)
        return _version(row, secrets)

    def _page(self, statement: str, values: Sequence[object]) -> Sequence[ProviderSummary]:
        [rows] = self._run(_READ, (statement, values), end=True)
        return [_summary(row) for row in rows]

    def _run(self, beginning: Sequence[str], *statements: Statement, end: bool = False) -> list[Rows]:
        connection = self._connection
        with self._together():
            for text in beginning:
                connection.execute(text.encode())
            cursors = [connection.execute(text.encode(), values) for text, values in statements]
            if end:
                connection.execute("COMMIT")
        return [
            cursor.fetchall() if text.startswith("S") else ()
            for cursor, (text, _) in zip(cursors, statements, strict=True)
        ]


def _last_version(provider_id: str) -> Iterator[Statement]:
    yield _CURRENT, (provider_id, provider_id)
    yield _SECRETS, (provider_id, provider_id, _FIELDS[0], _FIELDS[0], _FIELDS[1], _FIELDS[1])


def _summary(row: tuple[Any, ...]) -> ProviderSummary:
    return ProviderSummary(
        provider_id=row[0],
        name=row[2],
        communication_channel=row[4],
        provider_name=row[5],
        interval_min=row[7],
        interval_max=row[8],
        bulk_no=row[9],
        missing=tuple(row[10].split()),
        version=row[1],
        saved_by=row[12],
        saved_at=datetime.fromisoformat(row[13]),
        cursor=(row[3], row[0]),
    )


def _version(row: tuple[Any, ...], secrets: Rows) -> ProviderVersion:
    states = {field: SecretState() for field in _FIELDS}
    for field, number, set_at, set_by, destination in secrets:
        states[field] = SecretState(number, datetime.fromisoformat(set_at), set_by, destination)
    values = json.loads(row[2])
    return ProviderVersion(
        provider_id=row[0],
        number=row[1],
        values=values,
        secrets=states,
        statuses=tuple(StatusRow(**each) for each in json.loads(row[3])),
        saved_at=datetime.fromisoformat(row[5]),
        saved_by=Author(*row[6:9]),
        reason=row[9],
        action=row[10],
        acknowledged=tuple(json.loads(row[11])),
        missing=tuple(field for field, value in values.items() if value is None),
        operation_id=row[12],
        deleted=row[13],
    )
