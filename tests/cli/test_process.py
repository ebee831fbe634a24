"""The program as a process of its own: what it imports, several at once, pipes, terminals, crashes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import KEY, PASSWORD, SECRETS

PROGRAM = [sys.executable, "-m", "ftos_tui"]


def start(*arguments: str, **options: int) -> "subprocess.Popen[str]":
    """The program, with pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*PROGRAM, *arguments], text=True, encoding="utf-8", **pipes)  # type: ignore[call-overload,no-any-return]


def finish(process: "subprocess.Popen[str]", text: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = process.communicate(text, timeout=60)
    return process.returncode, out, err


LOOK = """
import sys
from ftos_tui.__main__ import main
try:
    main()
except SystemExit as left:
    code = left.code
loaded = {name.split(".")[0] for name in sys.modules}
print("LOADED", sorted(loaded & {"textual", "rich", "alembic", "email_validator", "idna"}), code, file=sys.stderr)
"""


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["providers", "show", "FTOSEmailGateway", "--json"], ""),
        (["providers", "list"], ""),
        (["providers", "fields"], ""),
        (["providers", "statuses", "FTOSEmailGateway"], ""),
        (["log"], ""),
        (["doctor"], ""),
        (["config", "show"], ""),
        (["--help"], ""),
        (["--version"], ""),
    ],
)
def test_looking_imports_neither_textual_nor_what_only_checks_need(arguments: list[str], text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *arguments], input=text, capture_output=True, text=True, timeout=60, check=True
    )
    assert "LOADED [] 0" in done.stderr


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "arguments",
    [
        ["providers", "set", "FTOSEmailGateway", "bulk_no=51"],
        ["providers", "validate", "--file", "-"],
        ["providers", "clear-secret", "FTOSEmailGateway", "app_key"],
        ["providers", "delete", "GatewaySMS", "--confirm", "GatewaySMS"],
    ],
)
def test_changing_imports_no_textual(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *arguments], input="{}", capture_output=True, text=True, timeout=60, check=True
    )
    assert "textual" not in done.stderr.partition("LOADED")[2]
    assert "rich" not in done.stderr.partition("LOADED")[2]


@pytest.mark.usefixtures("configured")
def test_of_two_saves_that_expect_the_same_version_one_wins() -> None:
    both = [
        start("providers", "set", "FTOSEmailGateway", f"bulk_no={number}", "--expect-version", "2", "--json")
        for number in (61, 62)
    ]
    codes = sorted(finish(process)[0] for process in both)
    assert codes == [0, 4]
    _, out, _ = finish(start("providers", "show", "FTOSEmailGateway", "--json"))
    assert json.loads(out)["version"] == 3


def test_two_first_starts_at_once(home: Path) -> None:
    both = [start("providers", "list", "--json") for _ in range(2)]
    for process in both:
        code, out, err = finish(process)
        assert (code, err) == (0, "")
        assert len(json.loads(out)) == 6
    code, out, _ = finish(start("log", "--json"))
    assert "New store" in out


@pytest.mark.usefixtures("home")
def test_a_reader_that_leaves_is_no_error() -> None:
    process = start("providers", "list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(60) == 0
    process.stderr.close()
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.usefixtures("home")
def test_an_output_that_takes_no_more_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = finish(start("providers", "list", stdout=full.fileno()))
    assert code == 1
    assert err.startswith("Standard output cannot be written: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.usefixtures("home")
def test_a_complaint_that_cannot_be_written_keeps_the_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        code, out, _ = finish(start("providers", "no-such", stderr=full.fileno()))
    assert (code, out) == (2, "")


@pytest.mark.usefixtures("home")
def test_streams_that_were_closed_before_the_start_are_no_error_in_the_program(tmp_path: Path) -> None:
    closed = "import os, sys; [os.close(each) for each in {which}]; os.execv(sys.executable, {command})"
    for which, arguments, expected in (
        ((0, 2), ["providers", "no-such"], 2),
        ((1,), ["config", "path"], 1),
    ):
        script = closed.format(which=which, command=[*PROGRAM, *arguments])
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == expected
        assert done.stderr == ("Standard output cannot be written: Bad file descriptor.\n" if 1 in which else "")
    assert not list(tmp_path.rglob("crash.log"))


@pytest.mark.usefixtures("configured")
def test_an_interrupt_ends_it_quietly() -> None:
    process = start("log", "--follow", "--json")
    assert process.stdout is not None
    assert "New store" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert (code, err) == (130, "")


def test_an_error_nobody_expected_is_one_sentence_and_keeps_no_values(configured: Path) -> None:
    broken = (
        "import ftos_tui.cli.showing as showing\n"
        "def show(start, name, *, as_json):\n"
        "    secret = 'canary-local'\n"
        "    raise ValueError('canary-message')\n"
        "showing.show = show\n"
        "from ftos_tui.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken, "providers", "show", "x"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "ValueError" in done.stderr
    [path] = configured.rglob("crash.log")
    assert str(path) in done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    kept = path.read_text()
    assert "builtins.ValueError" in kept
    assert "in show" in kept
    assert "canary" not in kept + done.stderr
    path.unlink()
    path.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", broken, "providers", "show", "x"], capture_output=True, text=True, timeout=60
    )
    assert "its details could not be written" in done.stderr


def completed(*words: str) -> list[str]:
    """What a shell would offer for the last word."""
    environ = {
        **os.environ,
        "_FTOS_TUI_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("ftos-tui", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_completion_offers_names_and_fields(home: Path) -> None:
    assert completed("providers", "show", "FT") == []
    assert not (home / ".local").exists()
    finish(start("providers", "list"))
    assert completed("providers", "show", "FT") == ["FTOSApiSMS", "FTOSEmailGateway"]
    assert completed("--env", "nope", "providers", "show", "FT") == []
    assert completed("providers", "set", "x", "bul") == ["bulk_no="]
    assert completed("providers", "set", "x", "open_setting=") == ["open_setting=on", "open_setting=off"]
    assert completed("providers", "set", "x", "nofield=") == []
    assert completed("providers", "set", "x", "--secret", "app") == ["app_password", "app_key"]
    [store] = home.rglob("local.sqlite3")
    store.write_bytes(b"no database" * 500)
    assert completed("providers", "show", "FT") == []


def test_a_secret_typed_at_a_terminal_is_not_shown(configured: Path) -> None:
    child = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "providers", "set", "FTOSEmailGateway", *SECRETS], encoding="utf-8", timeout=60
    )
    try:
        child.expect_exact("App Password: ")
        child.waitnoecho()
        child.sendline(PASSWORD)
        child.expect_exact("App Key: ")
        shown = child.before
        child.waitnoecho()
        child.sendline(KEY)
        child.expect_exact("Saved FTOSEmailGateway version 3 (2 fields).")
        shown += child.before
        child.expect(pexpect.EOF)
    finally:
        child.close()
    assert child.exitstatus == 0
    assert "canary" not in shown


def test_without_a_writable_home_one_sentence_says_so(home: Path) -> None:
    (home / ".local").write_text("in the way")
    code, out, err = finish(start("providers", "list"))
    assert (code, out) == (5, "")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.usefixtures("configured")
def test_an_output_in_latin_1_is_no_crash() -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "iso-8859-1"}
    done = subprocess.run([*PROGRAM, "providers", "list"], env=environ, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == b""
