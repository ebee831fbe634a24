"""A version on trial: live at once, and gone again at its deadline unless somebody confirms it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ftos_tui.domain.record import Author

SHORTEST_TRIAL: Final = timedelta(seconds=1)
LONGEST_TRIAL: Final = timedelta(days=1)
USUAL_TRIAL: Final = timedelta(minutes=10)
"""What is proposed: long enough for a few steps of the dispatch job, short enough to be waited for."""

_WRITTEN = re.compile(r"([0-9]{1,6})\s*([smh]?)", re.ASCII)
_UNITS: Final = {"": "minutes", "m": "minutes", "s": "seconds", "h": "hours"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that is running.

    Attributes:
        provider_id: Of which provider.
        name: What the provider is called now.
        version: The version on trial.
        back_to: The version that comes back: the last one that was not itself on trial.
        deadline: When it reverts unless it is confirmed, UTC.
        started_at: When the version was saved, UTC.
        started_by: Who saved it.
    """

    provider_id: str
    name: str
    version: int
    back_to: int
    deadline: datetime
    started_at: datetime
    started_by: Author

    def is_over(self, now: datetime) -> bool:
        """Whether the deadline has come."""
        return now >= self.deadline

    def left(self, now: datetime) -> str:
        """How long there is to confirm it: `9:41`, or `1:02:07` from an hour on; `0:00` once it is over."""
        seconds = max(0, -int((now - self.deadline) // timedelta(seconds=1)))
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    @property
    def words(self) -> str:
        """The banner: what happens, and when."""
        return trial_in_words(self.back_to, self.deadline)


def trial_in_words(back_to: int, deadline: datetime) -> str:
    """What happens to a version on trial, and when.

    Args:
        back_to: The version that comes back.
        deadline: When, UTC.
    """
    return f"On trial: reverts to version {back_to} at {deadline:%H:%M:%S} UTC unless confirmed"


def trial_length(written: str) -> timedelta:
    """How long a trial shall last: minutes, or with a unit `30s`, `10m`, `2h`.

    Raises:
        ValueError: It is none, or not from one second to 24 hours; the text says what to write.
    """
    match = _WRITTEN.fullmatch(written.strip().lower())
    if match is None:
        raise ValueError("Write a trial in minutes, for example 10, or as 30s, 10m or 2h.")
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not SHORTEST_TRIAL <= length <= LONGEST_TRIAL:
        raise ValueError("A trial lasts from one second (1s) to 24 hours (24h).")
    return length
