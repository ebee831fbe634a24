"""The sending window: from Interval Min to Interval Max, whole seconds of the UTC day, both ends included."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

DAY: Final = 86_400
"""Seconds of a day; UTC has no daylight saving, and POSIX time no leap second."""

HH_MM_SS: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
"""HH:MM:SS in ASCII digits; to be used with fullmatch. strptime and fromisoformat take more than this."""


def seconds_of_day(text: str) -> int:
    """The second of the day, 0 to 86,399, that HH:MM:SS names; as a duration, its seconds.

    Raises:
        ValueError: The text is not HH:MM:SS.
    """
    if not HH_MM_SS.fullmatch(text):
        raise ValueError("not HH:MM:SS")
    return int(text[0:2]) * 3600 + int(text[3:5]) * 60 + int(text[6:8])


def hh_mm_ss(second: int) -> str:
    """A second of the day, 0 to 86,399, as HH:MM:SS."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@dataclass(frozen=True, slots=True)
class Window:
    """When messages may be sent.

    Attributes:
        min: The first second, HH:MM:SS.
        max: The last second, HH:MM:SS; earlier than `min` when the window crosses midnight.
        start: `min` as second of the day.
        end: `max` as second of the day.

    Raises:
        ValueError: A text is not HH:MM:SS, or both are the same (never open, or always?).
    """

    min: str
    max: str
    start: int = field(init=False, compare=False)
    end: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", seconds_of_day(self.min))
        object.__setattr__(self, "end", seconds_of_day(self.max))
        if self.start == self.end:
            raise ValueError("Interval Min and Interval Max are the same")

    @property
    def crosses_midnight(self) -> bool:
        """Whether the window opens in the evening and closes the day after."""
        return self.start > self.end

    @property
    def open_seconds(self) -> int:
        """How many seconds of a day it is open, 2 to 86,400."""
        return (self.end - self.start) % DAY + 1

    @property
    def always_open(self) -> bool:
        """Whether it has no gap: it closes one second before it opens."""
        return self.open_seconds == DAY

    def is_open(self, second: int) -> bool:
        """Whether it is open in a whole second of the day, 0 to 86,399."""
        if self.crosses_midnight:
            return second >= self.start or second <= self.end
        return self.start <= second <= self.end

    def is_open_at(self, now: datetime) -> bool:
        """Whether it is open at a time; the fraction of a second does not count.

        Raises:
            ValueError: The time has no zone.
        """
        return self.is_open(_second(_utc(now)))

    def next_change(self, now: datetime) -> datetime | None:
        """The first whole second after `now` that differs from it in being open; None when it is always open.

        Raises:
            ValueError: The time has no zone.
        """
        if self.always_open:
            return None
        floor = _utc(now).replace(microsecond=0)
        second = _second(floor)
        boundary = self.end + 1 if self.is_open(second) else self.start
        return floor + timedelta(seconds=(boundary - second) % DAY)

    def next_open(self, now: datetime) -> datetime:
        """When a message due at `now` may go: `now` itself, in UTC, when open, else the second the window opens.

        Raises:
            ValueError: The time has no zone.
        """
        utc = _utc(now)
        second = _second(utc)
        if self.is_open(second):
            return utc
        return utc.replace(microsecond=0) + timedelta(seconds=(self.start - second) % DAY)


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("a time without zone")
    return now.astimezone(UTC)


def _second(utc: datetime) -> int:
    return utc.hour * 3600 + utc.minute * 60 + utc.second
