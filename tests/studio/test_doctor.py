"""What the examination finds, on real files."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from ftos_tui.config import Settings
from ftos_tui.domain.failure import Failure
from ftos_tui.studio import doctor
from ftos_tui.studio.doctor import State, Terminal, examine
from ftos_tui.studio.drafts import keep_draft
from ftos_tui.studio.providers import new_draft
from ftos_tui.studio.session import Session, new_id
from ftos_tui.studio.surroundings import bytecode_lacking, tmux_option
from tests.studio.making import saved

TERMINAL = Terminal(True, 80, 24, "utf-8")
XTERM = {"TERM": "xterm-256color"}


def found(
    session: Session, environ: Mapping[str, str] = XTERM, terminal: Terminal = TERMINAL
) -> dict[str, tuple[State, str]]:
    checks = examine(lambda: session, session.places, environ, terminal)
    assert all(check.message.isprintable() for check in checks)
    return {check.name: (check.state, check.message) for check in checks}


def test_before_the_first_start_nothing_is_made(session: Session, tmp_path: Path) -> None:
    checks = found(session)
    assert {state for name, (state, _) in checks.items() if name != "bytecode"} == {State.OK}
    assert "Not made yet" in checks["store"][1]
    assert list(tmp_path.iterdir()) == []


def test_a_good_store(session: Session) -> None:
    saved(session)
    checks = found(session)
    assert checks["store"][0] is State.OK
    assert "7 providers" in checks["store"][1]
    assert "SQLite" in checks["store"][1]
    assert checks["key"][1].startswith("Key ")
    assert checks["modes"] == (State.OK, "Folders and files are yours alone.")
    assert checks["drafts"] == (State.OK, "None waiting")


def test_open_modes_are_told_with_the_command(session: Session) -> None:
    saved(session)
    session.close()
    session.store_path.chmod(0o644)
    assert f"run chmod 600 {session.store_path}" in found(session)["modes"][1]
    session.key_path.chmod(0o644)
    assert found(session)["key"][0] is State.FAIL


def test_a_damaged_store_fails(session: Session) -> None:
    saved(session)
    session.close()
    session.store_path.write_bytes(b"x" * 5000)
    checks = found(session)
    assert checks["store"][0] is State.FAIL
    assert checks["key"][0] is State.FAIL


def test_settings_that_cannot_be_used_fail_and_the_rest_is_still_examined(session: Session) -> None:
    def refuse() -> Session:
        raise Failure("no settings")

    checks = examine(refuse, session.places, XTERM, TERMINAL)
    assert checks[-1] == doctor.Check("settings", State.FAIL, "no settings")
    assert checks[0].name == "terminal"


def test_the_settings_file_is_named(session: Session) -> None:
    session.settings = Settings(source=Path("/x/\x1bconfig.toml"))
    assert found(session)["settings"][1] == "/x/␛config.toml, environment local, open to changes"


def test_waiting_drafts_are_told(session: Session) -> None:
    keep_draft(session, new_id(), new_draft().with_text("name", "x"))
    assert found(session)["drafts"][0] is State.WARN
    folder = session.places.data / "drafts"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("no folder")
    assert found(session)["drafts"] == (State.OK, "None waiting")


def test_drafts_that_cannot_be_read_fail(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_draft(session, new_id(), new_draft().with_text("name", "x"))

    def refuse(path: Path, pattern: str) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", refuse)
        assert doctor._drafts(session).state is State.FAIL


def test_files_of_another_user_are_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(session)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert any("belongs to another user" in line for line in doctor._loose({session.store_path: None}, 0o600))


def test_a_disk_that_cannot_be_looked_at_fails(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shutil.disk_usage", refuse)
    assert found(session)["disk"][0] is State.FAIL


@pytest.mark.parametrize(
    ("environ", "terminal", "name", "state", "told"),
    [
        (XTERM, Terminal(False, 0, 0, "utf-8"), "terminal", State.WARN, "No terminal here"),
        ({}, TERMINAL, "terminal", State.WARN, "TERM is not set"),
        ({"TERM": "dumb"}, TERMINAL, "terminal", State.WARN, "TERM is dumb"),
        (XTERM, Terminal(True, 59, 24, "utf-8"), "terminal", State.WARN, "at least 60x16"),
        ({**XTERM, "NO_COLOR": "1"}, TERMINAL, "colours", State.OK, "Off by NO_COLOR"),
        ({**XTERM, "COLORTERM": "truecolor"}, TERMINAL, "colours", State.OK, "True colour"),
        (XTERM, TERMINAL, "colours", State.OK, "256 colours"),
        ({"TERM": "xterm"}, TERMINAL, "colours", State.OK, "16 colours"),
        (XTERM, Terminal(True, 80, 24, "ISO-8859-1"), "encoding", State.WARN, "UTF-8 locale"),
        ({**XTERM, "SSH_CONNECTION": "192.0.2.7 1 2 3"}, TERMINAL, "ssh", State.OK, "from 192.0.2.7"),
        ({**XTERM, "SSH_TTY": "/dev/pts/1"}, TERMINAL, "ssh", State.OK, "an unknown address"),
        ({**XTERM, "STY": "1.x"}, TERMINAL, "screen", State.OK, "Ctrl+A"),
        ({**XTERM, "TMUX": "/nowhere,1,0", "PATH": "/nowhere"}, TERMINAL, "tmux", State.WARN, "does not answer"),
    ],
)
def test_the_terminal(
    session: Session, environ: dict[str, str], terminal: Terminal, name: str, state: State, told: str
) -> None:
    checks = found(session, environ, terminal)
    assert checks[name][0] is state
    assert told in checks[name][1]


def tmux_that_says(folder: Path, escape_time: str, extended_keys: str) -> dict[str, str]:
    program = folder / "tmux"
    program.write_text(f'#!/bin/sh\ncase "$3" in escape-time) echo {escape_time};; *) echo {extended_keys};; esac\n')
    program.chmod(0o700)
    return {**XTERM, "TMUX": "x", "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("escape_time", "extended_keys", "state", "told"),
    [
        ("500", "on", State.WARN, "escape-time is 500 ms"),
        ("10", "off", State.WARN, "extended-keys is off"),
        ("10", "on", State.OK, "escape-time 10 ms"),
    ],
)
def test_tmux_is_asked(
    session: Session,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    escape_time: str,
    extended_keys: str,
    state: State,
    told: str,
) -> None:
    environ = tmux_that_says(tmp_path_factory.mktemp("bin"), escape_time, extended_keys)
    monkeypatch.setenv("PATH", environ["PATH"])
    checks = found(session, environ)
    assert checks["tmux"][0] is state
    assert told in checks["tmux"][1]


def test_a_tmux_that_fails_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = tmux_that_says(tmp_path, "1", "on")
    (tmp_path / "tmux").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PATH", environ["PATH"])
    assert tmux_option("escape-time", environ) is None


def test_little_room_is_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LITTLE_DISK", 1 << 62)
    assert found(session)["disk"][0] is State.WARN
    monkeypatch.setattr(doctor, "_NO_DISK", 1 << 62)
    assert found(session)["disk"][0] is State.FAIL


def test_modules_that_are_not_compiled_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "not_compiled_yet"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert bytecode_lacking(("not_compiled_yet", "surely_not_installed", "sys")) == [package]


def test_the_programs_own_modules_are_examined(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "bytecode_lacking", lambda packages: [Path("/x")])
    assert "compileall -q /x" in found(session)["bytecode"][1]
    monkeypatch.setattr(doctor, "bytecode_lacking", lambda packages: [])
    assert found(session)["bytecode"] == (State.OK, "Compiled")


def test_a_key_from_the_environment_is_a_warning(session: Session) -> None:
    saved(session)
    session.close()
    key = session.key_path.read_text()
    session.key_path.unlink()
    session.environ = {"FTOS_TUI_MASTER_KEY": key.strip()}
    assert found(session)["key"][0] is State.WARN


def test_the_state_folder_is_private_once_made(session: Session) -> None:
    saved(session)
    assert stat.S_IMODE(session.places.state.stat().st_mode) == 0o700
