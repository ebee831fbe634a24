"""Sessions on a shared store for workers."""

from datetime import UTC, datetime
from pathlib import Path

from ftos_tui.config import Environment, Places, PostgresSettings, Settings
from ftos_tui.studio.session import Session
from tests.postgres import SUPERUSER
from tests.studio.making import ANA
from tests.team import NAME


def shared_session(host: str, port: int, database: str, folder: Path) -> Session:
    """A session on a shared store whose key is in the folder, as `tests.team.Team` leaves it."""
    shared = PostgresSettings(
        host=(host,), port=(port,), database=database, user=SUPERUSER, sslmode="disable", connect_timeout=30
    )
    environment = Environment(NAME, postgresql=shared)
    places = Places(folder / "data", folder / "config.toml", folder / "state")
    settings = Settings({"local": Environment(), NAME: environment}, NAME)
    return Session(settings, environment, places, author=ANA, clock=lambda: datetime.now(UTC), environ={})
