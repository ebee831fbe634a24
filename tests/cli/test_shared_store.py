"""The command line on a shared store: signing in, what is refused, and the settings told without secrets."""

from pathlib import Path

import pexpect
import pytest

from ftos_tui.cli import output
from ftos_tui.cli.exits import ExitCode
from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.statuses import Canonical
from ftos_tui.screens.events import in_full
from ftos_tui.screens.message import sections_of
from ftos_tui.stores.event_protocol import NewEvent
from ftos_tui.stores.sql.roles import Role, role_name
from ftos_tui.studio.events import EVENT_WITHHELD, list_events
from ftos_tui.studio.message_views import WITHHELD, message_view
from ftos_tui.studio.messages import NewMessage, add
from ftos_tui.studio.providers import new_draft, save
from tests.cli.conftest import BOTH_SECRETS, GOOD, SECRETS, Run
from tests.line import Line
from tests.postgres import PostgresServer
from tests.studio.making import filled
from tests.team import NAME, Team, new_team
from tests.terminal.harness import isolated_environ
from tests.terminal.program import PROGRAM

PASSWORD = "canary-sign-in-1789"


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    return new_team(postgres_server, tmp_path_factory.mktemp("owner"))


def write_settings(home: Path, text: str) -> None:
    folder = home / ".config" / "ftos-tui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_a_line_of_standard_input_signs_in(run: Run, home: Path, team: Team) -> None:
    user = team.person(Role.CONSULTANT, PASSWORD)
    write_settings(home, team.toml(user=user, sign_in="ask"))
    listed = run("providers", "list", "--json", "--password-stdin", input=f"{PASSWORD}\n")
    assert (listed.code, len(listed.json)) == (0, 6)
    assert PASSWORD not in listed.out + listed.err
    refused = run("--password-stdin", "providers", "list", input="wrong\n")
    assert (refused.code, "does not accept this user and password" in refused.err) == (ExitCode.NOT_PERMITTED, True)
    ended = run("--password-stdin", "providers", "list")
    assert (ended.code, "ended before the password" in ended.err) == (ExitCode.USAGE, True)


def test_nobody_to_ask_is_said_with_the_way_out(
    run: Run, home: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.cli.sign_in.has_terminal", lambda: False)
    write_settings(home, team.toml(user=team.person(Role.CONSULTANT, PASSWORD), sign_in="ask"))
    told = run("providers", "list")
    assert (told.code, "--password-stdin" in told.err) == (ExitCode.NOT_PERMITTED, True)


def test_a_files_store_reads_no_password(run: Run) -> None:
    assert run("providers", "list", "--password-stdin").code == 0


def test_who_may_not_change_is_refused_with_a_code(run: Run, home: Path, team: Team) -> None:
    write_settings(home, team.toml(user=team.person(Role.CONSULTANT)))
    told = run("providers", "set", "FTOSEmailGateway", "bulk_no=51")
    assert (told.code, "may read here, not change" in told.err) == (ExitCode.NOT_PERMITTED, True)
    for command in (("list",), ("verify",), ("checkpoint", "--file", str(home / "pins"))):
        audit = run("audit", *command)
        assert (audit.code, "may not read the audit: ask" in audit.err) == (ExitCode.NOT_PERMITTED, True), audit.err


def test_a_change_costs_a_round_trip_to_read_and_two_to_save(
    run: Run, home: Path, team: Team, postgres_server: PostgresServer
) -> None:
    team.give_key(home / ".local" / "share" / "ftos-tui")
    with Line(postgres_server.host, postgres_server.port) as line:
        write_settings(home, team.toml(port=(line.port,)))

        def trips(*arguments: str, input: str = "") -> int:
            before = line.trips
            told = run("providers", *arguments, input=input)
            assert told.code == 0, told.err
            return line.trips - before

        a_look = trips("show", "FTOSEmailGateway", "--json") - 1  # which also asks for a trial
        assert trips("set", "FTOSEmailGateway", *GOOD, *SECRETS, input=BOTH_SECRETS) == a_look + 2
        assert trips("set", "FTOSEmailGateway", "bulk_no=51", "--trial", "10") == a_look + 2
        assert trips("set", "FTOSEmailGateway", "bulk_no=51") == a_look + 2, "what is so already is looked at, too"


def test_config_show_tells_the_shared_store_as_toml(run: Run, home: Path, team: Team) -> None:
    write_settings(home, team.toml(password_file="/srv/secret", sign_in="ask"))
    shown = run("config", "show").out
    assert f"[environments.{NAME}.postgresql]" in shown
    assert 'password_file = "/srv/secret"' in shown
    write_settings(home, shown)
    assert run("config", "show").out == shown
    shape = run("config", "show", "--json").json["environments"]
    assert shape[NAME]["postgresql"]["sign_in"] == "ask"
    assert (shape["local"]["postgresql"], "store" in shape[NAME]) == (None, False)


def test_config_check_notices_the_same_store_twice(run: Run, home: Path) -> None:
    write_settings(home, f'[environments.twin]\nstore = "{home}/.local/share/ftos-tui/local.sqlite3"\n')
    told = run("config", "check")
    assert (told.code, "line 2: environments local and twin name the same store" in told.err) == (ExitCode.USAGE, True)


def test_doctor_and_validate_know_a_shared_store(run: Run, home: Path, team: Team) -> None:
    write_settings(home, team.toml(user=team.person(Role.CONSULTANT)))
    told = run("doctor", "--json")
    assert {check["name"] for check in told.json} >= {"store", "tls", "rights", "clock"}
    file = home / "record.json"
    file.write_text('{"name": "FTOSEmailGateway", "communication_channel": "sms"}')
    told = run("providers", "validate", "--file", str(file))
    assert (told.code, "without the store" in told.out + told.err) == (ExitCode.REFUSED, False)


def test_the_password_is_asked_for_at_the_terminal_without_echo(team: Team, tmp_path: Path) -> None:
    user = team.person(Role.CONSULTANT, PASSWORD)
    environ = isolated_environ(tmp_path)
    folder = tmp_path / "config" / "ftos-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(team.toml(user="", sign_in="ask"))
    child = pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], "providers", "list"], env=environ, timeout=60, encoding="utf-8")
    child.expect(rf"User for {NAME} \(\w+\): ")
    child.sendline(user)
    child.expect(f"Password of {user}: ")
    child.waitnoecho()
    child.sendline(PASSWORD)
    child.expect("FTOSEmailGateway")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
    assert PASSWORD not in str(child.before)


