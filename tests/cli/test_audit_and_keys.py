"""`audit` and `secrets` as commands: exit codes, JSON, passphrases at a terminal and on standard input."""

import getpass
import json
import os
import pty
import socket
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from ftos_tui.cli.audit import _since
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.passphrase import ask_passphrase
from ftos_tui.vault.key_file import make_key_file
from tests.cli.conftest import KEY, PASSWORD, Run

PROGRAM = [sys.executable, "-m", "ftos_tui"]


def data(home: Path) -> Path:
    return home / ".local" / "share" / "ftos-tui"


def tamper(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(data(home) / "local.sqlite3")) as connection, connection:
        connection.execute(statement)


def test_the_audit_is_listed_newest_first(run: Run, gateway: str) -> None:
    assert run("providers", "set", gateway, "bulk_no=60", "--reason", "month\x1b end").code == 0
    entries = run("audit", "list", "--json").json
    assert [entry["sequence"] for entry in entries] == [8, 7, 6, 5, 4, 3, 2, 1]
    newest = entries[0]
    assert (newest["action"], newest["provider"], newest["version"]) == ("save", gateway, 3)
    assert newest["detail"]["changed"] == ["bulk_no"]
    assert entries[-1]["user"] == "shipped"
    rows = run("audit", "list", "--limit", "2").out.splitlines()
    assert rows[0].split() == ["ENTRY", "AT", "BY", "ACTION", "PROVIDER", "VERSION", "DETAIL"]
    assert len(rows) == 3
    assert "changed Bulk No; reason month␛ end" in rows[1]
    assert len(run("audit", "list", "--provider", gateway, "--json").json) == 3
    assert len(run("audit", "list", "--user", "shipped", "--action", "shipped", "--json").json) == 6
    assert len(run("audit", "list", "--since", "1h", "--json").json) == 8
    assert run("audit", "list", "--since", "2999-01-01", "--json").json == []
    outcome = run("audit", "list", "--since", "yesterday")
    assert outcome.code == 2
    assert "--since takes" in outcome.err
    for command in (["audit", "list", "--json"], ["secrets", "status", "--json"]):
        printed = run(*command)
        assert PASSWORD not in printed.out + printed.err
        assert KEY not in printed.out + printed.err


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", datetime(2026, 1, 2, 11, 58, 30, tzinfo=UTC)),
        ("90m", datetime(2026, 1, 2, 10, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 1, 2, 10, 0, tzinfo=UTC)),
        ("1d", datetime(2026, 1, 1, 12, 0, tzinfo=UTC)),
        ("1w", datetime(2025, 12, 26, 12, 0, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T10:00", datetime(2026, 1, 2, 10, 0, tzinfo=UTC)),
        ("2026-01-02T10:00+02:00", datetime(2026, 1, 2, 8, 0, tzinfo=UTC)),
    ],
)
def test_since_when(written: str, meant: datetime) -> None:
    assert _since(written, datetime(2026, 1, 2, 12, 0, tzinfo=UTC)) == meant


@pytest.mark.parametrize("written", ["x", "10", "-1h", "999999w", "1y", "٣h", "0001-01-01T00:00+23:59"])
def test_since_no_time(written: str) -> None:
    with pytest.raises(UsageProblem, match="--since takes"):
        _since(written, datetime(2026, 1, 2, 12, 0, tzinfo=UTC))


def test_more_than_a_page_is_listed(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.cli.audit._PAGE", 3)
    assert gateway
    assert [entry["sequence"] for entry in run("audit", "list", "--json").json] == [7, 6, 5, 4, 3, 2, 1]
    assert [entry["sequence"] for entry in run("audit", "list", "--json", "--limit", "5").json] == [7, 6, 5, 4, 3]
    assert len(run("audit", "list", "--json", "--limit", "6").json) == 6


def test_a_broken_chain_has_exit_code_3_and_says_where(run: Run, gateway: str, home: Path) -> None:
    assert gateway
    whole = run("audit", "verify")
    assert (whole.code, whole.err) == (0, "")
    assert whole.out.startswith("The audit is whole: 7 entries, head ")
    tamper(home, "UPDATE audit SET user = 'eve' WHERE sequence = 3")
    broken = run("audit", "verify")
    assert (broken.code, broken.out) == (3, "")
    assert broken.err.startswith("Entry 3 (")
    as_json = run("audit", "verify", "--json")
    assert as_json.code == 3
    assert as_json.json["whole"] is False
    assert as_json.json["checked"] == 2
    assert (as_json.json["problem"]["sequence"], as_json.json["problem"]["kind"]) == (3, "altered")


def test_checkpoints_go_to_a_file_and_a_log_server_and_a_cut_shows(run: Run, gateway: str, home: Path) -> None:
    assert gateway
    path = home / "checkpoints"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        where = f"127.0.0.1:{server.getsockname()[1]}"
        outcome = run("audit", "checkpoint", "--file", str(path), "--syslog", where)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.startswith("Checkpoint at entry 7, ")
        assert path.read_bytes().rstrip(b"\n") in server.recv(65536)
    taken = run("audit", "checkpoint", "--file", str(path), "--json").json
    assert (taken["sequence"], taken["environment"]) == (7, "local")
    assert run("audit", "verify", "--file", str(path), "--json").json["checkpoints"] == 1
    tamper(home, "DELETE FROM audit WHERE sequence = 7")
    cut = run("audit", "verify", "--file", str(path))
    assert cut.code == 3
    assert "Entry 7 is missing at the end" in cut.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Say where the checkpoint goes"),
        (["--syslog", "nowhere"], 2, "write /dev/log or HOST:PORT"),
        (["--syslog", "/nowhere/log"], 5, "cannot be reached"),
        (["--file", "/nowhere/file"], 5, "cannot be written"),
    ],
)
def test_a_checkpoint_that_goes_nowhere_is_said(run: Run, arguments: list[str], code: int, message: str) -> None:
    outcome = run("audit", "checkpoint", *arguments)
    assert outcome.code == code
    assert message in outcome.err


