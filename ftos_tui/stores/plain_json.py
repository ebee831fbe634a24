"""How lists of statuses and points in time are written in JSON and in text columns."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from ftos_tui.domain.statuses import StatusRow

_STATUS_TYPES = {field.name: bool if field.name in ("terminal", "retryable") else str for field in fields(StatusRow)}


def statuses_to_json(rows: Iterable[StatusRow]) -> list[dict[str, str | bool]]:
    """The rows as JSON objects."""
    return [asdict(row) for row in rows]


def statuses_from_json(data: Any) -> tuple[StatusRow, ...]:
    """The rows out of JSON.

    Raises:
        ValueError: That is not what `statuses_to_json` gave.
    """
    if not isinstance(data, list):
        raise ValueError("statuses are no list")
    for item in data:
        if not isinstance(item, dict) or {key: type(value) for key, value in item.items()} != _STATUS_TYPES:
            raise ValueError("a status is not a row of five values")
    return tuple(StatusRow(**item) for item in data)


def time_to_text(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds: always of one length, so that texts sort as times do.

    Raises:
        ValueError: The time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def time_from_text(text: str) -> datetime:
    """The time out of its text.

    Raises:
        ValueError: That is not what `time_to_text` gave.
    """
    at = datetime.fromisoformat(text)
    if at.utcoffset() is None:
        raise ValueError("a time without a zone")
    return at
