"""What is settled before Textual is imported."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ftos_tui.tty import colour_system, mouse_wanted, prepare_terminal


@pytest.fixture(autouse=True)
def _core_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize(("stdin", "stdout"), [(False, True), (True, False), (False, False)])
def test_no_terminal_is_refused(stdin: bool, stdout: bool) -> None:
    environ = {"TERM": "xterm"}
    sentence = prepare_terminal(environ, stdin, stdout)
    assert sentence is not None
    assert "needs a terminal" in sentence
    assert environ == {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("environ", "said"), [({"TERM": " DUMB "}, "TERM=dumb"), ({"TERM": ""}, "TERM is not"), ({}, "TERM is not")]
)
def test_terminal_that_cannot_draw_is_refused(environ: dict[str, str], said: str) -> None:
    sentence = prepare_terminal(environ, True, True)
    assert sentence is not None
    assert sentence.startswith(said)


def test_variables_that_log_keys_or_run_code_are_dropped() -> None:
    environ = {"TERM": "xterm-256color", "TEXTUAL": "debug", "TEXTUAL_FPS": "30", "NO_COLOR": "", "PATH": "/bin"}
    for name in ("LOG", "DEBUG", "SHOW_RETURN", "DRIVER", "PRESS", "ALLOW_SIGNALS", "SCREENSHOT", "ANIMATIONS"):
        environ[f"TEXTUAL_{name}"] = "1"
    environ |= {"COLUMNS": "40", "LINES": "10", "TEXTUAL_COLOR_SYSTEM": "rubbish"}
    assert prepare_terminal(environ, True, True) is None
    assert environ == {
        "TERM": "xterm-256color",
        "PATH": "/bin",
        "TEXTUAL_FPS": "30",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "TEXTUAL_COLOR_SYSTEM": "256",
    }


def test_core_dumps_are_off() -> None:
    prepare_terminal({"TERM": "xterm"}, True, True)
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


@pytest.mark.parametrize("term", ["vt100", "vt220", "xterm-mono"])
def test_terminals_without_colour(term: str) -> None:
    environ = {"TERM": term, "COLORTERM": "truecolor"}
    assert prepare_terminal(environ, True, True) is None
    assert environ["NO_COLOR"] == "1"
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "standard"
    assert environ["TEXTUAL_DISABLE_KITTY_KEY"] == "1"


def test_operators_colour_system_is_kept() -> None:
    environ = {"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}
    prepare_terminal(environ, True, True)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "standard"


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm"}, "standard"),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "foot"}, "256"),
        ({"TERM": "screen.xterm-256color", "COLORTERM": "truecolor"}, "256"),
        ({"TERM": "screen", "COLORTERM": "truecolor", "TMUX": "/tmp/tmux"}, "truecolor"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "standard"),
    ],
)
def test_colours(environ: dict[str, str], colours: str) -> None:
    assert colour_system(environ) == colours


@pytest.mark.parametrize(
    ("setting", "environ", "wanted"),
    [
        ("auto", {}, True),
        ("auto", {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ("auto", {"SSH_TTY": "/dev/pts/0"}, False),
        ("on", {"SSH_TTY": "/dev/pts/0"}, True),
        ("off", {}, False),
    ],
)
def test_mouse(setting: str, environ: dict[str, str], wanted: bool) -> None:
    assert mouse_wanted(setting, environ) is wanted


def test_it_is_settled_without_textual() -> None:
    code = "import sys, ftos_tui.tty; raise SystemExit(any(name in sys.modules for name in ('textual', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
