"""What is kept of an error nobody expected: its type and where it came from, never values."""

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from ftos_tui.domain.visible import visible


def keep_crash(error: BaseException, folder: Path) -> Path | None:
    """Appends an error's type and frames to the crash file, owner only.

    Neither local variables nor the error's text are kept: both may hold what an operator typed.

    Args:
        error: What was raised.
        folder: The state folder; made where there is none.

    Returns:
        The file; None when it could not be written.
    """
    lines = [f"{datetime.now(UTC).isoformat(timespec='seconds')} {type(error).__module__}.{type(error).__qualname__}"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {visible(frame.filename)}:{frame.lineno} in {frame.name}")
    path = folder / "crash.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return path
