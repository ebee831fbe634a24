"""What the values of a draft mean right now: in plain words, for the panel beside the form."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.checks.service_url import host_both_ways
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.pace import pace_in_words, window_of
from ftos_tui.domain.readiness import Step, checklist
from ftos_tui.domain.route import way_in_words
from ftos_tui.domain.window import Window, hh_mm_ss

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Meaning", "Step", "meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the values mean.

    Attributes:
        window: The window, where both limits are times; None otherwise.
        now_second: The second of the day now, UTC.
        window_words: Open or closed now, when that changes, and the window in the operator's zone.
        pace_words: Messages a step and an hour, tries, how long retries can last.
        way_words: By which way messages leave, or what keeps them from it; none without a Service Url.
        host_words: The host of Service Url both ways, where it is an internationalised name.
        steps: The checklist from the subscription key to ready to send.
    """

    window: Window | None
    now_second: int
    window_words: tuple[str, ...]
    pace_words: tuple[str, ...]
    way_words: tuple[str, ...]
    host_words: tuple[str, ...]
    steps: tuple[Step, ...]


def meaning(session: "Session", draft: Draft, checked: Checked) -> Meaning:
    """Reads the meaning out of a draft as it stands.

    Args:
        session: The operator's session; its clock tells the time.
        draft: What the form holds.
        checked: The verdict on it.
    """
    now = session.clock()
    window = window_of(checked.values)
    url = checked.values.get("service_url")
    both = host_both_ways(url) if isinstance(url, str) else None
    return Meaning(
        window=window,
        now_second=now.hour * 3600 + now.minute * 60 + now.second,
        window_words=window_in_words(window, now) if window else ("No window yet: both limits are needed.",),
        pace_words=tuple(pace_in_words(checked.values)),
        way_words=(_sentence(way_in_words(checked.values)),) if url else (),
        host_words=(both,) if both else (),
        steps=checklist(checked.values, draft.base.secrets, checked.findings, draft.secrets),
    )


def window_in_words(window: Window, now: datetime) -> tuple[str, ...]:
    """The window in UTC, whether it is open, when that changes, and what it is in the operator's zone.

    To the minute: words that went on by seconds would be painted anew whenever something else is.

    Args:
        window: The window.
        now: The time, with a zone.
    """
    state = "open" if window.is_open_at(now) else "closed"
    lines = [f"{window.min}–{window.max} UTC, {state} now ({now:%H:%M} UTC)"]
    change = window.next_change(now)
    if change is None:
        lines.append("It never closes.")
    else:
        verb = "Closes" if state == "open" else "Opens"
        day = "" if change.date() == now.date() else " tomorrow"
        lines.append(f"{verb} at {change:%H:%M:%S} UTC{day}, in {_duration(change - now)}.")
    here = now.astimezone()
    if here.utcoffset() != timedelta(0):
        lines.append(f"Here ({here.tzname()}) that is {_shifted(window, here)} today.")
        later = _next_offset(here)
        if later is not None:
            lines.append(f"From {later:%Y-%m-%d} on it will be {_shifted(window, later)} here.")
    return tuple(lines)


def _sentence(words: str) -> str:
    return f"{words.removesuffix('.')}."


def _shifted(window: Window, here: datetime) -> str:
    offset = int((here.utcoffset() or timedelta(0)).total_seconds())
    return "–".join(hh_mm_ss((second + offset) % 86_400) for second in (window.start, window.end))


def _next_offset(here: datetime) -> datetime | None:
    """The first day within a year on which the zone's offset is another one: a window in UTC does not follow it."""
    for days in range(1, 367):
        # The offset is asked of the system for that very instant: `here` carries only today's.
        later = (here + timedelta(days=days)).astimezone(tz=None)
        if later.utcoffset() != here.utcoffset():
            return later
    return None


def _duration(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "less than a minute"
