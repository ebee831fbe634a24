"""An incident: a bad change on trial, the line cut, the revert, the audit, the right change promoted."""

import json
import time
from pathlib import Path

from ftos_tui.actions import ACTIONS
from ftos_tui.config import Places
from ftos_tui.config.settings_file import load_settings
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import save
from ftos_tui.studio.session import open_session
from tests.terminal.conftest import Start
from tests.terminal.harness import TIMEOUT
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    VALUES,
    base_of_named,
    field_text,
    places_of,
    put_cursor_on,
    run_command,
)

SETTINGS = """
environment = "production"
[environments.test]
colour = "green"
[environments.production]
colour = "red"
"""
NEW_URL = "https://eu.gateway.example.com"


def set_up(environ: dict[str, str]) -> None:
    """Test and production, the gateway configured in both."""
    places: Places = places_of(environ)
    places.config.parent.mkdir(parents=True, exist_ok=True)
    places.config.write_text(SETTINGS)
    settings = load_settings(places.config, ACTIONS)
    for name in ("test", "production"):
        session = open_session(settings, places, name)
        draft = base_of_named(session, GATEWAY)
        for field_id, text in VALUES.items():
            draft = draft.with_text(field_id, text)
        draft = draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))
        save(session, draft, reason="set-up")
        session.close()


def shown_in(environ: dict[str, str], environment: str) -> dict[str, object]:
    """The gateway's values in an environment."""
    done = run_command(environ, "--env", environment, "providers", "show", GATEWAY, "--json")
    assert done.returncode == 0, done.stderr
    values: dict[str, object] = json.loads(done.stdout)["values"]
    return values


def test_bad_change_on_trial_cut_line_revert_audit_promotion(start_program: Start, environ: dict[str, str]) -> None:
    set_up(environ)

    # The operator changes the window in production on trial, over SSH: it is live at once.
    first = start_program("providers", SSH_CONNECTION="192.0.2.7 50000 10.0.0.1 22")
    put_cursor_on(first, GATEWAY)
    first.press("enter")
    first.wait_for(lambda console: field_text(console, "Interval Max") == "18:00:00")
    assert "PRODUCTION" in first.screen[0]
    first.press(*["down"] * 12, "ctrl+u")
    first.type("09:05:00")
    first.press("ctrl+t")
    first.wait_for("Save on trial for how many minutes")
    first.press("ctrl+u")
    first.type("6s")
    first.press("enter")
    first.wait_for("on trial")
    assert shown_in(environ, "production")["interval_max"] == "09:05:00"

    # The line is cut; the console ends with it.
    first.hangup()
    first.wait_end()

    # Nobody is there to revert it. Whoever opens the store next after the deadline carries it out, and is told.
    deadline = time.monotonic() + TIMEOUT
    while shown_in(environ, "production")["interval_max"] != "18:00:00":
        assert time.monotonic() < deadline, "the trial was not reverted"
    second = start_program("providers")
    second.wait_for("Reverted")
    history = run_command(environ, "providers", "history", GATEWAY, "--json")
    assert history.returncode == 0, history.stderr
    actions = [entry["action"] for entry in json.loads(history.stdout)]
    assert actions[0] == "trial_reverted"

    # The history of it is whole, and says from where.
    verified = run_command(environ, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    entries = run_command(environ, "audit", "list", "--json").stdout
    assert "192.0.2.7" in entries
    assert "trial_reverted" in entries

    # The right change was tried in test, and is promoted from there with its secrets entered in production.
    done = run_command(
        environ,
        *("--env", "test", "providers", "set", GATEWAY, "interval_max=20:00:00", f"service_url={NEW_URL}"),
        *("--secret", "app_password", "--secret", "app_key"),
        typed=f"{PASSWORD}-test\n{KEY}-test\n",
    )
    assert done.returncode == 0, done.stderr
    second.press("ctrl+q")
    second.wait_end()
    third = start_program("--env", "test", "providers")
    third.wait_for("6 providers")
    third.press("v")
    third.wait_for("Compare with?")
    third.press("2")
    third.wait_for("provider differs")
    third.press("enter")
    third.wait_for("field is chosen")
    third.press("up", "space")
    third.wait_for("2 fields are chosen")
    third.press("p")
    third.wait_for(lambda console: field_text(console, "Interval Max") == "20:00:00")
    assert "PRODUCTION" in third.screen[0]
    third.press("f2")
    third.wait_for("Not saved: 2 fields")
    third.press("ctrl+u")
    third.type(f"{PASSWORD}-production")
    third.press("down")
    third.type(f"{KEY}-production")
    third.press("f2")
    third.wait_for("Saved FTOSEmailGateway version 5")
    production = shown_in(environ, "production")
    assert (production["interval_max"], production["service_url"]) == ("20:00:00", NEW_URL)
    assert run_command(environ, "audit", "verify").returncode == 0
    written = b"".join(console.raw for console in (first, second, third))
    for secret in (PASSWORD, KEY):
        assert secret.encode() not in written
        for path in Path(places_of(environ).data).rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path