def test_the_key_is_replaced_and_everything_still_opens(run: Run, gateway: str, home: Path) -> None:
    before = run("secrets", "status", "--json").json
    assert before["secrets"] == {before["key_id"]: 2}
    assert (before["waiting"], before["retiring"], before["unreadable"]) == (0, None, [])
    done = run("secrets", "rotate-key", "--reason", "yearly")
    assert (done.code, done.err) == (0, "")
    assert f"Master key {before['key_id']} replaced by " in done.out
    assert "2 secrets wrapped anew." in done.out
    after = run("secrets", "status")
    assert "2 secrets under key " in after.out
    assert "(in force)" in after.out
    values = run("providers", "show", gateway, "--json").json["values"]
    assert values["app_key"] == {"set": True, "version": 1}
    assert run("audit", "verify").code == 0
    make_key_file(home / "given.key")
    again = run("secrets", "rotate-key", "--new-key-file", str(home / "given.key"), "--json").json
    assert (again["rewrapped"], again["lost"], again["resumed"]) == (2, 0, False)
    assert again["kept"].endswith(".old")
    assert run("secrets", "rotate-key", "--new-key-file", str(home / "given.key")).code == 1
    assert run("secrets", "rotate-key", "--new-key-file", str(home / "given.key"), "--passphrase").code == 2


def test_unreadable_secrets_are_named(run: Run, gateway: str, home: Path) -> None:
    assert run("secrets", "status").code == 0
    tamper(home, "UPDATE secret SET sealed = zeroblob(300), key_id = 'ffff' WHERE field = 'app_key'")
    outcome = run("secrets", "status")
    assert outcome.code == 5
    assert "1 secret under key ffff (unknown)" in outcome.out
    assert f"Unreadable: App Key of {gateway}, secret version 1" in outcome.out.splitlines()
    assert run("providers", "clear-secret", gateway, "app_key").code == 0
    outcome = run("secrets", "status")
    assert outcome.code == 0
    assert "secret version 1, no longer in use" in outcome.out


