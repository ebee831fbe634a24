"""The status log: what happened, in the pane and in a file of JSON lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.visible import visible

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Level", "LogEntry", "note", "read_log"]


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
    return entry


def read_log(session: "Session", limit: int = 200, level: Level | None = None) -> Sequence[LogEntry]:
    """The last lines of the status log, oldest first.

    Args:
        session: The operator's session.
        limit: At most so many lines.
        level: Only lines of this level or graver; None for all.
    """
    return session.journal.tail(limit, level)
