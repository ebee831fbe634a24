"""Opening a store in PostgreSQL: what it needs, and what is said where that is not there."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ftos_tui.domain.secret import Secret
from ftos_tui.stores.postgres_target import PostgresTarget, target_of_url
from ftos_tui.stores.protocol import (
    ListQuery,
    SignInRefused,
    StoreDamaged,
    StoreError,
    StoreForbidden,
    StoreFull,
    StoreNewer,
    StoreReadOnly,
    StoreUnreachable,
)
from ftos_tui.stores.sql.postgres import make_schema, open_postgres, schema_of, upgrade_schema
from ftos_tui.stores.sql.postgres_engine import conninfo
from ftos_tui.stores.sql.postgres_errors import in_words
from ftos_tui.stores.sql.schema import HEAD
from tests.postgres import PostgresServer
from tests.stores.making import new_version, sign


@pytest.fixture
def empty(postgres_server: PostgresServer) -> PostgresTarget:
    """A database without anything in it."""
    return postgres_server.target(postgres_server.new_database(None))


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that the tests may stop; it asks `eve` for a password and lets `nobody` not in."""
    hba = ("host all eve 127.0.0.1/32 scram-sha-256", "host all nobody 127.0.0.1/32 reject")
    with PostgresServer({"max_connections": "12"}, hba) as server:
        server.execute("CREATE ROLE eve LOGIN PASSWORD 'the password'")
        yield server


def test_an_empty_database_is_not_made_a_store_by_opening_it(empty: PostgresTarget) -> None:
    with pytest.raises(StoreError, match="run `ftos-tui store init`"):
        open_postgres(empty)
    with pytest.raises(StoreError, match="run `ftos-tui store init`"):
        upgrade_schema(empty)
    assert schema_of(empty) is None
    assert make_schema(empty)
    assert not make_schema(empty)
    assert not upgrade_schema(empty)
    assert schema_of(empty) == HEAD
    with closing(open_postgres(empty)) as store:
        assert store.count() == 0
        facts = store.facts()
        assert (facts.backend, facts.schema) == ("PostgreSQL", HEAD)
        assert facts.details["tls"] == facts.details["standby"] == "no"


def test_of_several_that_make_the_schema_at_once_one_does(empty: PostgresTarget) -> None:
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(make_schema(empty))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, False, True]


def test_an_older_store_is_upgraded_by_its_command_alone(
    empty: PostgresTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    real = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: real(config, "0001"))
        make_schema(empty)
    assert schema_of(empty) == "0001"
    with pytest.raises(StoreError, match=r"older than this ftos-tui \(schema 0001.*run `ftos-tui store upgrade`"):
        open_postgres(empty)
    with pytest.raises(StoreError, match="run `ftos-tui store upgrade`"):
        make_schema(empty)
    assert upgrade_schema(empty)
    with closing(open_postgres(empty)) as store:
        assert store.write(new_version(), sign).number == 1


def test_what_is_newer_or_not_ours_is_left_alone(postgres_server: PostgresServer) -> None:
    name = postgres_server.new_database()
    target = postgres_server.target(name)
    postgres_server.execute("UPDATE alembic_version SET version_num = '9999'", database=name)
    with pytest.raises(StoreNewer, match="schema 9999"):
        open_postgres(target)
    postgres_server.execute("UPDATE alembic_version SET version_num = 'abc'", database=name)
    with pytest.raises(StoreDamaged, match="no ftos-tui store"):
        open_postgres(target)
    postgres_server.execute("DROP TABLE alembic_version", database=name)
    with pytest.raises(StoreDamaged, match="lacks its schema's number"):
        open_postgres(target)


def test_signing_in_is_refused_in_one_sentence(own_server: PostgresServer) -> None:
    for password in (None, "wrong"):
        with pytest.raises(SignInRefused, match="check both and sign in again") as refused:
            open_postgres(own_server.target(user="eve", password=password))
        assert "wrong" not in str(refused.value)
    with pytest.raises(SignInRefused):
        open_postgres(own_server.target(user="nobody"))
    with pytest.raises(SignInRefused):
        open_postgres(own_server.target(user="who_is_that"))
    with pytest.raises(StoreError, match="store init"):
        open_postgres(own_server.target().signed_in("eve", Secret("the password")))


def test_a_server_without_tls_is_refused_unless_told_otherwise(own_server: PostgresServer, tmp_path: Path) -> None:
    authorities = tmp_path / "root.crt"
    authorities.write_text("")
    with pytest.raises(StoreUnreachable, match="the server offers no TLS"):
        open_postgres(own_server.target(sslmode="require"))
    with pytest.raises(StoreUnreachable, match="cannot be reached safely"):
        open_postgres(own_server.target(sslmode="verify-full", sslrootcert=authorities))
    socket = own_server.target(hosts=(str(own_server.socket_folder),), sslmode="verify-full")
    assert socket.local
    assert schema_of(socket) is None


