"""A process that rotates the master key and kills itself: `python -m tests.studio.rotator FOLDER FUNCTION CALL`."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio import rotation
from tests.studio.making import session_in


def fatal(function: Callable[..., Any], call: int) -> Callable[..., Any]:
    """The function, but the process dies behind that call of it; before the first for 0."""
    calls = 0

    def called(*arguments: Any) -> Any:
        nonlocal calls
        if call == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments)
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return called


if __name__ == "__main__":
    folder, name, number = sys.argv[1:]
    owner: Any = rotation if hasattr(rotation, name) else SqlStore
    setattr(owner, name, fatal(getattr(owner, name), int(number)))
    rotation.rotate_key(session_in(Path(folder)))
