"""Settings: environments, keys, mouse, editor, and the folders where things are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """Where a shared store is, and how to get into it; the names are those of the settings file.

    Attributes:
        host: Host names, addresses or folders of unix sockets; several are tried in turn.
        port: One port for all hosts or one for each; empty for 5432.
        database: The database's name.
        user: Who signs in; empty for what libpq finds: service file, PGUSER, the operating system's user.
        service: An entry of the service file that gives what is left out here.
        passfile: A file like ~/.pgpass.
        password_file: A file that holds the password alone; its owner's only.
        password_env: The environment variable that holds the password.
        sslmode: As libpq has it; empty for verify-full, and no TLS over a unix socket.
        sslrootcert: The file of the CA that the server's certificate has to come from; `system` for the system's.
        sslcert: The client certificate's file.
        sslkey: Its key's file.
        connect_timeout: Seconds for each host.
        statement_timeout: Seconds for one statement.
        lock_timeout: Seconds to wait for another's transaction.
        pooler: Whether a pooler in transaction mode stands before the server: nothing may outlive a transaction.
        sign_in: `ask` where a person gives user and password.
        live: How other operators' changes are noticed: listen, poll, or auto, which listens where that works.
    """

    host: tuple[str, ...] = ()
    port: tuple[int, ...] = ()
    database: str = ""
    user: str = ""
    service: str = ""
    passfile: str = ""
    password_file: str = ""
    password_env: str = ""
    sslmode: str = ""
    sslrootcert: str = ""
    sslcert: str = ""
    sslkey: str = ""
    connect_timeout: int = 5
    statement_timeout: int = 30
    lock_timeout: int = 5
    pooler: bool = False
    sign_in: Literal["none", "ask"] = "none"
    live: Literal["auto", "listen", "poll"] = "auto"

    @property
    def identity(self) -> tuple[object, ...]:
        """What is equal for two that name the same store: entry of the service file, hosts with ports, database."""
        ports = self.port or (5432,)
        ports = ports * len(self.host) if len(ports) == 1 else ports
        return self.service, frozenset(zip((host.lower() for host in self.host), ports, strict=False)), self.database


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: a store and what is permitted in it.

    Attributes:
        name: What the operator calls it; shown on every screen.
        store: A path of a SQLite file; empty for the default in the data folder, or where `postgresql` is given.
        postgresql: Where the shared store is, for an environment that has one.
        colour: The colour of its name on screen: a name Textual knows; red for production.
        read_only: Whether every change is refused, below the faces.
        allowed_hosts: The hosts Service Url may name; empty for any.
        allow_http: Whether http:// to other hosts than loopback is a warning rather than refused.
        test: Whether addresses such as a@localhost are accepted.
        key_file: The master key file; empty for the default beside the store.
        key: Where the first master key comes from. auto: a systemd credential where there is one, else the key file,
            else the environment variable; passphrase: the operator is asked.
        review: Whether every save in a form shows first what it changes.
    """

    name: str = "local"
    store: str = ""
    postgresql: PostgresSettings | None = None
    colour: str = "green"
    read_only: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    allow_http: bool = False
    test: bool = False
    key_file: str = ""
    key: Literal["auto", "file", "credential", "passphrase"] = "auto"
    review: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of the settings file, defaults filled in.

    Attributes:
        environments: By name; `local` is always there.
        environment: The one to open unless another is asked for.
        keys: Action name to keys, for the actions the operator remapped.
        mouse: On, off, or auto: on but under SSH.
        editor: The command that opens long text; empty for $VISUAL, $EDITOR.
        theme: dark, light, or the terminal's own colours.
        source: The file they came from; None when there is none.
    """

    environments: Mapping[str, Environment] = field(default_factory=lambda: {"local": Environment()})
    environment: str = "local"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mouse: Literal["auto", "on", "off"] = "auto"
    editor: str = ""
    theme: Literal["dark", "light", "terminal"] = "dark"
    source: Path | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one operator.

    Attributes:
        data: Stores, keys and drafts; 0700.
        config: The settings file.
        state: The status log, the last place, crash reports; 0700.
    """

    data: Path
    config: Path
    state: Path


def places(environ: Mapping[str, str]) -> Places:
    """The folders that the platform gives this program; XDG_DATA_HOME, XDG_CONFIG_HOME and XDG_STATE_HOME move them.

    Args:
        environ: The process's environment; FTOS_TUI_CONFIG names another settings file.
    """
    import platformdirs

    written = environ.get("FTOS_TUI_CONFIG", "")
    config = Path(written).expanduser() if written else Path(platformdirs.user_config_dir("ftos-tui")) / "config.toml"
    return Places(
        data=Path(platformdirs.user_data_dir("ftos-tui")),
        config=config,
        state=Path(platformdirs.user_state_dir("ftos-tui")),
    )
