"""Times as an operator says them: today, tomorrow, or with the date."""

from datetime import UTC, datetime, timedelta


def moment(at: datetime, now: datetime) -> str:
    """A time to the second: `18:15:00 UTC`, `tomorrow 09:00:00 UTC`, `2026-01-05 09:00:00 UTC`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    days = (at.date() - now.date()).days
    day = {0: "", 1: "tomorrow ", -1: "yesterday "}.get(days, f"{at:%Y-%m-%d} ")
    return f"{day}{at:%H:%M:%S} UTC"


def by_minute(at: datetime, now: datetime) -> str:
    """When something is done, to the full minute: `today 15:40 UTC`, `tomorrow 11:20 UTC`, `Fri 2026-01-09 …`."""
    at = at.astimezone(UTC)
    rounded = at.replace(second=0, microsecond=0)
    if rounded < at:
        rounded += timedelta(minutes=1)
    days = (rounded.date() - now.astimezone(UTC).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, f"{rounded:%a %Y-%m-%d}")
    return f"{day} {rounded:%H:%M} UTC"
