"""Signing in to a shared store in a real terminal: nothing of the password is shown, sent back or kept."""

import socket
from pathlib import Path

from ftos_tui.stores.sql.roles import Role
from tests.postgres import PostgresServer
from tests.team import NAME, new_team
from tests.terminal.conftest import Start

PASSWORD = "canary-sign-in-1789"


def test_a_developer_signs_in_and_works(
    start_program: Start, environ: dict[str, str], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    team = new_team(postgres_server, tmp_path / "owner")
    user = team.person(Role.DEVELOPER, PASSWORD)
    config = Path(environ["XDG_CONFIG_HOME"]) / "ftos-tui"
    config.mkdir()
    (config / "config.toml").write_text(team.toml(user="", sign_in="ask"))
    console = start_program("providers", columns=160)
    console.wait_for(f"Sign in to {NAME.upper()}")
    console.press("up")
    console.press(*["backspace"] * 20)
    console.type(user)
    console.wait_for(user)
    console.press("enter")
    console.type("wrong\r")
    console.wait_for("does not accept this user and password")
    console.type(f"{PASSWORD}\r")
    console.wait_for("FTOSEmailGateway")
    console.wait_for(f"{user}@{NAME.upper()}")
    console.press("q")
    assert console.wait_end() == 0
    again = start_program("providers", columns=160)
    again.wait_for(user)  # remembered
    again.press("escape")
    again.wait_for("FintechOS Innovation Studio")
    again.press("q")
    assert again.wait_end() == 0
    sent = bytes(console.raw + again.raw)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in sent + kept


def test_nobody_waits_for_a_silent_server_to_leave(start_program: Start, environ: dict[str, str]) -> None:
    config = Path(environ["XDG_CONFIG_HOME"]) / "ftos-tui"
    config.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ana@127.0.0.1:{silent.getsockname()[1]}/ftos?connect_timeout=3600"
        (config / "config.toml").write_text(f'environment = "away"\n[environments.away]\nstore = "{url}"\n')
        console = start_program("providers")
        console.wait_for("Waiting for the store 127.0.0.1")
        console.press("q")
        assert console.wait_end() == 0
