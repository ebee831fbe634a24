"""The README's way from an empty server to two operators who see each other's changes, followed word for word.

Commands, settings and sentences are read out of the README; only host and port of the server are other ones.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.sql.roles import Role
from ftos_tui.studio.providers import delete, save
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session
from tests.postgres import SUPERUSER, PostgresServer
from tests.team import Team, new_team
from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.people import Person, person
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    VALUES,
    base_of_named,
    every_file,
    field_text,
    go,
    go_back,
    places_of,
    processes_of,
    put_cursor_on,
    run_command,
    wait_form,
    wait_row,
)
from tests.terminal.readme import Section
from tests.terminal.test_hostile import assert_harmless
from tests.tls_front import Issued, issue, tls_front

PASSWORDS = {user: f"canary-of-{user}-7q8w9e" for user in ("keeper", "ana", "ben")}


@pytest.fixture
def empty_server() -> Iterator[PostgresServer]:
    """A server with nothing in it, which demands passwords over TCP."""
    with PostgresServer(hba=("host all all all scram-sha-256",)) as server:
        yield server


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Ends what a test leaves open."""
    with ExitStack() as opened:
        yield opened


def sees(console: Console, sentence: str) -> None:
    """Waits for a sentence, however the lines are broken."""
    console.wait_for(lambda console: sentence in " ".join(console.text.split()))


def carry_out(who: Person, line: str, *answers: tuple[str, str]) -> Console:
    """Carries out a line to its end, which has to be a good one, and answers what it asks.

    Args:
        who: Who does it.
        line: The line.
        answers: What is asked, and what is answered.
    """
    with who.shell(line, columns=200) as console:
        for asked, answer in answers:
            console.wait_for(asked)
            console.type(f"{answer}\r")
        assert console.wait_end() == 0, console.text
        return console


def make_people(administrator: Person, lines: list[str]) -> list[Console]:
    """The administrator's part: people with passwords, and a database."""
    done = []
    for line in lines:
        user = line.split()[-1]
        password = PASSWORDS.get(user) if line.startswith("createuser") else None
        twice = [(asked, password) for asked in ("Enter password", "Enter it again")] if password else ()
        done.append(carry_out(administrator, line, *twice))
    return done


def settle_in(homes: Path, user: str, host: str, settings: str, issued: Issued) -> Person:
    """Somebody's home with the settings and the certificate of the authority."""
    who = person(homes, user, host)
    for name, content in ((".config/ftos-tui/config.toml", settings), (".postgresql/root.crt", issued.authority)):
        file = who.home / name
        file.parent.mkdir(parents=True)
        file.write_text(content if isinstance(content, str) else content.read_text())
    return who


def sign_in(stack: ExitStack, who: Person, line: str, user: str) -> Console:
    """Opens the console and signs in; the login name is proposed."""
    console = stack.enter_context(who.shell(line))
    console.wait_for("Sign in to TEAM")
    console.wait_for("Password")
    wait_row(console, f"User +{user}")
    console.type(f"{PASSWORDS[user]}\r")
    console.wait_for("6 providers")
    console.wait_for(f"{user}@TEAM")
    return console


def open_gateway(console: Console) -> None:
    """Opens the form, as the README says."""
    put_cursor_on(console, GATEWAY)
    console.press("enter")
    wait_form(console)


def fill_in(console: Console) -> None:
    """Fills the form from Provider Name on."""
    console.press("down", "down")
    for field_id, text in VALUES.items():
        typed = {"open_setting": "y", "click_setting": "n"}.get(field_id, text)
        if field_id == "app_config":
            console.type(f"{PASSWORD}\t{KEY}\t")
        console.type(f"{typed}\t")
    console.wait_for(lambda console: field_text(console, "Click Setting") == "[ ] off")


def change(console: Console, label: str, downs: int, text: str) -> None:
    """Goes down from the first field to another one and replaces what stands there."""
    console.press(*["down"] * downs, "end", "ctrl+u")
    console.type(text)
    console.wait_for(lambda console: field_text(console, label) == text)