def test_a_stopped_rotation_is_told_and_resumed(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gateway
    with monkeypatch.context() as patched:
        patched.setattr("ftos_tui.studio.rotation._rewrap_all", lambda *_: sys.exit(9))
        assert run("secrets", "rotate-key").code == 9
    status = run("secrets", "status")
    assert "2 secrets under key " in status.out
    assert "(being replaced)" in status.out
    assert "was stopped: `ftos-tui secrets rotate-key` goes on" in status.out
    assert run("secrets", "status", "--json").json["waiting"] == 2
    assert run("secrets", "rotate-key").out.startswith("Went on with a stopped rotation. ")
    assert run("secrets", "status", "--json").json["waiting"] == 0


def test_without_secrets_there_is_nothing_to_tell(run: Run, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert "No secret is stored yet." in run("secrets", "status").out
    key = (data(home) / "local.key").read_text().strip()
    (data(home) / "local.key").unlink()
    monkeypatch.setenv("FTOS_TUI_MASTER_KEY", key)
    assert "every program you start can read" in run("secrets", "status").err


# Passphrases


@pytest.fixture
def passphrase(home: Path) -> Path:
    """A home whose settings want a passphrase."""
    folder = home / ".config" / "ftos-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[environments.local]\nkey = "passphrase"\n')
    return home


def alone(*arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    """The program without any terminal."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


def test_without_a_terminal_the_passphrase_is_a_line_of_standard_input(passphrase: Path) -> None:
    made = alone("providers", "list", text="correct horse\ncorrect horse\n")
    assert (made.returncode, made.stderr) == (0, "")
    assert not (data(passphrase) / "local.key").exists()
    assert alone("audit", "verify", text="correct horse\n").returncode == 0
    wrong = alone("audit", "verify", text="wrong horse\n")
    assert wrong.returncode == 5
    assert wrong.stderr.startswith("The master key from the passphrase is not the one the secrets of environment local")
    assert wrong.stderr.count("\n") == 1
    for text, code, message in (
        ("", 2, "ended before"),
        ("\n", 5, "No passphrase was entered"),
        ("\udcff\n", 2, "UTF-8"),
    ):
        done = subprocess.run(
            [*PROGRAM, "audit", "verify"],
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )
        assert done.returncode == code
        assert message in done.stderr.decode()
    differing = alone("secrets", "rotate-key", "--passphrase", text="correct horse\none\nother\n")
    assert differing.returncode == 5
    assert "passphrases differ" in differing.stderr
    rotated = alone("secrets", "rotate-key", "--passphrase", text="correct horse\nnew horse\nnew horse\n")
    assert (rotated.returncode, rotated.stderr) == (0, "")
    status = alone("secrets", "status", "--json", text="new horse\n")
    assert json.loads(status.stdout)["source"] == "the passphrase"
    assert alone("audit", "verify", text="correct horse\n").returncode == 5


def test_the_settings_are_to_follow_a_new_passphrase(home: Path) -> None:
    assert alone("providers", "list").returncode == 0
    assert home.exists()
    rotated = alone("secrets", "rotate-key", "--passphrase", text="new horse\nnew horse\n")
    assert rotated.returncode == 0
    assert 'Set key = "passphrase"' in rotated.stderr


def test_a_passphrase_typed_at_the_terminal_is_not_shown_even_where_input_is_piped(passphrase: Path) -> None:
    environ = dict(os.environ)
    command = f"echo unused | {sys.executable} -m ftos_tui providers list"
    with pexpect.spawn("/bin/sh", ["-c", command], env=environ, encoding="utf-8", timeout=60) as terminal:
        for prompt in ("New passphrase of local: ", "The same once more: "):
            terminal.expect_exact(prompt)
            terminal.sendline("correct horse")
        terminal.expect_exact("FTOSEmailGateway")
        terminal.expect(pexpect.EOF)
    assert passphrase.exists()
    with pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "audit", "verify"], env=environ, encoding="utf-8", timeout=60
    ) as again:
        again.expect_exact("Passphrase of local: ")
        again.sendline("correct horse")
        again.expect_exact("The audit is whole: 6 entries")
        assert "correct horse" not in again.before


def test_the_console_asks_before_it_has_the_terminal(passphrase: Path) -> None:
    environ = {**os.environ, "TERM": "xterm-256color"}
    assert alone("providers", "list", text="correct horse\ncorrect horse\n").returncode == 0
    assert passphrase.exists()
    with pexpect.spawn(PROGRAM[0], PROGRAM[1:], env=environ, encoding="utf-8", timeout=60) as console:
        console.expect_exact("Passphrase of local: ")
        console.sendline("wrong horse")
        console.expect_exact("enter the right one.")
        console.expect(pexpect.EOF)
        console.close()
        assert console.exitstatus == 5
    with pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "providers"], env=environ, encoding="utf-8", timeout=60, dimensions=(24, 80)
    ) as console:
        console.expect_exact("Passphrase of local: ")
        console.sendline("correct horse")
        console.expect_exact("FTOSEmailGateway")
        console.send("q")
        console.expect(pexpect.EOF)
        console.close()
        assert console.exitstatus == 0


def test_a_terminal_that_ends_before_the_passphrase_is_said(passphrase: Path) -> None:
    assert passphrase.exists()
    with pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], "providers", "list"], encoding="utf-8", timeout=60) as terminal:
        terminal.expect_exact("New passphrase of local: ")
        terminal.sendeof()
        terminal.expect_exact("No passphrase was entered.")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 2


def test_a_terminal_that_would_show_the_passphrase_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(prompt: str) -> str:
        warnings.warn(prompt, getpass.GetPassWarning, stacklevel=2)
        return "canary"

    monkeypatch.setattr(getpass, "getpass", shown)
    monkeypatch.setattr("ftos_tui.cli.passphrase.has_terminal", lambda: True)
    with pytest.raises(UsageProblem, match="would show the passphrase"):
        ask_passphrase("Passphrase: ")


def test_a_verification_at_a_terminal_takes_its_progress_line_away(gateway: str) -> None:
    assert gateway
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            [*PROGRAM, "audit", "verify"], stdout=subprocess.PIPE, stderr=slave, timeout=60, check=True
        )
    finally:
        os.close(slave)
        os.close(master)
    assert done.stdout.startswith(b"The audit is whole: 7 entries")
