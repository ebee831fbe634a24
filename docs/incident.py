"""Makes the pictures of the incident told in docs/incident.md. Run by `make pictures`."""

import tempfile
from pathlib import Path

from docs.pictures import operators_home, shoot
from ftos_tui.actions import ACTIONS
from ftos_tui.config.settings_file import load_settings
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import save
from ftos_tui.studio.session import open_session
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    PROGRAM,
    VALUES,
    base_of_named,
    field_text,
    places_of,
    put_cursor_on,
    run_command,
)

SETTINGS = 'environment = "production"\n[environments.test]\n[environments.production]\ncolour = "red"\n'


def set_up(environ: dict[str, str]) -> None:
    """Test and production, the gateway configured in both; in test the right change is saved already."""
    places = places_of(environ)
    places.config.parent.mkdir(parents=True, exist_ok=True)
    places.config.write_text(SETTINGS)
    settings = load_settings(places.config, ACTIONS)
    for name in ("test", "production"):
        session = open_session(settings, places, name)
        session.author = Author("ana", "jump1")
        draft = base_of_named(session, GATEWAY)
        for field_id, text in VALUES.items():
            draft = draft.with_text(field_id, text)
        for field_id in ("app_password", "app_key"):
            draft = draft.with_secret(field_id, Secret(f"not-a-real-secret-{field_id}"))
        save(session, draft, reason="first configuration")
        if name == "test":
            save(session, base_of_named(session, GATEWAY).with_text("interval_max", "20:00:00"), reason="tried in test")
        session.close()


def main() -> None:
    """Plays the incident and takes the pictures on the way."""
    with tempfile.TemporaryDirectory() as folder:
        environ = operators_home(Path(folder))
        set_up(environ)
        command = list(PROGRAM)
        with Console([*command, "providers"], environ, columns=80, rows=24) as console:
            put_cursor_on(console, GATEWAY)
            console.press("enter")
            console.wait_for(lambda console: field_text(console, "Interval Max") == "18:00:00")
            console.press(*["down"] * 12, "ctrl+u")
            console.type("09:05:00")
            console.press("ctrl+t")
            console.wait_for("Save on trial")
            console.press("ctrl+u")
            console.type("8s")
            console.press("enter")
            console.wait_for("on trial")
            shoot(console, "incident-trial")
            console.hangup()
            console.wait_end()
        while '"interval_max": "18:00:00"' not in run_command(environ, "providers", "show", GATEWAY, "--json").stdout:
            pass
        with Console([*command, "providers"], environ, columns=80, rows=24) as console:
            console.wait_for("Reverted")
            put_cursor_on(console, GATEWAY)
            console.press("h")
            console.wait_for("trial_reverted")
            shoot(console, "incident-history")
        with Console([*command, "--env", "test", "providers"], environ, columns=80, rows=24) as console:
            console.wait_for("6 providers")
            console.press("v")
            console.wait_for("Compare with?")
            console.press("2")
            console.wait_for("provider differs")
            console.press("enter")
            console.wait_for("field is chosen")
            shoot(console, "incident-compare")
            console.press("p")
            console.wait_for(lambda console: field_text(console, "Interval Max") == "20:00:00")
            shoot(console, "incident-promote")


if __name__ == "__main__":
    main()