def assert_no_password(consoles: list[Console], homes: Path) -> None:
    """No password in what was printed, in any file of anybody, or beside a running program."""
    places = {"printed": b"".join(console.raw for console in consoles), **every_file(homes)}
    places |= {f"process {console.pid}": processes_of(console.pid) for console in consoles if console.alive}
    for place, content in places.items():
        for password in PASSWORDS.values():
            assert password.encode() not in content, place


def test_from_an_empty_server_to_two_operators(empty_server: PostgresServer, stack: ExitStack, tmp_path: Path) -> None:
    section = Section("For a team")
    making, keeping, carrying, working = section.commands
    issued = issue(tmp_path / "authority")
    port = stack.enter_context(tls_front((empty_server.host, empty_server.port), issued))
    assert "db.bank.example:5432" in section.settings
    settings = section.settings.replace("db.bank.example:5432", f"{empty_server.host}:{port}")

    # 1. The database.
    homes = tmp_path / "homes"
    way_in = {"PGHOST": str(empty_server.socket_folder), "PGPORT": str(empty_server.port), "PGUSER": SUPERUSER}
    administrator = person(homes, "administrator", "db", programs=empty_server.programs, **way_in)
    done = make_people(administrator, making)

    # 2. The settings.
    keeper = settle_in(homes, "keeper", "jump0", settings, issued)
    people = {
        "ana": settle_in(homes, "ana", "jump1", settings, issued),
        "ben": settle_in(homes, "ben", "jump2", settings, issued),
    }

    # 3. The store, and 4. the key.
    signing_in = (("User for team (keeper):", ""), ("Password of keeper:", PASSWORDS["keeper"]))
    done += [carry_out(keeper, line, *signing_in) for line in keeping]
    assert "Made the store" in done[-3].text
    assert "Carried out." in done[-2].text
    assert "ana, ben" in done[-1].text
    done += [carry_out(keeper, line) for line in carrying]

    # 5. Work.
    (line,) = working
    ana, ben = (sign_in(stack, people[user], line, user) for user in ("ana", "ben"))
    open_gateway(ana)
    wait_row(ben, f"^[ ▸]@{GATEWAY} ")
    open_gateway(ben)
    sees(ben, section.said("also open: ana on jump1"))
    sees(ana, section.said("also open: ben on jump2"))
    ben.press("esc")
    wait_row(ben, f"^▸@{GATEWAY} ")
    fill_in(ana)
    ana.press("f2")
    sees(ben, section.said("ana saved FTOSEmailGateway version 2"))
    wait_row(ben, f"^▸[ @]{GATEWAY} .* 50 ready +ana ")

    wait_row(ana, f"^▸[ @]{GATEWAY} .* 50 ready +ana ")
    open_gateway(ana)
    open_gateway(ben)
    change(ben, "Interval Max", 12, "17:30:00")
    change(ana, "Bulk No", 10, "100")
    ana.press("f2")
    sees(ben, section.said("! ana saved v3"))
    assert field_text(ben, "Interval Max") == "17:30:00"
    ben.press("f2")
    sees(ben, section.said("ana saved version 3 meanwhile"))
    ben.wait_for("› Conflict")
    wait_row(ben, "^[ ▸] Bulk No +50 +100 +50 +theirs")
    wait_row(ben, "^[ ▸] Interval Max +18:00:00 +18:00:00 +17:30:00 +mine")
    assert_no_password([*done, ana, ben], homes)
    ben.press("f2")
    wait_form(ben)
    ben.wait_for(lambda console: field_text(console, "Bulk No") == "100")
    ben.press("f2")
    sees(ana, section.said("ben saved"))
    wait_row(ana, f"^▸[ @]{GATEWAY} .* 09:00:00-17:30:00 +100 ready +ben ")
    assert section.not_said == []
    for console in (ana, ben):
        console.press("q")
        assert console.wait_end() == 0
    assert_no_password([*done, ana, ben], homes)


EVE = "eve \x1b]52;c;cHduZWQ=\x07\x9b31m\u202e[/]\"';--"
"""A user of the database whose name tries to reach the terminals of the others."""


@pytest.fixture
def team(postgres_server: PostgresServer, tmp_path: Path) -> Team:
    """A shared store with the shipped providers."""
    return new_team(postgres_server, tmp_path / "owner")


