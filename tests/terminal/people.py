"""People of a team, each at a terminal of a host of their own: a home, a login name, the programs they call."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.terminal.harness import Console

PROGRAM: Final = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m ftos_tui "$@"\n'

SSH: Final = """#!/bin/sh
# `ssh USER@HOST COMMAND`: that user's home is a folder beside ours.
cd "$HOME/../${1%@*}" && shift && HOME=$PWD exec sh -c "$*"
"""

WHO: Final = """
import pwd, socket
entry = pwd.struct_passwd(({user!r}, "x", 1000, 1000, "", {home!r}, "/bin/sh"))
pwd.getpwuid = lambda uid: entry
socket.gethostname = lambda: {host!r}
"""
"""What every Python of theirs runs first, so that they are who they are wherever this runs."""


@dataclass(frozen=True)
class Person:
    """Somebody with a home of their own.

    Attributes:
        home: Their home; the homes of a team stand beside each other.
        environ: The environment of their shell.
    """

    home: Path
    environ: Mapping[str, str]

    def shell(self, line: str, *, columns: int = 80, rows: int = 24, **extra: str) -> Console:
        """Has their shell carry out a line, in a terminal; a context manager."""
        environ = {**self.environ, **extra}
        return Console(["/bin/sh", "-c", line], environ, columns=columns, rows=rows, folder=self.home)


def person(homes: Path, user: str, host: str, *, programs: Path | None = None, **extra: str) -> Person:
    """Somebody who has done nothing yet.

    Args:
        homes: The folder of all homes.
        user: Their login name.
        host: What their machine is called.
        programs: A folder of more programs that they can call.
        extra: More variables of their environment.
    """
    home, called, first = homes / user, homes / "programs", homes / f"python-of-{user}"
    for folder in (home, called, first):
        folder.mkdir(parents=True, exist_ok=True)
    (first / "sitecustomize.py").write_text(WHO.format(user=user, home=str(home), host=host))
    for name, script in (("ftos-tui", PROGRAM), ("ssh", SSH)):
        (called / name).write_text(script)
        (called / name).chmod(0o755)
    paths = [str(called), *([str(programs)] if programs else []), "/usr/bin", "/bin"]
    root = Path(__file__).parents[2]
    given = {"HOME": str(home), "PATH": ":".join(paths), "PYTHONPATH": f"{first}:{root}", "LANG": "C.UTF-8"}
    return Person(home, {**given, "TERM": "xterm-256color", "TZ": "UTC", **extra})
