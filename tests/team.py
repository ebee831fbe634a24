"""A shared store on a real server with people who sign in to it, for the tests of settings, sign-in and rights."""

import json
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ftos_tui.config import Environment, Places, PostgresSettings, Settings
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.sql.postgres import open_postgres
from ftos_tui.stores.sql.roles import Role, carry_out, granting, making
from ftos_tui.studio.first_start import ship_providers
from ftos_tui.studio.session import Session
from ftos_tui.studio.sign_in import Credentials
from tests.postgres import SIGNING_IN, SUPERUSER, PostgresServer

NAME: Final = "production"


@dataclass(frozen=True)
class Team:
    """A shared store with the shipped providers.

    Attributes:
        server: Its server.
        database: Its database.
        folder: Where the owner's key and settings are.
    """

    server: PostgresServer
    database: str
    folder: Path

    def settings(self, **changes: Any) -> PostgresSettings:
        """How the program gets in, unless changed: over TCP without TLS, as the server's superuser."""
        given = PostgresSettings(
            host=(self.server.host,),
            port=(self.server.port,),
            database=self.database,
            user=SUPERUSER,
            sslmode="disable",
            connect_timeout=30,
        )
        return replace(given, **changes)

    def session(self, folder: Path | None = None, *, read_only: bool = False, **changes: Any) -> Session:
        """A session in an environment of the store.

        Args:
            folder: Where the operator's files are; None for the owner's, where the key is.
            read_only: Whether the environment is.
            changes: Of the settings.
        """
        folder = folder or self.folder
        environment = Environment(NAME, postgresql=self.settings(**changes), colour="red", read_only=read_only)
        places = Places(folder / "data", folder / "config.toml", folder / "state")
        settings = Settings({"local": Environment(), NAME: environment}, NAME)
        author = Author("login", "jump1", "192.0.2.7")
        return Session(settings, environment, places, author=author, clock=lambda: datetime.now(UTC), environ={})

    def person(self, role: Role | None = None, password: str = "") -> str:
        """Makes a user of the server; one with a password has to give it.

        Args:
            role: What they are to the store; None for nobody.
            password: Their password; empty for one who needs none.
        """
        name = f"{role or 'nobody'}_{'secret_' if password else ''}{self.database}"
        if not self.server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)):
            self.server.execute(f"CREATE ROLE {name} LOGIN" + (f" PASSWORD '{password}'" if password else ""))
            if password:
                self.server.execute(f"GRANT {SIGNING_IN} TO {name} WITH INHERIT FALSE")
            if role is not None:
                store = open_postgres(self.server.target(self.database))
                with store.database.writing() as connection:
                    carry_out(connection, granting(connection, role, [name]))
                store.close()
        return name

    def toml(self, **changes: Any) -> str:
        """The settings file of an operator."""
        written = asdict(self.settings(**changes))
        lines = [f"{key} = {json.dumps(value)}" for key, value in written.items() if value]
        return "\n".join((f'environment = "{NAME}"\n[environments.{NAME}.postgresql]', *lines, ""))

    def give_key(self, data: Path) -> None:
        """Puts the store's master key into an operator's data folder."""
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = data / f"{NAME}.key"
        shutil.copy(self.folder / "data" / f"{NAME}.key", target)
        target.chmod(0o600)


def new_team(server: PostgresServer, folder: Path) -> Team:
    """A fresh shared store with the shipped providers and the roles.

    Args:
        server: A server that runs.
        folder: A folder of the test.
    """
    team = Team(server, server.new_database(), folder)
    if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (SIGNING_IN,)):
        server.execute(f"CREATE ROLE {SIGNING_IN}")
    store = open_postgres(server.target(team.database))
    with store.database.writing() as connection:
        carry_out(connection, making(connection))
    store.close()
    session = team.session()
    ship_providers(session, session.store)
    session.close()
    return team


def signs_in(session: Session, user: str, password: str) -> Session:
    """The session, with what a person typed."""
    session.credentials = Credentials(user, Secret(password))
    return session
