"""What is remembered for the next start: one small JSON object a file, a key for each environment."""

import json
import os
from pathlib import Path
from typing import Any

from ftos_tui.stores.private import make_private_file, make_private_folder


def remembered(path: Path, environment: str) -> Any:
    """What the file keeps for an environment; None where it keeps nothing or cannot be read."""
    return _read(path).get(environment)


def remember(path: Path, environment: str, value: Any) -> None:
    """Keeps a value for an environment, beside what is kept for others.

    Raises:
        OSError: The disk takes no more.
    """
    kept = _read(path)
    kept[environment] = value
    make_private_folder(path.parent)
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.new")  # a kill must not leave half a file
    make_private_file(fresh)
    fresh.write_text(json.dumps(kept), "utf-8")
    fresh.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
