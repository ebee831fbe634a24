"""Settings: environments, keys, mouse, editor, and the folders where things are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: a store and what is permitted in it.

    Attributes:
        name: What the operator calls it; shown on every screen.
        store: A path of a SQLite file; empty for the default in the data folder.
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