def test_what_a_server_lacks_is_said(own_server: PostgresServer) -> None:
    target = own_server.target(own_server.new_database())
    with pytest.raises(StoreUnreachable, match="has no database of that name"):
        open_postgres(own_server.target("gone"))
    with pytest.raises(StoreUnreachable, match="not running or not reachable"):
        open_postgres(own_server.target(ports=(1,)))
    several = replace(target, hosts=("127.0.0.1", own_server.host), ports=(1, own_server.port))
    with closing(open_postgres(several)) as store:
        assert store.count() == 0
    with closing(open_postgres(target)) as store:
        own_server.execute("CREATE ROLE reader LOGIN")
        with pytest.raises(StoreForbidden, match="does not permit this"):
            open_postgres(target.signed_in("reader", None))
        own_server.execute(f"ALTER DATABASE {target.database} SET default_transaction_read_only = on")
        with pytest.raises(StoreReadOnly, match="read-only"), closing(open_postgres(target, read_only=True)) as reader:
            reader.write(new_version(), sign)
        assert store.write(new_version(), sign).number == 1, "ours say themselves that they write"


def test_too_many_connections_are_said(own_server: PostgresServer) -> None:
    held: list[psycopg.Connection] = []
    own_server.execute("CREATE ROLE busy LOGIN")
    try:
        with suppress(psycopg.OperationalError):
            while True:
                held.append(psycopg.connect(own_server.conninfo().replace("user=postgres", "user=busy")))
        with pytest.raises(StoreUnreachable, match="too many connections"):
            open_postgres(own_server.target(user="busy"))
    finally:
        for connection in held:
            connection.close()


def test_a_restart_and_a_crash_of_the_server_are_survived(own_server: PostgresServer) -> None:
    with closing(open_postgres(own_server.target(own_server.new_database()))) as store:
        first = store.write(new_version(), sign)
        own_server.restart()
        assert store.by_id(first.provider_id) == first
        own_server.kill()
        with pytest.raises(StoreUnreachable, match="not running or not reachable"):
            store.list_page(ListQuery())
        with pytest.raises(StoreUnreachable, match="Nothing was changed"):
            store.write(new_version("Other"), sign)
        own_server.start()
        assert store.write(new_version("Other"), sign).number == 1


def test_a_text_with_nul_is_refused_in_words(postgres_server: PostgresServer) -> None:
    with closing(open_postgres(postgres_server.target(postgres_server.new_database()))) as store:
        assert store.name_owner("a\0b") is None
        with pytest.raises(StoreError, match="takes no NUL character"):
            store.write(new_version(reason="a\0b"), sign)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StoreFull),
        ("53200", StoreFull),
        ("25006", StoreReadOnly),
        ("42501", StoreForbidden),
        ("28P01", SignInRefused),
        ("55P03", StoreUnreachable),
        ("57014", StoreUnreachable),
        ("57P01", StoreUnreachable),
        ("08006", StoreUnreachable),
        ("XX001", StoreDamaged),
        ("42P01", StoreDamaged),
        ("P0001", StoreUnreachable),
    ],
)
def test_every_state_has_its_kind(state: str, kind: type[StoreError]) -> None:
    error = type("Raised", (psycopg.Error,), {"sqlstate": state})('near "SECRET TEXT": SELECT * FROM provider')
    said = in_words(error, "db on host:5432", writing=True)
    assert type(said) is kind
    assert "SELECT" not in str(said)
    assert "SECRET" not in str(said)
    assert str(said).endswith("Nothing was changed.")


def test_urls_are_taken_apart_and_never_repeated() -> None:
    url = "postgresql://ana:p%40ss@db1,[::1]:5433/ftos?sslmode=require&sslrootcert=/r.crt&connect_timeout=7"
    target = target_of_url(Secret(url))
    assert (target.hosts, target.ports, target.database, target.user) == (("db1", "::1"), (5432, 5433), "ftos", "ana")
    assert target.password == Secret("p@ss")
    assert (target.sslmode, target.sslrootcert, target.connect_timeout_s) == ("require", Path("/r.crt"), 7)
    assert target.location == "ftos on db1:5432, [::1]:5433"
    assert "p@ss" not in repr(target)
    asked = target_of_url(Secret("postgres:///?host=/run/pg&port=1&user=bo&dbname=x&password=pw&service=s"))
    assert (asked.hosts, asked.ports, asked.user, asked.database, asked.service) == (("/run/pg",), (1,), "bo", "x", "s")
    assert asked.local
    assert target_of_url(Secret("postgresql:///?service=main")).location == "service main"
    assert PostgresTarget().location == "the server libpq finds"
    for wrong in ("mysql://x", "postgresql://h/#f", "postgresql://h?secret=1", "postgresql://h:x/d", "postgresql://[a"):
        with pytest.raises(ValueError):
            target_of_url(Secret(wrong))
    for wrong in ("postgresql://h:0", "postgresql://a:b:c", "postgresql://h?connect_timeout=x", "postgresql://h?a"):
        with pytest.raises(ValueError):
            target_of_url(Secret(wrong))
    for changes in ({"sslmode": "none"}, {"hosts": ("a",), "ports": (1, 2)}, {"lock_timeout_s": 0.0}):
        with pytest.raises(ValueError):
            PostgresTarget(**changes)


def test_libpq_is_given_what_was_said_and_finds_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    given = conninfo(PostgresTarget(("db",), database="x"))
    assert (given["sslmode"], given["sslrootcert"], given["dbname"]) == ("verify-full", "system", "x")
    assert not {"user", "password", "port", "service"} & set(given)
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert "sslrootcert" not in conninfo(PostgresTarget(("db",)))
    assert conninfo(PostgresTarget(read_only=True))["target_session_attrs"] == "any"
