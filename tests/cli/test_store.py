"""`store` as commands: what they print, as words and as JSON, and their exit codes."""

from pathlib import Path

import pytest

from ftos_tui.cli.store_shapes import store_pairs
from ftos_tui.stores.sql.inspection import Seen
from ftos_tui.stores.sql.schema import HEAD
from tests.cli.conftest import Run
from tests.postgres import PostgresServer


@pytest.fixture
def database(home: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, which the settings call `team`."""
    name = postgres_server.new_database(None)
    config = home / "settings.toml"
    config.write_text(
        f'[environments.team.postgresql]\nhost = "{postgres_server.host}"\nport = {postgres_server.port}\n'
        f'database = "{name}"\nuser = "postgres"\nsslmode = "disable"\nconnect_timeout = 30\n'
    )
    monkeypatch.setenv("FTOS_TUI_CONFIG", str(config))
    return name


def test_a_shared_store_is_set_up_and_granted(run: Run, database: str, postgres_server: PostgresServer) -> None:
    ana = f"ana_{database}"
    postgres_server.execute(f"CREATE ROLE {ana} LOGIN")
    before = run("--env", "team", "store", "status")
    assert before.code == 5
    assert "none yet: run `ftos-tui store init`" in before.out
    made = run("--env", "team", "store", "init")
    assert made.code == 0
    assert made.out.startswith(f"Made the store {database} on 127.0.0.1")
    assert "Wrote the 6 shipped providers." in made.out
    assert "Made the master key " in made.out
    assert "Made the roles developer, consultant, worker and auditor" in made.out
    assert "Give the key, by a safe way" in made.out
    again = run("--env", "team", "store", "init")
    assert again.out.startswith("Found the store")
    assert "Took the master key" in again.out
    printed = run("--env", "team", "store", "grant", "developer", ana, "who")
    assert printed.code == 0
    assert printed.out == f'GRANT "ftos_tui_{database}_developer" TO "{ana}", "who";\n'
    assert "The server knows no user who" in printed.err
    assert "Nothing was carried out" in printed.err
    assert run("--env", "team", "store", "grant", "--list", "--json").json["developer"] == []
    assert run("--env", "team", "store", "grant", "developer", ana, "--apply").out.endswith(";\nCarried out.\n")
    assert run("--env", "team", "store", "grant", "developer", ana, "--apply", "--json").json["applied"] is True
    listed = run("--env", "team", "store", "grant", "--list").out
    assert [line.split() for line in listed.splitlines()[:3]] == [
        ["ROLE", "USERS"],
        ["developer", ana],
        ["consultant", "-"],
    ]
    assert ana in run("--env", "team", "store", "status").out
    shape = run("--env", "team", "store", "status", "--json").json
    assert (shape["schema"], shape["known"], shape["current"], shape["copying"]) == (HEAD, True, True, False)
    assert shape["counts"]["providers"] == 6
    assert shape["roles"]["developer"] == [ana]
    closing = f'REVOKE CONNECT ON DATABASE "{database}" FROM PUBLIC'
    assert shape["advised"] == [closing]
    assert f"{closing};" in made.err
    assert f"{closing};" in printed.err
    assert f"{closing};" in run("--env", "team", "store", "status").out
    postgres_server.execute(f"{closing}; CREATE ROLE other_{database} LOGIN")
    for user, lets_in in ((ana, True), (f"other_{database}", False)):
        statement = f"SELECT has_database_privilege('{user}', '{database}', 'CONNECT')"
        assert postgres_server.execute(statement) == [(lets_in,)]
    assert run("--env", "team", "store", "status", "--json").json["advised"] == []
    assert "REVOKE CONNECT" not in run("--env", "team", "store", "upgrade").err
    assert run("--env", "team", "store", "revoke", "developer", ana, "--apply").code == 0
    assert run("--env", "team", "store", "grant", "--list", "--json").json["developer"] == []
    assert run("--env", "team", "store", "upgrade").out.startswith("The store ")
    assert run("--env", "team", "store", "upgrade", "--json").json["changed"] is False


def test_who_may_not_make_roles_is_told(run: Run, home: Path, database: str, postgres_server: PostgresServer) -> None:
    owner = f"owner_{database}"
    postgres_server.execute(f"CREATE ROLE {owner} LOGIN")
    postgres_server.execute(f"ALTER DATABASE {database} OWNER TO {owner}")
    config = home / "settings.toml"
    config.write_text(config.read_text().replace('user = "postgres"', f'user = "{owner}"'))
    made = run("--env", "team", "store", "init")
    assert made.code == 0
    assert "The roles are missing" in made.err
    assert run("--env", "team", "store", "grant", "worker", owner, "--apply").code == 6
    assert run("--env", "team", "store", "init", "--json").json["roles"] == "missing"


def test_a_copy_is_told_with_its_digests(run: Run, gateway: str, database: str) -> None:
    done = run("store", "copy", "local", "team")
    assert done.code == 0
    assert done.out.startswith("Copied local to team: 2 secrets, 7 versions, 7 audit entries, 6 providers;")
    versions = next(line.split() for line in done.out.splitlines() if line.startswith("versions"))
    assert versions[1] == "7"
    assert versions[2] == versions[3]
    assert run("--env", "team", "providers", "show", gateway).code == 0
    assert run("--env", "team", "audit", "verify").code == 0
    refused = run("store", "copy", "local", "team", "--json")
    assert (refused.code, refused.out) == (3, "")
    assert "holds changes of its own" in refused.err


def test_a_file_is_made_and_looked_at(run: Run) -> None:
    assert run("store", "status").code == 5
    assert run("store", "upgrade").code == 5
    made = run("store", "init", "--json").json
    assert (made["changed"], made["roles"], made["key"]["made"]) == (True, None, True)
    assert run("store", "init").out.startswith("Found the store")
    shown = run("store", "status")
    assert shown.code == 0
    assert "Versions" in shown.out
    assert run("store", "status", "--json").json["roles"] is None
    refused = run("store", "grant", "developer", "ana")
    assert (refused.code, refused.err.endswith("roles are for shared stores.\n")) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("grant",),
        ("grant", "developer"),
        ("grant", "develper", "ana"),
        ("grant", "developer", "ana", "--list"),
        ("revoke", "nobody", "ana"),
        ("revoke", "developer"),
        ("copy", "local", "local"),
        ("copy", "local", "nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("store", *arguments).code == 2


def test_an_older_a_newer_and_a_half_copied_store_are_told() -> None:
    def told(schema: str, *, copying: bool = False) -> dict[str, str]:
        return dict(store_pairs("team", Seen("here", "PostgreSQL", schema, details={"tls": "no"}, copying=copying)))

    assert told("0001")["Schema"].endswith("an older one: run `ftos-tui store upgrade`")
    assert "newer ftos-tui" in told("9999")["Schema"]
    assert "again" in told(HEAD, copying=True)["Copy"]
    assert told(HEAD)["TLS"] == "no"
