"""What the machine tells about the program's surroundings: the terminal multiplexer's options, compiled modules."""

import subprocess
from collections.abc import Iterable, Mapping
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import Final

_TMUX_TIMEOUT_S: Final = 2.0


def tmux_option(name: str, environ: Mapping[str, str]) -> str | None:
    """A server option of the tmux this process runs in; None when tmux does not answer in two seconds.

    Args:
        name: The option, for example `escape-time`.
        environ: The process's environment; tmux finds its server by it.
    """
    try:
        answer = subprocess.run(
            ["tmux", "show-options", "-sv", name],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TMUX_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("ascii", "replace").strip()


def bytecode_lacking(packages: Iterable[str]) -> list[Path]:
    """The folders of installed packages whose first module has no compiled file.

    Args:
        packages: Top-level packages; one that is not installed is passed over.
    """
    lacking = []
    for package in packages:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin)
        if source.suffix == ".py" and not Path(cache_from_source(source)).exists():
            lacking.append(source.parent)
    return lacking
