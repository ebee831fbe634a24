"""What Bulk No, the window and the retry settings come to, in numbers and plain words."""

from typing import Final

from ftos_tui.domain.record import Values
from ftos_tui.domain.window import Window, seconds_of_day

STEP_SECONDS: Final = 60
"""A step starts at most this often. Ours: the vendor does not say how often its job runs."""

LONGEST_HORIZON: Final = 72 * 3600
"""Seconds after which a retry is hardly what the sender meant; SendGrid itself stops after about 72 hours."""


def messages_an_hour(bulk: int) -> int:
    """The most messages an hour at a Bulk No of 1 to 1000."""
    return bulk * (3600 // STEP_SECONDS)


def messages_a_day(bulk: int, window: Window) -> int:
    """The most messages a day: each step that starts while the window is open, full."""
    return bulk * -(-window.open_seconds // STEP_SECONDS)


def total_tries(retries: int) -> int:
    """How often a message is tried at most: Retry Max Attempt counts the tries after the first.

    The vendor's words ("the maximum number of times the server tries") leave open whether the first one counts; this
    is the only place that decides it.
    """
    return retries + 1


def retry_horizon(retries: int, pool_seconds: int) -> int:
    """Seconds of open window from the first try to the last one."""
    return retries * pool_seconds


def in_words(seconds: int) -> str:
    """A duration in words of at most two parts, for example `1 h 30 min`, `2 days`, `45 s`."""
    units = ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s"))
    for place, (size, unit) in enumerate(units):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            shown = f"{count} {unit}s" if unit == "day" and count > 1 else f"{count} {unit}"
            if rest and unit != "s":
                small, name = units[place + 1]
                if rest >= small:
                    shown += f" {rest // small} {name}"
            return shown
    return "0 s"


def pace_in_words(values: Values) -> tuple[str, ...]:
    """What the pace fields mean, a sentence each; fields that hold no valid value are passed over.

    Args:
        values: Plain values by field id, canonical or not.

    Returns:
        For example `("50 a step = at most 3,000 an hour", "at most 27,050 a day", "4 tries in all, …")`.
    """
    window = window_of(values)
    bulk, retries, pool = values.get("bulk_no"), values.get("retry_max_attempt"), _seconds(values, "pool_time_retry")
    lines = []
    if isinstance(bulk, int) and bulk > 0:
        lines.append(f"{bulk:,} a step = at most {messages_an_hour(bulk):,} an hour")
        if window:
            lines.append(f"at most {messages_a_day(bulk, window):,} a day, open {in_words(window.open_seconds)}")
    if isinstance(retries, int) and retries >= 0:
        lines.append(_tries(retries, pool))
        if window and pool is not None and retries and pool > window.open_seconds:
            lines.append("Pool Time Retry is longer than the window is open: each retry goes on another day")
    return tuple(lines)


def window_of(values: Values) -> Window | None:
    """The window of a record; None where it has none that is valid."""
    try:
        return Window(str(values.get("interval_min")), str(values.get("interval_max")))
    except ValueError:
        return None


def _tries(retries: int, pool: int | None) -> str:
    if not retries:
        return "1 try in all, no retry"
    tries = f"{total_tries(retries)} tries in all"
    if not pool:
        return tries
    return f"{tries}, the last at least {in_words(retry_horizon(retries, pool))} after the first"


def _seconds(values: Values, field_id: str) -> int | None:
    try:
        return seconds_of_day(str(values.get(field_id)))
    except ValueError:
        return None
