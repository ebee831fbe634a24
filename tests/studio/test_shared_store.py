"""A session on a shared store: which password, who is signed in, what they may do, and what doctor tells."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ftos_tui.config import Environment, Places, PostgresSettings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.password_file import PasswordFileProblem, read_password_file
from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.rights_protocol import Right
from ftos_tui.stores.sql.roles import Role
from ftos_tui.studio.checks import Check, State
from ftos_tui.studio.doctor import Terminal, examine
from ftos_tui.studio.environments import other_session
from ftos_tui.studio.failures import (
    Failure,
    NotPermitted,
    SignInNeeded,
    SignInRefused,
    StoreError,
    StoreForbidden,
    StoreUnreachable,
    VaultError,
)
from ftos_tui.studio.log import note
from ftos_tui.studio.providers import base_of, list_providers, new_draft, open_provider, save
from ftos_tui.studio.reading import ListQuery, opened_secret
from ftos_tui.studio.session import Session
from ftos_tui.studio.shared_store import NotShared, shared_settings, target_of
from ftos_tui.studio.sign_in import Credentials, last_user, sign_in
from ftos_tui.studio.state_file import remember
from ftos_tui.studio.store_admin import status
from ftos_tui.studio.trial import carry_out_expired
from tests.postgres import PostgresServer
from tests.studio.making import filled, session_in
from tests.team import NAME, Team, new_team

PASSWORD = "canary-sign-in-1789"
SHIPPED = "GatewaySMS"

Open = Callable[..., Session]


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The store of all tests here: each saves providers of its own."""
    return new_team(postgres_server, tmp_path_factory.mktemp("owner"))


@pytest.fixture
def open_as(team: Team, tmp_path: Path) -> Iterator[Open]:
    """Opens a session as one who has a role, in a folder without the master key."""
    opened: list[Session] = []

    def open_once(role: Role | None = None, password: str = "", *, key: bool = False, **changes: Any) -> Session:
        user = team.person(role, password)
        if key:
            team.give_key(tmp_path / user / "data")
        opened.append(team.session(tmp_path / user, **{"user": user, **changes}))
        return opened[-1]

    yield open_once
    for session in opened:
        session.close()


def names(session: Session) -> list[str]:
    return [row.name for row in list_providers(session, ListQuery())]


def logged(session: Session) -> str:
    return " ".join(entry.message for entry in session.journal.tail(100, None))


def test_whoever_is_signed_in_is_the_author(open_as: Open) -> None:
    session = open_as(Role.DEVELOPER, key=True)
    assert session.author.user == "login"
    version = save(session, filled(new_draft()), acknowledged=["clicks_off"])
    assert session.author == Author(session.environment.postgresql.user, "jump1", "192.0.2.7")  # type: ignore[union-attr]
    assert version.saved_by == session.author
    assert session.person == Author("login", "jump1", "192.0.2.7")
    [entry] = [entry for entry in session.store.audit_entries() if entry.action == "create"]
    assert entry.author.user == session.author.user
    assert open_provider(session, name="Gateway").secrets["app_key"].readable


def test_a_consultant_reads_without_key_and_is_told_what_they_may_not(open_as: Open) -> None:
    writer = open_as(Role.DEVELOPER, key=True)
    save(writer, filled(new_draft(), name="Read"), acknowledged=["clicks_off"])
    reader = open_as(Role.CONSULTANT)
    assert "Read" in names(reader)
    version = open_provider(reader, name="Read")
    assert version.secrets["app_key"].is_set
    assert version.secrets["app_key"].readable
    assert opened_secret(reader, version, "app_key") is None
    assert reader.rights == frozenset({Right.READ})
    assert not reader.may_change
    with pytest.raises(NotPermitted, match=r"^consultant_t\d+ may read here, not change: sign in with a developer"):
        save(reader, filled(new_draft(), name="Other"))
    with pytest.raises(StoreError, match="does not permit"):
        reader.store.audit_entries()
    assert not reader.key_path.exists()


def test_who_has_no_role_is_told_whom_to_ask_not_that_there_is_no_store(open_as: Open) -> None:
    stranger = open_as()
    for look in (names, status):
        with pytest.raises(StoreForbidden, match="permit this to who is signed in: ask who keeps the store for a role"):
            look(stranger)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.DEVELOPER, {Right.READ, Right.UNSEAL, Right.CHANGE, Right.DELIVER, Right.AUDIT}),
        (Role.CONSULTANT, {Right.READ}),
        (Role.AUDITOR, {Right.READ, Right.AUDIT}),
        (Role.WORKER, {Right.READ, Right.UNSEAL, Right.AUDIT, Right.DELIVER}),
    ],
)
def test_rights_are_what_the_database_grants(open_as: Open, role: Role, rights: set[Right]) -> None:
    session = open_as(role)
    assert session.store.rights() == rights
    assert session.rights == frozenset(rights)
    assert session.may_revert == (role in (Role.DEVELOPER, Role.WORKER))


