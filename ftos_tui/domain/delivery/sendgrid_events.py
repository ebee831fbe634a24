"""The events of SendGrid's Event Webhook, out of the JSON it posts.

Nothing about them is taken for granted: fields are missing, of another type, or an event is no object at all. What
cannot be read is kept as it came and means nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.statuses import Canonical
from ftos_tui.domain.visible import visible

ACCOUNT_CHANGED: Final = "account_status_change"
"""The event that is about the account, not about a message."""

_EVENT_ID: Final = "sg_event_id"
_OUR_ID: Final = "ftos_msg"
_LONGEST: Final = 200
_LONGEST_SAID: Final = 512
_encoded: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_MILLISECONDS: Final = 10**11
_LATEST: Final = 4_102_444_800  # 2100-01-01: beyond is a mistake, not a time
_LONGEST_NUMBER: Final = 30


class NotEvents(ValueError):
    """What was posted is not an array of events; its text says so."""


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event that was read.

    Attributes:
        event: What it says; its meaning is yet to be looked up in the provider's list.
        raw: The event itself, JSON in ASCII.
        meant: What it means whatever the list says; None where the list alone decides.
    """

    event: ProviderEvent
    raw: str
    meant: Canonical | None = None


def events_in(body: bytes) -> Sequence[Any]:
    """The items of a post, not yet looked at.

    Args:
        body: The raw bytes; a byte that is no UTF-8 does not make the rest unreadable.

    Raises:
        NotEvents: It is no JSON, or no array.
    """
    try:
        document = json.loads(body.decode("utf-8", "replace"), parse_int=_whole, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise NotEvents("The body is not JSON.") from None
    if not isinstance(document, list):
        raise NotEvents("The body is not an array of events.")
    return document


def read_event(item: Any) -> ReadEvent:
    """What one item of a post says.

    Args:
        item: Any JSON value.

    Raises:
        NotEvents: It nests deeper than can be written down again.
    """
    fields = item if isinstance(item, dict) else {}
    try:
        raw = _encoded(item)
        content = {key: value for key, value in fields.items() if key != _EVENT_ID} if fields else item
        digest = hashlib.sha256(_encoded(content).encode()).hexdigest()
    except RecursionError:
        raise NotEvents("The body nests too deep.") from None
    event = ProviderEvent(
        code=_code(fields),
        canonical=None,
        at=_time(fields.get("timestamp")),
        event_id=_text(fields, _EVENT_ID),
        content_hash=digest,
        machine=fields.get("sg_machine_open") is True,
        said=_said(fields),
        message_id=_text(fields, _OUR_ID),
        provider_message_id=_text(fields, "sg_message_id"),
        header_id=_text(fields, "smtp-id"),
    )
    return ReadEvent(event, raw)


def account_change(read: ReadEvent) -> str:
    """What an event says about the account, in words; empty for an event about a message."""
    if read.event.code != ACCOUNT_CHANGED:
        return ""
    kind = _text(json.loads(read.raw), "type")
    return f"SendGrid reports a change of the account: {kind or 'it does not say which'}"


def _code(fields: dict[str, Any]) -> str:
    """The name under which the status list has the event: a bounce that is a block is no fault of the address."""
    name = _text(fields, "event")[:64]
    return "blocked" if name == "bounce" and fields.get("type") == "blocked" else name


def _said(fields: dict[str, Any]) -> str:
    parts = [_text(fields, name, _LONGEST_SAID) for name in ("status", "reason", "response")]
    return " ".join(part for part in parts if part)[:_LONGEST_SAID]


def _text(fields: dict[str, Any], name: str, longest: int = _LONGEST) -> str:
    value = fields.get(name)
    return visible(value[:longest]) if isinstance(value, str) else ""


def _time(value: Any) -> datetime | None:
    """A time in seconds since 1970, as number or text; some events have milliseconds."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _LONGEST_NUMBER:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    seconds = value / 1000 if value >= _MILLISECONDS else value
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None


def _whole(digits: str) -> int | str:
    """A whole number; one of thousands of digits stays a text, so that it does not spoil the batch."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
