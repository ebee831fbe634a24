"""Which audit entries were written through which engine, so that a session is not told of what it did itself."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

_MOST_KEPT: Final = 50_000

_written: Final["WeakKeyDictionary[Engine, deque[tuple[int, str]]]"] = WeakKeyDictionary()


def note_written(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> None:
    """Remembers rows of the audit that are being written; of a transaction that is rolled back they do no harm."""
    _written.setdefault(connection.engine, deque(maxlen=_MOST_KEPT)).extend(
        (entry["sequence"], entry["at"]) for entry in entries
    )


def written(engine: Engine) -> frozenset[tuple[int, str]]:
    """Sequence and time of the entries that were written through an engine lately."""
    # Another's entry may get the sequence of one that was rolled back, though not in the same microsecond.
    return frozenset(_written.get(engine, ()))
