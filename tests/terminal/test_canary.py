"""A secret typed, pasted, undone, refused, saved, kept in a draft, crashed with: it comes out nowhere."""

import base64
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ftos_tui.stores.sql.roles import Role
from tests.postgres import PostgresServer
from tests.team import NAME, new_team
from tests.terminal.conftest import Start
from tests.terminal.harness import TIMEOUT, Console
from tests.terminal.program import (
    GATEWAY,
    PROGRAM,
    VALUES,
    every_file,
    field_text,
    go_back,
    open_form,
    places_of,
    run_command,
    shown,
    wait_row,
    wait_until,
)

PASSWORD = "Kanarien-7q8w9e-Vogel"
KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
MASK = "••••••••"


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it might come out: as it is, its parts, UTF-16, base64 at each offset, hex in both cases."""
    data = secret.encode()
    yield data
    yield data[:8]
    yield data[-8:]
    yield secret.encode("utf-16-le")
    yield data.hex().encode()
    yield data.hex().upper().encode()
    for shift in range(3):
        # The first and the last quantum depend on what stands beside it.
        yield base64.b64encode(bytes(shift) + data)[4:-4]


def assert_nowhere(what: Mapping[str, bytes]) -> None:
    """No form of a secret in anything."""
    for name, data in what.items():
        for secret in (PASSWORD, KEY):
            for form in forms(secret):
                assert form not in data, f"{form!r} in {name}"


def assert_not_on_disk(environ: Mapping[str, str]) -> None:
    """No form of a secret in any file of the operator's folders."""
    files = every_file(Path(environ["HOME"]))
    assert any(name.endswith(".sqlite3") for name in files)
    assert_nowhere(files)


def assert_not_in_process(console: Console) -> None:
    """No form of a secret in the arguments or the environment of the running program."""
    process = Path("/proc") / str(console.pid)
    if process.exists():
        assert_nowhere({name: (process / name).read_bytes() for name in ("cmdline", "environ")})