def test_the_owner_may_all_and_a_file_is_its_owners(team: Team, tmp_path: Path) -> None:
    session = team.session()
    assert session.store.rights() == frozenset(Right)
    assert session.may_make
    session.close()
    local = session_in(tmp_path / "local")
    assert local.store.rights() == frozenset(Right)
    assert local.rights is None
    local.permit_change()
    local.close()


def test_trials_are_carried_out_only_by_those_who_may(open_as: Open) -> None:
    writer = open_as(Role.DEVELOPER, key=True)
    save(writer, filled(new_draft(), name="Tried"), acknowledged=["clicks_off"])
    before = open_provider(writer, name="Tried")
    draft = Draft(base_of(before)).with_text("bulk_no", "77")
    save(writer, draft, acknowledged=["clicks_off"], trial=timedelta(seconds=1))
    later = writer.clock() + timedelta(hours=1)
    for role in (Role.CONSULTANT, Role.AUDITOR):
        reader = open_as(role, key=True)
        reader.clock = lambda: later
        assert open_provider(reader, name="Tried").values["bulk_no"] == 77
        assert carry_out_expired(reader) == 0
        assert reader.trial_news == []


def test_a_typed_password_goes_before_all_others_and_is_gone_with_the_session(
    open_as: Open, team: Team, tmp_path: Path
) -> None:
    session = open_as(Role.DEVELOPER, PASSWORD, password_env="WRONG", sign_in="ask")
    session.environ = {"WRONG": "not-this-one"}
    with pytest.raises(SignInNeeded) as needed:
        names(session)
    assert needed.value.session is session
    user = team.person(Role.DEVELOPER, PASSWORD)
    sign_in(session, user, Secret(PASSWORD))
    assert SHIPPED in names(session)
    assert f"Signed in to {NAME} as {user}." in logged(session)
    assert json.loads((session.places.state / "sign_in.json").read_text()) == {NAME: user}
    assert PASSWORD not in repr(session)
    session.close()
    assert session.credentials is None
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept


def test_a_wrong_password_is_refused_and_forgotten(open_as: Open, team: Team) -> None:
    session = open_as(Role.DEVELOPER, PASSWORD, sign_in="ask")
    with pytest.raises(SignInRefused, match="does not accept this user and password") as refused:
        sign_in(session, team.person(Role.DEVELOPER, PASSWORD), Secret("wrong-canary"))
    assert session.credentials is None
    assert "wrong-canary" not in str(refused.value)
    for user in ("", "a\x1b", "x" * 64):
        with pytest.raises(SignInRefused, match="Enter a user"):
            sign_in(session, user, Secret(PASSWORD))


def test_a_server_that_wants_a_password_nobody_gave_has_one_asked_for(open_as: Open, team: Team) -> None:
    session = open_as(Role.CONSULTANT, PASSWORD)
    for _ in range(2):  # the second time the server is not even asked
        with pytest.raises(SignInNeeded, match="does not accept"):
            names(session)
        assert session.asks_first
    user = team.person(Role.CONSULTANT, PASSWORD)
    session.ask_sign_in = lambda environment, proposed: Credentials(proposed, Secret(PASSWORD))
    assert SHIPPED in names(session)
    assert session.author.user == user


