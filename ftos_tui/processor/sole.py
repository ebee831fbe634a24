"""One worker on a local store: a lock on a file beside it, which the system lets go when the worker ends, however."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ftos_tui.domain.failure import Failure


class AlreadyRunning(Failure):
    """Another worker is at work on this local store."""


class SoleWorker:
    """Holds the lock until it is closed.

    Args:
        store: The store's file.

    Raises:
        AlreadyRunning: Another process holds it.
        Failure: The lock's file cannot be made.
    """

    def __init__(self, store: Path) -> None:
        path = store.with_name(f"{store.name}.processor")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Failure(f"{path} cannot be made ({error.strerror}): a worker locks it while it runs.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            who = f" (process {holder})" if holder.isdecimal() else ""
            raise AlreadyRunning(
                f"A processor already runs on {store}{who}: a local store takes one; stop it first, or move to a "
                "shared store, which takes many."
            ) from error
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Lets the next one begin."""
        os.close(self._file)
