"""Messages as rows, and rows as messages; a row that is not what was written does not load."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from ftos_tui.domain.delivery.fold import NOTHING, Delivery, Reported
from ftos_tui.domain.delivery.message import Attachment, Message, Role
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import Author
from ftos_tui.stores.message_protocol import Attempt, KeptEvent, MessageRow, NewEntry, Refusal
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.instants import from_micros, optional_micros, optional_time, to_micros

_TIMES: Final = ("delivery_at", "first_open", "last_open")
_REPORTED: Final = tuple(field.name for field in fields(Reported))


def message_row(entry: NewEntry, now: int) -> dict[str, Any]:
    """The row of `message` for a new entry."""
    queued = entry.message
    return {
        "id": queued.id,
        "group_id": queued.group_id,
        "provider_id": queued.provider_id,
        "state": entry.state,
        "generation": 1,
        "attempt": 0,
        "throttled": 0,
        "claims": 0,
        "fence": 0,
        "worker": None,
        "lease_until": None,
        "due": to_micros(queued.due),
        "not_after": optional_micros(queued.not_after),
        "recipient": queued.recipient,
        "role": queued.role,
        "subject": queued.subject,
        "dedupe_key": queued.dedupe_key or None,
        "reason": entry.reason,
        "code": "",
        "said": "",
        "codes": "",
        "rank": 0,
        "reported": "",
        "conflict": False,
        "created_at": now,
        "changed_at": now,
        "search": f"{name_key(queued.recipient)}\n{name_key(queued.subject)}",
    }


def group_row(messages: Sequence[Message], by: Author, now: int) -> dict[str, Any]:
    """The row of `message_group` for the messages of one hand-in."""
    first = messages[0]
    return {
        "id": first.group_id,
        "provider_id": first.provider_id,
        "to": json.dumps(first.to),
        "cc": json.dumps(first.cc),
        "text": first.text,
        "html": first.html,
        "params": first.params,
        "members": json.dumps([queued.id for queued in messages]),
        "created_at": now,
        "user": by.user,
        "host": by.host,
    }


def attachment_rows(queued: Message) -> Iterator[dict[str, Any]]:
    """The rows of `attachment` for a hand-in."""
    for position, file in enumerate(queued.attachments):
        yield {
            "group_id": queued.group_id,
            "position": position,
            "name": file.name,
            "content_type": file.content_type,
            "content": file.content,
        }


def queued_message(row: Any, files: Iterable[Any]) -> Message:
    """The message out of its row, its group's and its attachments'.

    Raises:
        DoesNotLoad: A row is not what was written.
    """
    try:
        return Message(
            id=row.id,
            group_id=row.group_id,
            provider_id=row.provider_id,
            recipient=row.recipient,
            role=Role(row.role),
            to=tuple(json.loads(row.to)),
            cc=tuple(json.loads(row.cc)),
            subject=row.subject,
            text=row.text,
            html=row.html,
            attachments=tuple(Attachment(file.name, file.content_type, bytes(file.content)) for file in files),
            due=from_micros(row.due),
            not_after=optional_time(row.not_after),
            params=row.params,
            dedupe_key=row.dedupe_key or "",
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"message {row.id}") from error


def row_of(row: Any) -> MessageRow:
    """A line of the list out of its row.

    Raises:
        DoesNotLoad: The row is not what was written.
    """
    try:
        return MessageRow(
            id=row.id,
            group_id=row.group_id,
            provider_id=row.provider_id,
            provider=row.name,
            state=Dispatch(row.state),
            generation=row.generation,
            attempt=row.attempt,
            throttled=row.throttled,
            claims=row.claims,
            fence=row.fence,
            worker=row.worker,
            lease_until=optional_time(row.lease_until),
            due=from_micros(row.due),
            not_after=optional_time(row.not_after),
            recipient=row.recipient,
            role=row.role,
            subject=row.subject,
            reason=row.reason,
            code=row.code,
            said=row.said,
            reported=reported_of(row.reported),
            conflict=bool(row.conflict),
            created_at=from_micros(row.created_at),
            changed_at=from_micros(row.changed_at),
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"message {row.id}") from error


def attempt_of(row: Any) -> Attempt:
    """A line of a message's history out of its row.

    Raises:
        DoesNotLoad: The row is not what was written.
    """
    try:
        return Attempt(
            fence=row.fence,
            generation=row.generation,
            number=row.number,
            provider_version=row.provider_version,
            by=row.by,
            started_at=optional_time(row.started_at),
            ended_at=from_micros(row.ended_at),
            before=Dispatch(row.before),
            after=Dispatch(row.after),
            outcome=row.outcome,
            code=row.code,
            said=row.said,
            provider_message_id=row.provider_message_id,
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"a try of message {row.message_id}") from error


def refusal_of(row: Any) -> Refusal:
    """A refusal out of its row."""
    return Refusal(row.message_id, from_micros(row.ended_at), row.outcome, row.code, row.said)


def event_of(row: Any) -> KeptEvent:
    """A kept event out of its row."""
    return KeptEvent(
        number=row.number,
        message_id=row.message_id,
        code=row.code,
        canonical=row.canonical,
        at=optional_time(row.at),
        received_at=from_micros(row.received_at),
        raw=row.raw or "",
        withheld=row.raw is None,
    )


def reported_text(reported: Reported) -> str:
    """What was reported, as it is stored: empty for nothing."""
    held = {name: value for name in _REPORTED if (value := getattr(reported, name))}
    return "" if reported == NOTHING else json.dumps(held, default=datetime.isoformat, separators=(",", ":"))


def reported_of(text: str) -> Reported:
    """What was reported, out of its stored form.

    Raises:
        ValueError: That is not what `reported_text` gave.
    """
    if not text:
        return NOTHING
    held: Mapping[str, Any] = json.loads(text)
    given: dict[str, Any] = {name: held[name] for name in _REPORTED if name in held}
    for name in _TIMES:
        if name in given:
            given[name] = datetime.fromisoformat(given[name])
    return Reported(**{**given, "delivery": Delivery(given.get("delivery", Delivery.NONE))})
