"""One line of the status log, as the pane shows it and the log file keeps it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How much a line of the status log matters, the least first."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    def at_least(self, least: "Level") -> bool:
        """Whether this level matters as much as `least`, or more."""
        levels = list(Level)
        return levels.index(self) >= levels.index(least)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened.

    Attributes:
        at: When, UTC.
        level: How much it matters.
        message: One sentence, made visible before it is shown or kept; never a secret.
        environment: In which environment; empty for the program itself.
        user: Who did it; empty when nobody did.
        provider: The Name of the provider it is about; empty for none.
    """

    at: datetime
    level: Level
    message: str
    environment: str = ""
    user: str = ""
    provider: str = ""