def test_a_terminal_is_no_place_for_the_option(team: Team, tmp_path: Path) -> None:
    environ = isolated_environ(tmp_path)
    folder = tmp_path / "config" / "ftos-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(team.toml())
    arguments = [*PROGRAM[1:], "providers", "list", "--password-stdin"]
    child = pexpect.spawn(PROGRAM[0], arguments, env=environ, timeout=60, encoding="utf-8")
    child.expect("Standard input is a terminal")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == ExitCode.USAGE


def test_what_a_message_says_is_kept_from_those_who_only_look(run: Run, home: Path, team: Team) -> None:
    team.give_key(home / "writer" / "data")
    writer = team.session(home / "writer", user=team.person(Role.DEVELOPER))
    provider = save(writer, filled(new_draft(), name="Withheld"), acknowledged=["clicks_off"])
    new = NewMessage(to="a@example.com", subject="Hello", text="canary-body", params='{"canary": "param"}')
    [message_id] = add(writer, provider, new).ids
    click = ProviderEvent("click", Canonical.CLICKED, writer.clock(), "click-1", "digest", message_id=message_id)
    raw = '{"email": "canary@example.com", "url": "https://canary.example.com/canary"}'
    writer.store.messages.take_events([NewEvent(click, raw, message_id)], writer.author, writer.vault.sign)
    writer.close()
    for role, withheld in ((Role.CONSULTANT, True), (Role.AUDITOR, True), (Role.WORKER, False)):
        write_settings(home, team.toml(user=team.person(role)))
        shown = run("messages", "show", message_id, "--json")
        assert (shown.code, shown.json["withheld"], shown.json["subject"]) == (0, withheld, "Hello"), shown.err
        assert ("canary" in shown.out) is not withheld
        assert (WITHHELD in run("messages", "show", message_id).out) is withheld
        [event] = run("events", "list", "--json").json
        assert (event["withheld"], event["event"] is None) == (withheld, withheld)
        listed = run("events", "list").out
        assert (EVENT_WITHHELD in listed, "canary" in listed) == (withheld, not withheld)
        session = team.session(home / role, user=team.person(role))
        [kept] = list_events(session, unmatched=False)
        assert (EVENT_WITHHELD in in_full(kept), "canary" in in_full(kept)) == (withheld, not withheld)
        lines = [line for section in sections_of(message_view(session, message_id)) for line in section.lines]
        session.close()
        assert (f"{WITHHELD}." in lines, "canary-body" in lines) == (withheld, not withheld)
        said = "withheld" if withheld else "to canary.example.com"
        assert any("click (clicked)" in str(line) and said in str(line) for line in lines)


def test_who_may_follow_the_store_no_longer_is_told_and_let_go(
    run: Run, home: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.stores.sql.signals.POLL_EVERY_S", 0.05)
    user = f"leaves_{team.database}"
    team.server.execute(f"CREATE ROLE {user} LOGIN IN ROLE {role_name(team.database, Role.CONSULTANT)}")
    write_settings(home, team.toml(user=user, live="poll"))
    complain = output.complain

    def follow(said: str) -> None:
        complain(said)
        if said.startswith("Following"):
            team.server.execute(f"REVOKE {role_name(team.database, Role.CONSULTANT)} FROM {user}")

    monkeypatch.setattr(output, "complain", follow)
    told = run("providers", "watch")
    assert (told.code, f"{user} may not read the store any more" in told.err) == (ExitCode.NOT_PERMITTED, True), told
    assert "again and again" not in told.err


def test_a_save_is_said_never_to_come_only_by_who_can_keep_it_from_coming(run: Run, home: Path, team: Team) -> None:
    lost = "0" * 32
    write_settings(home, team.toml(user=team.person(Role.CONSULTANT)))
    told = run("providers", "outcome", lost)
    assert (told.code, told.out.startswith("Not saved so far; ")) == (ExitCode.NOT_PERMITTED, True)
    assert run("providers", "outcome", lost, "--json").json == {"saved": None, "version": None}
    developer = team.person(Role.DEVELOPER)
    write_settings(home, team.toml(user=developer))
    right = f"INSERT ON operation_void {{}} {role_name(team.database, Role.DEVELOPER)}"
    team.server.execute(f"REVOKE {right.format('FROM')}", database=team.database)
    refused = run("providers", "outcome", lost)
    assert (refused.code, "does not permit this" in refused.err) == (ExitCode.NOT_PERMITTED, True), refused.out
    team.server.execute(f"GRANT {right.format('TO')}", database=team.database)
    told = run("providers", "outcome", lost)
    assert (told.code, told.out) == (ExitCode.OTHER, "Not saved, and it never will be: save again.\n")
