"""A process that copies a store and kills itself: `python -m tests.studio.copier FOLDER TARGET FUNCTION CALL`.

TARGET is a settings file with the environments `local` and `team`. FUNCTION is one of `ftos_tui.stores.sql.copying`.
"""

import sys
from pathlib import Path
from typing import Any

from ftos_tui.actions import ACTIONS
from ftos_tui.config import Places
from ftos_tui.config.settings_file import load_settings
from ftos_tui.stores.sql import copying
from ftos_tui.studio.session import Session, open_session
from ftos_tui.studio.store_copy import copy_store
from tests.studio.rotator import fatal

BATCH = 3
"""So few rows a batch that a small store has many."""


def session_of(folder: Path, environment: str) -> Session:
    """A session in an environment of the settings file in a folder."""
    places = Places(folder / "data", folder / "config.toml", folder / "state")
    return open_session(load_settings(places.config, ACTIONS), places, environment)


if __name__ == "__main__":
    place, source, target, name, number = sys.argv[1:]
    owner: Any = copying
    owner.BATCH = BATCH
    setattr(owner, name, fatal(getattr(owner, name), int(number)))
    copy_store(session_of(Path(place), source), session_of(Path(place), target))
