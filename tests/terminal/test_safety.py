"""Terminal safety in a real terminal: how the console ends, what reaches the line, what comes in from it."""

import os
import re
import signal
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.terminal.conftest import APPS, Start
from tests.terminal.harness import Console

SOON = 10.0
"""Seconds in which the program must be gone; it promises half a second, on a machine that does nothing else."""

HOSTILE = "a\x1b]52;c;cHduZWQ=\x07b\x9b31mc\u202ed\u200be[/]f[@click=app.bell]g[link=https://evil.example]h\ufeffi"
LEFT = b"\x1b[?1049l"
SENTENCE = "ftos-tui stopped because of an error in it; your unsaved values are kept; details in "


def is_cooked(console: Console) -> bool:
    """Whether the terminal echoes and takes lines, as a shell expects it; the master sees the same settings."""
    assert console._fd is not None
    local = termios.tcgetattr(console._fd)[3]
    return bool(local & termios.ECHO and local & termios.ICANON)


def opened(start_app: Start, folder: Path, *arguments: str, **options: str) -> Console:
    """The demo with its first frame painted."""
    console = start_app("demo.py", str(folder), *arguments, **options)
    console.wait_for("ready")
    console.wait_quiet(0.1)
    return console


# Leaving


@pytest.mark.measured
def test_dropped_line_keeps_values_and_ends_at_once(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.type("XYZ")
    console.wait_for("plainXYZ")
    began = time.monotonic()
    console.hangup()
    assert console.wait_end() == 129
    assert time.monotonic() - began < SOON
    assert (tmp_path / "kept").read_text() == "plainXYZ"


@pytest.mark.measured
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_signal_keeps_values_and_restores_the_terminal(
    start_app: Start, tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    console = opened(start_app, tmp_path)
    assert not is_cooked(console)
    console.kill(signum)
    assert console.wait_end() == code
    assert (tmp_path / "kept").read_text() == "plain"
    assert LEFT in console.raw
    assert console.raw.rindex(b"\x1b[?25h") > console.raw.rindex(b"\x1b[?25l")
    assert b"Traceback" not in console.raw


@pytest.mark.measured
def test_vanished_terminal_is_noticed_without_a_signal(environ: dict[str, str], tmp_path: Path) -> None:
    # The shell leads the session, so the kernel sends SIGHUP to it alone, and it takes no notice.
    script = f"trap '' HUP; {sys.executable} {APPS / 'demo.py'} {tmp_path}; echo $? > {tmp_path}/code"
    with Console(["/bin/sh", "-c", script], environ) as console:
        console.wait_for("ready")
        began = time.monotonic()
        console.hangup()
        console.wait_end()
        assert time.monotonic() - began < SOON
    assert (tmp_path / "code").read_text() == "129\n"
    assert (tmp_path / "kept").read_text() == "plain"


@pytest.mark.measured
def test_stuck_app_is_left_all_the_same(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("f3")
    while not (tmp_path / "blocked").exists():
        console.wait_quiet(0.05)
    began = time.monotonic()
    console.kill(signal.SIGTERM)
    console.wait_for(lambda console: LEFT in console.raw)
    assert is_cooked(console)
    assert console.wait_end() == 143
    assert time.monotonic() - began < SOON
    assert (tmp_path / "kept").read_text() == "plain"


@pytest.mark.measured
def test_frozen_line_holds_nothing_up(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    for turn in range(60):  # nobody reads: the pty, the writer's queue and then the event loop fill up
        console.resize(200 + turn, 24)
        time.sleep(0.01)
    console.kill(signal.SIGTERM)
    assert console._ended.wait(SOON)
    assert console.wait_end() == 143
    assert (tmp_path / "kept").read_text() == "plain"


@pytest.mark.measured
def test_failed_emergency_is_told(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("f9")
    console.wait_for("broken")
    console.press("f1")
    assert console.wait_end() == 1
    assert b"your unsaved values could not be kept" in console.raw
    assert "no room for drafts" in (tmp_path / "crash/crash.log").read_text()


@pytest.mark.measured
def test_app_ends_with_its_own_code(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("enter")
    assert console.wait_end() == 3
    assert not (tmp_path / "kept").exists()


@pytest.mark.measured
@pytest.mark.parametrize("signum", [signal.SIGSTOP, signal.SIGTSTP])
def test_stopped_and_continued(start_app: Start, tmp_path: Path, signum: signal.Signals) -> None:
    console = opened(start_app, tmp_path)
    console.kill(signum)
    os.waitid(os.P_PID, console.pid, os.WSTOPPED | os.WNOWAIT)
    console.wait_quiet(0.05)
    before = len(console.raw)
    console.kill(signal.SIGCONT)
    console.wait_for(lambda console: b"plain" in console.raw[before:])
    assert not is_cooked(console)
    console.type("!")
    console.wait_for("plain!")
    console.press("enter")
    assert console.wait_end() == 3


# Crashes


@pytest.mark.measured
def test_crash_tells_no_values(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("tab")
    console.type("canary-secret")
    console.press("f1")
    assert console.wait_end() == 1
    report = tmp_path / "crash/crash.log"
    said = console.raw[console.raw.rindex(LEFT) :].decode()
    assert said.count(SENTENCE + str(report)) == 1
    assert "Traceback" not in said
    assert "\x1b]0;" not in said
    kept = report.read_text()
    assert "ValueError: broken ␛]0;pwned␇ ••••••••" in kept
    assert "action_crash" in kept
    for secret in ("hunter2", "canary-secret"):
        assert secret.encode() not in console.raw
        assert "= " + secret not in kept
    assert "canary-secret" not in kept
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700
    assert (tmp_path / "kept").read_text() == "plain"


@pytest.mark.measured
def test_crash_in_a_worker(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("f2")
    assert console.wait_end() == 1
    assert SENTENCE.encode() in console.raw
    assert "LookupError: in a worker" in (tmp_path / "crash/crash.log").read_text()


# What reaches the line


@pytest.mark.measured
def test_hostile_text_reaches_no_terminal(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path, HOSTILE)
    console.press("f8")
    console.wait_for("[/]: said")
    console.press("f7")
    console.wait_for("titled")
    console.press("enter")
    assert console.wait_end() == 3
    text = console.raw.decode()
    assert "]52;" in text, "the harmless part is shown"
    assert "\x1b]52" not in text
    assert "evil.example" in text
    assert "\x1b]8;" not in text
    assert not re.search("[\x80-\x9f\u200b\u202e\ufeff]", text)
    assert "[/]f[@click=app.bell]g" in text
    assert not re.search("\x1b(?!\\[|\\]2;)", text.replace("\x1b\\", ""))


@pytest.mark.measured
def test_window_title_is_put_back(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path, HOSTILE)
    console.press("f7")
    console.wait_for("titled")
    assert b"\x1b[22;2t\x1b]2;title a" in console.raw
    console.press("enter")
    console.wait_end()
    assert b"\x1b[23;2t" in console.raw


@pytest.mark.parametrize(
    ("variables", "codes"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, b"48;2;"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, b"48;5;"),
        ({"TERM": "tmux-256color", "COLORTERM": ""}, b"48;5;"),
        ({"TERM": "alacritty", "COLORTERM": ""}, b"48;5;"),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, b";40m"),
        ({"TERM": "xterm", "COLORTERM": ""}, b";40m"),
        ({"TERM": "xterm-16color", "COLORTERM": ""}, b";40m"),
        ({"TERM": "linux", "COLORTERM": ""}, b";40m"),
    ],
)
def test_colours_fit_the_terminal(start_app: Start, tmp_path: Path, variables: dict[str, str], codes: bytes) -> None:
    console = opened(start_app, tmp_path, **variables)
    assert codes in console.raw
    for other in {b"48;2;", b"48;5;"} - {codes}:
        assert other not in console.raw


@pytest.mark.parametrize("variables", [{"TERM": "vt100"}, {"NO_COLOR": "1"}])
def test_without_colour_the_cursor_is_still_seen(start_app: Start, tmp_path: Path, variables: dict[str, str]) -> None:
    console = opened(start_app, tmp_path, **variables)
    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", bytes(console.raw)))
    assert styles <= {b"", b"0", b"1", b"2", b"7"}
    assert b"\x1b[7m \x1b[0m" in console.raw


@pytest.mark.parametrize(("column", "most"), [(0, 110), (40, 150)])
def test_a_key_costs_few_bytes(start_app: Start, tmp_path: Path, column: int, most: int) -> None:
    console = opened(start_app, tmp_path, "x" * column, COLORTERM="truecolor")
    before = len(console.raw)
    console.type("k")
    console.wait_for("x" * column + "k")
    console.wait_quiet(0.2)
    assert len(console.raw) - before <= most


def test_idle_costs_nothing(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    before = len(console.raw)
    console.press("tab")
    console.wait_for(lambda console: len(console.raw) > before)
    console.wait_quiet(1.3)


@pytest.mark.measured
def test_mouse_is_off_under_ssh_and_can_be_switched(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path, SSH_TTY="/dev/pts/9")
    assert b"\x1b[?1000h" not in console.raw
    console.press("f6")
    console.wait_for("mouse on")
    assert b"\x1b[?1000h" in console.raw
    console.press("f5")
    console.wait_for("mouse off")
    assert console.raw.rindex(b"\x1b[?1003l") > console.raw.rindex(b"\x1b[?1003h")


# What comes in from the line


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("one\ntwo\n", "The paste has 2 lines and this field takes one. Nothing was pasted."),
        ("tab\there", "The paste has a control character in it (U+0009"),
        ("nul\0here", "The paste has a control character in it (U+0000"),
        ("x" * 201, "This field takes at most 200 characters, this would make 206."),
        ("esc\x1b]52;c;" + "y" * 40 + "\rz", "The paste has 2 lines"),
        ("esc\x1b]52;c;" + "y" * 40, "The paste has a control character in it (U+001B"),
    ],
)
def test_paste_that_does_not_fit_is_refused_whole(start_app: Start, tmp_path: Path, pasted: str, said: str) -> None:
    console = opened(start_app, tmp_path)
    console.paste(pasted)
    console.wait_for(said)
    assert console.screen[3] == "plain"


@pytest.mark.measured
def test_paste_is_taken_whole_however_it_arrives(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    whole = "\x1b[200~one\u200btwo\r\x1b[201~!".encode()
    for cut in range(len(whole)):
        console.send(whole[cut : cut + 1])
        console.wait_quiet(0.01)
    console.wait_for("plainone�two!")
    console.press("enter")
    assert console.wait_end() == 3


def test_bytes_that_are_no_utf8_do_not_end_it(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.send(b"caf\xe9 \xff")
    console.wait_for("plaincaf� �")


@pytest.mark.measured
def test_escape_key_is_a_key(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.send(b"\x1b[2")  # the beginning of a mark, never followed by its rest
    console.wait_quiet(0.4)
    console.press("escape")
    console.wait_quiet(0.3)
    console.type("after")
    console.wait_for("after")


@pytest.mark.parametrize(
    ("key", "word"), [("ctrl+s", "saved"), ("ctrl+z", "undone"), ("ctrl+p", "palette"), ("ctrl+x", "ctrl+x")]
)
def test_the_screens_keys_pass_a_field(start_app: Start, tmp_path: Path, key: str, word: str) -> None:
    console = opened(start_app, tmp_path)
    console.press(key)
    console.wait_for(f"info: {word}")


def test_secret_shows_nothing_of_itself(start_app: Start, tmp_path: Path) -> None:
    console = opened(start_app, tmp_path)
    console.press("tab")
    console.wait_quiet(0.2)
    seen = set()
    for text in ("s", "wordfish-and-more", "a third part"):
        console.type(text)
        console.wait_for("••••••••")
        console.press("home", "left")
        console.wait_quiet(0.2)
        seen.add((console.screen[4], console.cursor))
    assert len(seen) == 1
    assert console.screen[4] == "•" * 8
    console.press("ctrl+u")
    console.wait_for("not set")
    assert b"wordfish" not in console.raw


# The editor


def editor(folder: Path, script: str) -> str:
    """A shell script as the operator's editor."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.measured
def test_editor_gets_a_private_file_and_the_terminal(start_app: Start, tmp_path: Path) -> None:
    script = (
        f'stat -c "%a" "$1" "$(dirname "$1")" > {tmp_path}/modes; echo "$1" > {tmp_path}/name; echo in the editor; '
        f'read line; cat "$1" > {tmp_path}/got; printf "after\\n" > "$1"'
    )
    console = opened(start_app, tmp_path, EDITOR=editor(tmp_path, script))
    console.press("f4")
    console.wait_for("in the editor")
    assert is_cooked(console)
    console.kill(signal.SIGINT)  # meant for the editor
    console.send(b"\n")
    console.wait_for("info: edited: after")
    assert not is_cooked(console)
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    assert (tmp_path / "got").read_text() == "before"
    name = Path((tmp_path / "name").read_text().strip())
    assert name.suffix == ".json"
    assert not name.parent.exists()
    console.type("!")
    console.wait_for("plain!")


@pytest.mark.measured
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 0", "info: edited: None"),
        ("exit 7", "ended with code 7; nothing was taken over"),
        ('printf "\\377" > "$1"', "no UTF-8, the first at position 0"),
        ('rm "$1"', "left no file"),
        ('rm "$1"; ln -s /etc/passwd "$1"', "left no plain file"),
        ('head -c 5000000 /dev/zero > "$1"', "more than 4 MiB"),
    ],
)
def test_editor_that_gives_nothing_usable(start_app: Start, tmp_path: Path, script: str, said: str) -> None:
    console = opened(start_app, tmp_path, columns=200, VISUAL=editor(tmp_path, script), EDITOR="/nonexistent")  # type: ignore[arg-type]
    console.press("f4")
    console.wait_for(said)
    console.type("!")
    console.wait_for("plain!")
    console.press("enter")
    assert console.wait_end() == 3


@pytest.mark.parametrize(
    ("command", "said"), [("/no/such/editor", "There is no program"), ("'unclosed", "cannot be read")]
)
def test_editor_that_does_not_exist(start_app: Start, tmp_path: Path, command: str, said: str) -> None:
    console = opened(start_app, tmp_path, EDITOR=command)
    console.press("f4")
    console.wait_for(said)


@pytest.mark.measured
def test_line_drops_while_the_editor_runs(start_app: Start, tmp_path: Path) -> None:
    script = f'echo "$1" > {tmp_path}/name; echo in the editor; exec sleep 60'
    console = opened(start_app, tmp_path, EDITOR=editor(tmp_path, script))
    console.press("f4")
    console.wait_for("in the editor")
    console.hangup()
    assert console.wait_end() == 129
    assert (tmp_path / "kept").read_text() == "plain"
    assert not Path((tmp_path / "name").read_text().strip()).exists()


# No terminal


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_terminal_that_will_not_do(start_app: Start, tmp_path: Path, term: str) -> None:
    console = start_app("demo.py", str(tmp_path), columns=200, TERM=term)
    assert console.wait_end() == 2
    assert "no terminal ftos-tui can draw on" in console.text
    assert b"\x1b" not in console.raw


@pytest.mark.measured
def test_no_terminal(environ: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(APPS / "demo.py"), str(tmp_path)],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ftos-tui needs a terminal")
    assert done.stderr.count("\n") == 1


def test_nothing_is_logged_that_textual_would_log(start_app: Start, tmp_path: Path) -> None:
    logs = {"TEXTUAL_LOG": str(tmp_path / "textual.log"), "TEXTUAL_DEBUG": "1", "TEXTUAL": "debug,devtools"}
    console = opened(start_app, tmp_path, TEXTUAL_PRESS="enter", COLUMNS="40", **logs)
    console.type("typed")
    console.wait_for("plaintyped")
    assert not (tmp_path / "textual.log").exists()
    assert not Path("keys.log").exists()