def configure(environ: Mapping[str, str], team: Team, **changes: Any) -> Path:
    """Writes the settings and the key of whoever sits at the console; gives the settings' path."""
    places = places_of(environ)
    places.config.parent.mkdir(parents=True, exist_ok=True)
    places.config.write_text(team.toml(**changes))
    team.give_key(places.data)
    return places.config


@pytest.fixture
def eve(team: Team, tmp_path: Path) -> Iterator[Session]:
    """A session of the user with the hostile name, on a host with one."""
    quoted = '"' + EVE.replace('"', '""') + '"'
    if not team.server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (EVE,)):
        team.server.execute(f"CREATE ROLE {quoted} LOGIN")
    team.server.execute(f"GRANT ftos_tui_{team.database}_developer TO {quoted}")
    team.give_key(tmp_path / "eve" / "data")
    session = team.session(tmp_path / "eve", user=EVE)
    session.author = Author("eve", EVE)
    yield session
    session.close()


def save_as(session: Session, **texts: str) -> None:
    """Saves the gateway with the texts."""
    draft = base_of_named(session, GATEWAY)
    for field_id, text in texts.items():
        draft = draft.with_text(field_id, text)
    if "provider_name" in texts:
        draft = draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))
    save(session, draft, reason=EVE)


def test_hostile_names_of_the_others_stay_text(
    start_program: Start, environ: dict[str, str], team: Team, eve: Session
) -> None:
    configure(environ, team, user=team.person(Role.DEVELOPER))
    save_as(eve, **VALUES)
    provider_id = open_provider(eve, name=GATEWAY).provider_id
    console = start_program("providers")
    wait_row(console, f"^[ ▸].{GATEWAY} .* eve")
    eve.store.enter("eve", provider_id, eve.author)
    wait_row(console, f"^[ ▸]@{GATEWAY} ")
    open_gateway(console)
    console.wait_for("also open: eve ␛")
    change(console, "Bulk No", 10, "60")
    save_as(eve, interval_max="17:30:00")
    console.wait_for("! eve ␛")
    console.press("f2")
    console.wait_for("› Conflict")
    go_back(console, "^ v2 ! eve")
    console.press("ctrl+z", "esc")
    wait_row(console, "^▸@FTOS")
    for key, title in (("h", "› History"), ("A", "› Audit")):
        go(console, key, title)
        console.wait_for("eve ␛")
        go_back(console, f"^▸@{GATEWAY}")
    delete(eve, open_provider(eve, name=GATEWAY), GATEWAY)
    console.wait_for(f"deleted {GATEWAY}")
    console.press("q")
    assert console.wait_end() == 0
    assert_harmless(console.raw.decode())
    for arguments in (("store", "status"), ("store", "grant", "--list"), ("audit", "list"), ("doctor",)):
        told = run_command(environ, *arguments)
        assert told.returncode == 0, told.stderr
        assert_harmless(told.stdout + told.stderr)


def test_signing_in_on_a_small_screen_without_colours(
    start_program: Start, environ: dict[str, str], team: Team
) -> None:
    user = team.person(Role.CONSULTANT, PASSWORDS["ben"])
    configure(environ, team, user=user, sign_in="ask")
    console = start_program("providers", columns=60, rows=16, NO_COLOR="1", COLORTERM="truecolor")
    sees(console, "Log in with a developer account of the shared store; a consultant's may read.")
    console.type("wrong\r")
    sees(console, "does not accept this user and password: check both and sign in again.")
    console.type(f"{PASSWORDS['ben']}\r")
    console.wait_for("READ-ONLY")
    put_cursor_on(console, GATEWAY)
    go(console, "A", "› Audit")
    sees(console, "may not read the audit: ask who keeps the store for the role auditor. · r tries again")
    go_back(console, f"^▸.{GATEWAY}")
    console.press("enter")
    console.wait_for("Edit Cha")
    sees(console, "the role developer.")
    console.press("esc")
    wait_row(console, f"^▸.{GATEWAY}")
    console.press("q")
    assert console.wait_end() == 0
    assert not re.search(rb"[34]8;|\x1b\[([0-9]+;)*(3|4|9|10)[0-7][;m]", bytes(console.raw))