def test_a_store_that_breaks_off_while_it_is_opened_is_given_back(
    open_as: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_as(Role.CONSULTANT)
    with monkeypatch.context() as patched:
        patched.setattr("ftos_tui.stores.sql.rights._POSTGRES", text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(StoreUnreachable):
            names(session)
    assert (session.rights, session.author.user) == (None, "login")
    assert SHIPPED in names(session)


def test_a_password_file_or_variable_is_read(open_as: Open, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    assert SHIPPED in names(open_as(Role.CONSULTANT, PASSWORD, password_file=str(file)))
    by_variable = open_as(Role.CONSULTANT, PASSWORD, password_env="FTOS_PASSWORD")
    by_variable.environ = {"FTOS_PASSWORD": PASSWORD}
    assert SHIPPED in names(by_variable)
    missing = open_as(Role.CONSULTANT, PASSWORD, password_env="FTOS_PASSWORD")
    with pytest.raises(Failure, match="FTOS_PASSWORD, which password_env names, is not set"):
        names(missing)


def test_libpqs_own_places_are_looked_at(open_as: Open, team: Team, tmp_path: Path) -> None:
    user = team.person(Role.CONSULTANT, PASSWORD)
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"{team.server.host}:*:*:{user}:{PASSWORD}\n")
    passfile.chmod(0o600)
    assert SHIPPED in names(open_as(Role.CONSULTANT, PASSWORD, passfile=str(passfile)))


def test_pgpassword_is_warned_of(open_as: Open) -> None:
    session = open_as(Role.CONSULTANT)
    session.environ = {"PGPASSWORD": "canary"}
    names(session)
    assert "PGPASSWORD is set" in logged(session)
    assert "canary" not in logged(session)


@pytest.mark.parametrize("wrong", ["missing", "link", "pipe", "open", "empty", "two lines", "bytes", "long"])
def test_an_unsafe_password_file_is_refused(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "password"
    texts = {"empty": b"", "two lines": b"a\nb", "bytes": b"\xff\xfe", "long": b"x" * 5000}
    if wrong == "link":
        file.symlink_to(tmp_path / "other")
    elif wrong == "pipe":
        os.mkfifo(file, 0o600)
    elif wrong != "missing":
        file.write_bytes(texts.get(wrong, b"secret"))
        file.chmod(0o644 if wrong == "open" else 0o600)
    with pytest.raises(PasswordFileProblem) as problem:
        read_password_file(file)
    assert str(file) in str(problem.value)
    assert problem.value.__context__ is None or not isinstance(problem.value.__context__, UnicodeError)


def test_a_password_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text("secret")
    file.chmod(0o600)
    monkeypatch.setattr("ftos_tui.stores.password_file.os.geteuid", lambda: 4711)
    with pytest.raises(PasswordFileProblem, match="another user"):
        read_password_file(file)


def test_settings_become_a_target(tmp_path: Path) -> None:
    session = session_in(
        tmp_path,
        read_only=True,
        postgresql=PostgresSettings(
            host=("a", "b"),
            port=(1, 2),
            database="d",
            user="u",
            sslrootcert="~/ca",
            service="s",
            pooler=True,
            lock_timeout=7,
        ),
    )
    target = target_of(session)
    assert target == PostgresTarget(
        hosts=("a", "b"),
        ports=(1, 2),
        database="d",
        user="u",
        sslrootcert=Path("~/ca").expanduser(),
        service="s",
        pooler=True,
        lock_timeout_s=7,
        target_session_attrs="any",
        read_only=True,
    )
    assert session.folder == tmp_path / "data"
    assert session.key_path == tmp_path / "data" / "local.key"
    with pytest.raises(Failure, match="is shared and is no file"):
        _ = session.store_path


def test_a_file_is_no_shared_store(tmp_path: Path) -> None:
    with pytest.raises(NotShared, match="is a file"):
        shared_settings(session_in(tmp_path))


def test_a_full_disk_does_not_keep_one_from_signing_in(open_as: Open, team: Team) -> None:
    session = open_as(Role.CONSULTANT, PASSWORD)
    session.places.state.mkdir(parents=True)
    (session.places.state / f"sign_in.{os.getpid()}.new").mkdir()  # in the place of the file to be written
    sign_in(session, team.person(Role.CONSULTANT, PASSWORD), Secret(PASSWORD))
    assert "could not be kept for the next time" in logged(session)


def test_whom_to_propose(team: Team, tmp_path: Path) -> None:
    session = team.session(tmp_path, user="")
    assert last_user(session) == "login"
    session.environ = {"PGUSER": "pg"}
    assert last_user(session) == "pg"
    remember(tmp_path / "state" / "sign_in.json", NAME, "last")
    assert last_user(session) == "last"
    remember(tmp_path / "state" / "sign_in.json", NAME, "\x1b[31m")
    assert last_user(session) == "pg"
    assert last_user(team.session(tmp_path, user="named")) == "named"


def test_a_read_only_environment_stays_so_whatever_the_role(open_as: Open) -> None:
    session = open_as(Role.DEVELOPER, read_only=True)
    assert SHIPPED in names(session)
    assert not session.may_change
    assert not session.may_revert
    with pytest.raises(NotPermitted, match="is read-only"):
        session.permit_change()


def test_who_may_change_but_has_no_key_reads_and_is_told_so_when_saving(open_as: Open) -> None:
    save(open_as(Role.DEVELOPER, key=True), filled(new_draft(), name="Keyed"), acknowledged=["clicks_off"])
    session = open_as(Role.DEVELOPER)
    session.places = Places(session.places.data / "other", session.places.config, session.places.state)
    assert all(state.readable for state in open_provider(session, name="Keyed").secrets.values())
    with pytest.raises(VaultError, match="no master key of production here, and saving needs it: ask who keeps"):
        save(session, filled(new_draft(), name="Keyless"), acknowledged=["clicks_off"])
    assert not session.key_path.exists()
    session.key_path.parent.mkdir()
    session.key_path.write_text("no key")
    assert not open_provider(session, name="Keyed").secrets["app_key"].readable


def test_a_store_that_is_not_there_is_never_made(postgres_server: PostgresServer, team: Team, tmp_path: Path) -> None:
    empty = Team(postgres_server, postgres_server.new_database(None), tmp_path)
    session = empty.session()
    with pytest.raises(StoreError, match="run `ftos-tui store init`"):
        names(session)
    assert postgres_server.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=empty.database
    ) == [(0,)]


def checks(session: Session) -> dict[str, Check]:
    terminal = Terminal(attached=False, columns=80, rows=24, encoding="utf-8")
    found = examine(lambda: session, session.places, {}, terminal)
    return {check.name: check for check in found}


def test_doctor_tells_of_the_shared_store(open_as: Open) -> None:
    session = open_as(Role.CONSULTANT)
    session.environ = {"PGPASSWORD": "canary"}
    found = checks(session)
    assert found["store"].state is State.OK
    assert "PostgreSQL 1" in found["store"].message
    assert " providers" in found["store"].message
    assert "ms away" in found["store"].message
    assert found["tls"].message == "None, as sslmode = disable: whoever is on the line reads along."
    assert found["rights"].message == f"Signed in as {session.author.user}, who may read"
    assert found["clock"].state is State.OK
    assert (found["connect"].state, "Every user of the server may connect" in found["connect"].message) == (
        State.WARN,
        True,
    )
    assert (found["password"].state, found["key"].message) == (State.WARN, "None here; reading needs none.")
    assert not any(check.state is State.FAIL for check in found.values())


@pytest.mark.parametrize(("hours", "told"), [(1, "3,600 s ahead of"), (-1, "3,600 s behind")])
def test_doctor_notices_a_clock_that_is_apart(team: Team, hours: int, told: str) -> None:
    session = team.session(host=(str(team.server.socket_folder),), sslmode="")
    now = session.clock
    session.clock = lambda: now() + timedelta(hours=hours)
    found = checks(session)
    assert (found["clock"].state, told[:3]) == (State.WARN, "3,6")
    assert told.split(" ", 2)[2] in found["clock"].message
    assert found["tls"].message == "None, over a unix socket of this machine"
    assert "Key " in found["key"].message


def test_doctor_tells_the_protocol_that_protects_the_connection(team: Team) -> None:
    from ftos_tui.studio.doctor_shared import line_check

    check = line_check(team.settings(sslmode="verify-ca"), "TLSv1.3")
    assert (check.state, check.message) == (State.OK, "TLSv1.3, verify-ca")


def test_doctor_says_why_a_shared_store_is_not_looked_at(open_as: Open, team: Team) -> None:
    asked = checks(open_as(Role.CONSULTANT, sign_in="ask"))
    assert (asked["store"].state, "nobody signed in" in asked["store"].message) == (State.WARN, True)
    gone = checks(team.session(port=(1,)))
    assert (gone["store"].state, "key" in gone) == (State.FAIL, False)


def test_environments_keep_who_acts_apart(open_as: Open) -> None:
    session = open_as(Role.CONSULTANT)
    names(session)
    assert other_session(session, "local").author.user == "login"
    assert session.environment.name == NAME
    assert Environment().postgresql is None


def test_the_log_does_not_wait_for_a_store_and_who_waited_for_one_attempt_shares_its_failure(team: Team) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        session = team.session(port=(silent.getsockname()[1],), connect_timeout=2)
        told: list[Failure] = []

        def look() -> None:
            with pytest.raises(StoreUnreachable) as failure:
                names(session)
            told.append(failure.value)

        looking = [threading.Thread(target=look) for _ in range(3)]
        for thread in looking:
            thread.start()
        connection, _ = silent.accept()  # the first attempt is under way
        note(session, Level.INFO, "Meanwhile")
        assert not told
        for thread in looking:
            thread.join()
        connection.close()
    assert len({id(failure) for failure in told}) < 3
