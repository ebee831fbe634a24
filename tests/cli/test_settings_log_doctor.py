"""`config`, `log`, `doctor`, and the options before every command."""

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SETTINGS = """
environment = "test"
[environments.test]
test = true
allowed_hosts = ["b.example", "a.example"]
[keys]
"form.undo" = "ctrl+u"
"""


@pytest.fixture
def settings(home: Path) -> Path:
    path = home / "my.toml"
    path.write_text(SETTINGS)
    return path


def test_the_settings_in_force(run: Run, settings: Path) -> None:
    shown = run("config", "show").out
    assert shown.startswith("# defaults: there is no file")
    assert tomllib.loads(shown)["environment"] == "local"
    shown = run("config", "show", "--config", str(settings)).out
    parsed = tomllib.loads(shown)
    assert parsed["environments"]["test"]["allowed_hosts"] == ["a.example", "b.example"]
    assert parsed["keys"] == {"form.undo": ["ctrl+u"]}
    as_json = run(f"--config={settings}", "config", "show", "--json").json
    assert (as_json["source"], as_json["environment"]) == (str(settings), "test")
    assert run("--config", str(settings), "--env", "local", "config", "show", "--json").json["environment"] == "local"


def test_the_environment_chooses_settings_and_environment(
    run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTOS_TUI_CONFIG", str(settings))
    monkeypatch.setenv("FTOS_TUI_ENV", "local")
    assert run("config", "show", "--json").json["environment"] == "local"
    assert run("config", "path").out == f"{settings}\n"
    monkeypatch.setenv("FTOS_TUI_ENV", "lokal")
    outcome = run("providers", "list")
    assert outcome.code == 2
    assert outcome.err == "There is no environment lokal: did you mean local?\n"
    monkeypatch.setenv("FTOS_TUI_CONFIG", "/none.toml")
    assert run("providers", "list").code == 2


def test_a_store_of_its_own_for_each_environment(run: Run, settings: Path) -> None:
    assert run("providers", "delete", "GatewaySMS", "--confirm", "GatewaySMS").code == 0
    assert len(run("providers", "list", "--json").json) == 5
    assert len(run("providers", "list", "--json", "--config", str(settings)).json) == 6


def test_options_behind_two_dashes_are_left_alone(run: Run) -> None:
    assert "no provider --env" in run("providers", "show", "--", "--env").err
    assert run("providers", "list", "--env").code == 2


def test_config_check(run: Run, settings: Path) -> None:
    assert "defaults are in force" in run("config", "check").out
    assert run("config", "check", "--config", str(settings)).out == f"{settings}: no mistakes.\n"
    assert run("config", "check", "--config", str(settings), "--json").json["ok"] is True
    settings.write_text('mouse = 1\nthem = "x"\n')
    outcome = run("config", "check", "--config", str(settings))
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 2
    assert "line 2" in outcome.err
    problems = run("config", "check", "--config", str(settings), "--json").json["problems"]
    assert [problem["line"] for problem in problems] == [1, 2]
    outcome = run("providers", "list", "--config", str(settings))
    assert outcome.code == 2
    assert "line 1" in outcome.err
    assert "line 2" in outcome.err


def test_the_log(run: Run, gateway: str) -> None:
    import json

    lines = [json.loads(line) for line in run("log", "--json").out.splitlines()]
    assert [line["level"] for line in lines] == ["info", "success"]
    assert lines[-1]["message"] == "Saved FTOSEmailGateway version 2 (14 fields)"
    assert list(lines[-1]) == ["at", "level", "message", "environment", "user", "provider"]
    assert run("log", "-n", "1").out.count("\n") == 1
    assert run("log", "--level", "error").out == ""
    assert run("log", "--level", "loud").code == 2
    assert "success [local] Saved FTOSEmailGateway" in run("log").out


def test_the_log_is_followed_until_interrupted(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    outcome = run("log", "--follow", "-n", "1")
    assert outcome.code == 130
    assert "Saved FTOSEmailGateway" in outcome.out


def test_doctor(run: Run, gateway: str) -> None:
    checks = {check["name"]: check for check in run("doctor", "--json").json}
    assert checks["store"]["state"] == "ok"
    assert list(checks["store"]) == ["name", "state", "message"]
    outcome = run("doctor")
    assert outcome.code == 0
    assert outcome.out.splitlines()[0].split() == ["CHECK", "STATE", "FOUND"]
    key = Path(run("config", "path", "--json").json["data"]) / "local.key"
    key.chmod(0o644)
    assert run("doctor").code == 5


def test_doctor_examines_settings_that_cannot_be_used(run: Run, settings: Path) -> None:
    settings.write_text("mouse = 1")
    outcome = run("doctor", "--config", str(settings))
    assert outcome.code == 5
    assert "line 1: mouse is one of" in outcome.out


def test_version_help_and_no_command(run: Run) -> None:
    assert run("--version").out == "ftos-tui 0.1.0\n"
    assert "Exit codes: 0 done" in run("--help").out
    assert "--expect-version" in run("providers", "set", "-h").out
    outcome = run("nonsense")
    assert outcome.code == 2
    assert "No such command 'nonsense'" in outcome.err
    assert run("config").code == 2


def test_without_a_terminal_the_console_says_what_to_do(run: Run) -> None:
    outcome = run()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert "terminal" in outcome.err
