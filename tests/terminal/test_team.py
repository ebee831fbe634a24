"""The README's way from an empty server to two operators who see each other's changes, followed word for word.

Commands, settings and sentences are read out of the README; only host and port of the server are other ones.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres import SUPERUSER, PostgresServer
from tests.terminal.harness import Console
from tests.terminal.people import Person, person
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    VALUES,
    every_file,
    field_text,
    processes_of,
    put_cursor_on,
    wait_form,
    wait_row,
)
from tests.terminal.readme import Section
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
