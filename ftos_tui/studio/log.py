"""The status log: what happened, in the pane and in a file of JSON lines."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.visible import visible

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Level", "LogEntry", "follow_log", "note", "read_log"]

_LOOK_AGAIN_S: Final = 0.25


def note(session: "Session", level: Level, message: str, provider: str = "") -> LogEntry:
    """Writes one line to the status log; a full disk does not stop what is being done.

    Args:
        session: The operator's session.
        level: How grave it is.
        message: One sentence; made visible before it is kept.
        provider: The provider it is about, if any.

    Returns:
        The line as it was kept.
    """
    entry = LogEntry(
        at=session.clock(),
        level=level,
        message=visible(message),
        environment=session.environment.name,
        user=session.author.user,
        provider=visible(provider),
    )
    session.journal.append(entry)
    for listener in session.listeners:
        listener(entry)
    return entry


def read_log(session: "Session", limit: int = 200, level: Level | None = None) -> Sequence[LogEntry]:
    """The last lines of the status log, oldest first.

    Args:
        session: The operator's session.
        limit: At most so many lines.
        level: Only lines of this level or graver; None for all.
    """
    return session.journal.tail(limit, level)


def follow_log(
    session: "Session", limit: int = 200, level: Level | None = None, wait: Callable[[], None] | None = None
) -> Iterator[LogEntry]:
    """The last lines of the status log and then those written from now on, by any process; it never ends by itself.

    Args:
        session: The operator's session.
        limit: With how many lines to begin.
        level: Only lines of this level or graver; None for all.
        wait: Waits until it is worth looking again; None for a quarter of a second.
    """
    position = session.journal.end()
    shown = list(session.journal.tail(limit, level))
    yield from shown
    while True:
        # A line written between the two reads above is in both.
        entries, position = session.journal.read_from(position)
        yield from (e for e in entries if e not in shown and (level is None or e.level.at_least(level)))
        shown = []
        if wait is None:
            time.sleep(_LOOK_AGAIN_S)
        else:
            wait()
