"""A PostgreSQL server with shared stores as full as a benchmark needs, and an operator who works in one."""

import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.places import VALUES, Operator
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.stores.protocol import NewVersion, SealedSecret
from ftos_tui.stores.sql.postgres import open_postgres
from tests.postgres import SUPERUSER, PostgresServer

SETTINGS: Final = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
"""How the server is set up beside what tests do: a store of a million versions does not fit into theirs."""

VERSIONS_EACH: Final = 10
"""How many versions each provider has."""

_AUTHOR: Final = Author("benchmark", "localhost", "192.0.2.7")
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)

# As many as asked for out of one that the store itself wrote: number 1 is the template. Names and Bulk No differ.
_FILL: Final = """
INSERT INTO provider_version
SELECT lpad(to_hex(p), 32, '0'), v,
    replace(replace(t."values", 'Benchmark-000000', 'Benchmark-' || lpad(p::text, 6, '0')),
        '"bulk_no":50', '"bulk_no":' || 1 + p % 1000),
    t.statuses, t.secret_versions,
    to_char(timestamp '2026-01-01' + p * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    t."user", t.host, t.ssh_client, t.reason, 'save', t.acknowledged,
    lpad(to_hex(p), 16, '0') || lpad(to_hex(v), 16, '0'), false
FROM provider_version t, generate_series(1, {providers}) p, generate_series(1, {versions}) v
WHERE t.provider_id = '{template}';
INSERT INTO secret
SELECT lpad(to_hex(p), 32, '0'), t.field, t.version, t.sealed, t.key_id, t.destination, t.set_at, t.set_by
FROM secret t, generate_series(1, {providers}) p WHERE t.provider_id = '{template}';
INSERT INTO provider
SELECT lpad(to_hex(p), 32, '0'), {versions}, 'Benchmark-' || lpad(p::text, 6, '0'),
    'benchmark-' || lpad(p::text, 6, '0'), t.communication_channel, t.provider_name, t.provider_key, t.interval_min,
    t.interval_max, 1 + p % 1000, t.missing, t.missing_count, 'user' || p % 50,
    to_char(timestamp '2026-01-01' + p * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    replace(t.search, 'benchmark-000000', 'benchmark-' || lpad(p::text, 6, '0'))
FROM provider t, generate_series(1, {providers}) p WHERE t.id = '{template}';
INSERT INTO audit
SELECT a.sequence + s, a.at, a."user", a.host, a.ssh_client, 'save', lpad(to_hex(1 + s / {versions}), 32, '0'),
    a.provider_name, 1 + s % {versions}, a.detail, a.mac, a.mac
FROM audit a, generate_series(1, {providers} * {versions} - 1) s WHERE a.provider_id = '{template}';
"""


def new_shared_store(server: PostgresServer, providers: int) -> str:
    """Makes a shared store.

    Args:
        server: A running server.
        providers: How many providers it holds, each with `VERSIONS_EACH` versions, a secret, and what the audit tells
            of them; not chained, which no list and no form reads.

    Returns:
        The database's name.
    """
    database = server.new_database()
    with closing(open_postgres(server.target(database))) as store:
        template = store.write(_template(), lambda message: b"\0" * 32)
    fill = _FILL.format(providers=providers - 1, versions=VERSIONS_EACH, template=template.provider_id)
    server.execute(fill, database=database)
    server.execute("VACUUM ANALYZE", database=database)  # as the server does by itself after a while
    return database


def next_version(version: ProviderVersion) -> NewVersion:
    """The version after one, with another Bulk No."""
    return NewVersion(
        provider_id=version.provider_id,
        expected_version=version.number,
        values={**version.values, "bulk_no": 1 + version.number % 1000},
        secret_versions={field_id: state.version for field_id, state in version.secrets.items()},
        new_secrets={},
        statuses=version.statuses,
        author=_AUTHOR,
        at=datetime.now(UTC),
        reason="",
        action="save",
        acknowledged=(),
        operation_id=uuid.uuid4().hex,
        changed=("bulk_no",),
    )


def shared_operator(home: Path, server: PostgresServer, database: str, port: int | None = None) -> Operator:
    """An operator whose environment is a shared store.

    Args:
        home: A folder to be made.
        server: Where the store is.
        database: Its database.
        port: Another way to the server than its own port.
    """
    home.mkdir(mode=0o700)
    operator = Operator(home)
    settings = home / "config" / "ftos-tui" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        'environment = "team"\n[environments.team.postgresql]\n'
        f'host = "{server.host}"\nport = {port or server.port}\n'
        f'database = "{database}"\nuser = "{SUPERUSER}"\nsslmode = "disable"\n',
        "utf-8",
    )
    return operator


def _template() -> NewVersion:
    secret = SealedSecret(1, b"\0" * 120, "0" * 16, "https://api.sendgrid.com", _START, _AUTHOR.user)
    return NewVersion(
        provider_id="0" * 32,
        expected_version=0,
        values={**VALUES, "name": "Benchmark-000000"},
        secret_versions={"app_key": 1},
        new_secrets={"app_key": secret},
        statuses=(),
        author=_AUTHOR,
        at=_START,
        reason="",
        action="create",
        acknowledged=(),
        operation_id=uuid.uuid4().hex,
        changed=("name",),
    )