def assert_commands_tell_nothing(environ: Mapping[str, str]) -> None:
    """No form of a secret in what the command line prints."""
    for arguments in (
        ("providers", "show", GATEWAY),
        ("providers", "show", GATEWAY, "--json"),
        ("providers", "list", "--json"),
        ("log",),
        ("log", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("config", "show"),
    ):
        done = run_command(environ, *arguments)
        assert_nowhere({" ".join(arguments): (done.stdout + done.stderr).encode()})


def go_to_password(console: Console) -> None:
    """From the list into the form, to App Password."""
    open_form(console)
    console.press(*["tab"] * 5)


def masked(label: str, console: Console) -> None:
    """Waits until a secret field holds something."""
    console.wait_for(lambda console: field_text(console, label) == MASK)


def fill_plain(console: Console) -> None:
    """Types the plain values; the focus is at App Password before, and after."""
    before = [VALUES[field_id] for field_id in ("provider_name", "service_url", "app_user")]
    after = [VALUES[f] for f in VALUES if f not in ("provider_name", "service_url", "app_user")]
    console.press(*["shift+tab"] * 3)
    console.type("\t".join(before) + "\t\t\t" + "\t".join(after[:-2]) + "\ty\tn")
    console.wait_for(lambda console: field_text(console, "Click Setting") == "[ ] off")
    console.press(*["shift+tab"] * 11)


def test_typed_pasted_undone_refused_and_saved(start_program: Start, environ: dict[str, str]) -> None:
    console = start_program("providers")
    go_to_password(console)
    console.type(PASSWORD)
    masked("App Password", console)
    console.press("ctrl+z")
    console.wait_for(lambda console: field_text(console, "App Password") == "not set")
    console.paste(PASSWORD)
    masked("App Password", console)
    console.press("ctrl+c", "ctrl+x", "home", "shift+end", "ctrl+c")
    console.press("tab")
    console.paste(KEY + "\nsecond line\n")
    console.wait_for("The paste has 2 lines")
    console.paste(KEY)
    masked("App Key", console)
    console.press("ctrl+s")
    console.wait_for("✗ Not saved")
    assert_not_in_process(console)
    assert_not_on_disk(environ)
    console.press(*["tab"] * 3)  # from the first field that is refused
    console.paste(KEY + "\x00")
    console.wait_for("control character")
    console.press("f1")
    console.wait_for("Help: App Password")
    go_back(console, "^ Edit Channel Provider")
    fill_plain(console)
    console.press("ctrl+s")
    console.wait_for(f"✓ Saved {GATEWAY} version 2")
    wait_row(console, "^▸ FTOSEmailGateway .* ready ")
    console.press("q")
    assert console.wait_end() == 0
    assert_nowhere({"the terminal": bytes(console.raw)})
    assert_not_on_disk(environ)
    assert shown(environ)["values"]["app_key"] == {"set": True, "version": 1}
    assert_commands_tell_nothing(environ)


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_killed_with_a_draft_on_disk(start_program: Start, environ: dict[str, str], signum: signal.Signals) -> None:
    console = start_program("providers")
    go_to_password(console)
    console.type(f"{PASSWORD}\t{KEY}")
    masked("App Key", console)
    folder = places_of(environ).data / "drafts"
    wait_until(console, lambda: b'"app_key"' in b"".join(every_file(folder).values()))
    console.kill(signum)
    console.wait_end()
    assert_nowhere({"the terminal": bytes(console.raw)})
    assert_not_on_disk(environ)
    assert b'"app_key"' in b"".join(every_file(folder).values())


def break_module(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a module that the console imports late does not fit: a half-made upgrade.

    A package of that name found first on the path takes the place of the real one.
    """
    folder = Path(environ["HOME"]) / "half-made"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['ftos_tui.screens.statuses'] = sys\n")
    return {"PYTHONPATH": str(folder)}


def test_crash_with_secrets_in_the_form(start_program: Start, environ: dict[str, str]) -> None:
    console = start_program("providers", **break_module(environ))
    go_to_password(console)
    console.type(f"{PASSWORD}\t{KEY}")
    masked("App Key", console)
    console.press("f3")
    assert console.wait_end() == 1
    assert b"stopped because of an error in it; your unsaved values are kept" in console.raw
    assert b"Traceback" not in console.raw
    report = places_of(environ).state / "crash.log"
    assert "ImportError" in report.read_text()
    assert_nowhere({"the terminal": bytes(console.raw)})
    assert_not_on_disk(environ)
    console = start_program("providers")
    console.wait_for("enter it again")


def test_save_that_the_store_cannot_take(start_program: Start, environ: dict[str, str]) -> None:
    console = start_program("providers")
    go_to_password(console)
    console.type(f"{PASSWORD}\t{KEY}\t")
    masked("App Key", console)
    console.press("shift+tab", "shift+tab")
    fill_plain(console)
    database = sqlite3.connect(places_of(environ).data / "local.sqlite3")
    database.execute("DROP TABLE secret")
    database.commit()
    database.close()
    console.press("ctrl+s")
    console.wait_for("What you typed is kept.")
    console.wait_quiet(0.5)
    assert field_text(console, "App Key") == MASK
    console.kill(signal.SIGTERM)
    console.wait_end()
    assert_nowhere({"the terminal": bytes(console.raw)})
    assert_not_on_disk(environ)


def test_set_asks_without_echo(environ: dict[str, str]) -> None:
    plain = [f"{field_id}={text}" for field_id, text in VALUES.items()]
    command = [*PROGRAM, "providers", "set", GATEWAY, *plain, "--secret", "app_password", "--secret", "app_key"]
    with Console(command, environ) as console:
        console.wait_for("App Password")
        assert_not_in_process(console)
        console.type(PASSWORD + "\r")
        console.wait_for("App Key")
        console.type(KEY + "\r")
        assert console.wait_end() == 0
        assert_nowhere({"the terminal": bytes(console.raw)})
    assert_not_on_disk(environ)
    assert shown(environ)["values"]["app_password"] == {"set": True, "version": 1}


def test_set_reads_standard_input(environ: dict[str, str]) -> None:
    plain = [f"{field_id}={text}" for field_id, text in VALUES.items()]
    command = [*PROGRAM, "providers", "set", GATEWAY, *plain, "--secret", "app_password", "--secret", "app_key"]
    done = subprocess.run(
        command, env=environ, input=f"{PASSWORD}\n{KEY}\n", capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stderr
    refused = run_command(environ, "providers", "set", GATEWAY, f"app_key={KEY}")
    assert refused.returncode == 2
    output = done.stdout + done.stderr + refused.stdout + refused.stderr
    assert_nowhere({"the commands": output.encode()})
    assert_not_on_disk(environ)
    assert_commands_tell_nothing(environ)


def test_signing_in_to_a_shared_store(
    start_program: Start,
    environ: dict[str, str],
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    team = new_team(postgres_server, tmp_path_factory.mktemp("owner"))
    user = team.person(Role.DEVELOPER, PASSWORD)
    places = places_of(environ)
    places.config.parent.mkdir(parents=True)
    places.config.write_text(team.toml(user=user, sign_in="ask"))
    console = start_program("providers", **break_module(environ))
    console.wait_for("Sign in to")
    console.type(KEY)  # a password as well, though not the one
    masked("Password", console)
    console.press("enter")
    console.wait_for("does not accept this user and password")
    console.paste(PASSWORD)
    masked("Password", console)
    console.press("ctrl+c", "enter")
    go_to_password(console)
    console.press(*["tab"] * 2)
    console.type("{")
    folder = places.data / "drafts"
    wait_until(console, lambda: b'"app_config"' in b"".join(every_file(folder).values()))
    assert_not_in_process(console)
    console.press("f3")
    assert console.wait_end() == 1
    assert "ImportError" in (places.state / "crash.log").read_text()
    said = bytes(console.raw)
    with Console([*PROGRAM, "providers", "list"], environ) as asking:
        asking.wait_for(f"User for {NAME} ({user})")
        asking.type("\r")
        asking.wait_for("Password of")
        assert_not_in_process(asking)
        asking.type(f"{PASSWORD}\r")
        assert asking.wait_end() == 0
        said += bytes(asking.raw)
    for typed in (PASSWORD, KEY):
        done = run_command(environ, "--password-stdin", "doctor", typed=f"{typed}\n")
        said += (done.stdout + done.stderr).encode()
    assert b"Signed in as" in said
    assert_nowhere({"said": said, **every_file(Path(environ["HOME"]))})


def test_the_search_finds_a_leak(tmp_path: Path) -> None:
    for form in (PASSWORD, KEY.encode().hex(), base64.b64encode(b"xy" + KEY.encode()).decode()):
        (tmp_path / "leak").write_text(f"before {form} after")
        with pytest.raises(AssertionError, match="leak"):
            assert_nowhere(every_file(tmp_path))
