"""Everything there is to say about one message, and what a provider refused last."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ftos_tui.domain.record import Author
from ftos_tui.stores.message_protocol import AttachedFile, MessageDetail, Refusal
from ftos_tui.stores.sql import message_rows, messages
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.message_events import RAW, kept_events
from ftos_tui.stores.sql.message_schema import attachment, attempt, delivery_event, message_body, message_group
from ftos_tui.stores.sql.rights import readable

_LONGEST_HISTORY: Final = 200
_SAID: Final = frozenset({"text", "html", "params"})
"""What a message says; some roles of a shared store may see that there is a message, but not this."""


def detail(connection: Connection, message_id: str) -> MessageDetail:
    """A message with its history; see `MessageStore.message`."""
    row = messages.raw_row(connection, message_id)
    may_read_bodies, may_read_events = readable(connection, "message_group.text", RAW)
    withheld, reports = not may_read_bodies, kept_events(may_read_events)
    columns = [column for column in message_group.c if not withheld or column.name not in _SAID]
    group = connection.execute(select(*columns).where(message_group.c.id == row.group_id)).one_or_none()
    body = message_body.c
    length = select(func.length(body.wire)).where(body.message_id == message_id)
    size = 0 if withheld else connection.execute(length).scalar()
    if group is None or size is None:
        raise DoesNotLoad(f"message {message_id}")
    try:
        to, cc, members = (tuple(json.loads(text)) for text in (group.to, group.cc, group.members))
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"message {message_id}") from error
    return MessageDetail(
        row=message_rows.row_of(row),
        wire_size=int(size),
        to=to,
        cc=cc,
        text="" if withheld else group.text,
        html="" if withheld else group.html,
        params="" if withheld else group.params,
        attachments=() if withheld else _files(connection, row.group_id),
        members=members,
        queued_by=Author(group.user, group.host),
        attempts=tuple(map(message_rows.attempt_of, _last(connection, select(attempt), attempt.c.fence, message_id))),
        events=tuple(map(message_rows.event_of, _last(connection, reports, delivery_event.c.number, message_id))),
        withheld=withheld,
    )


def refusals(connection: Connection, provider_id: str, limit: int) -> Sequence[Refusal]:
    """What a provider refused last, the newest first."""
    columns = attempt.c
    rows = connection.execute(
        select(attempt)
        .where(columns.provider_id == provider_id, columns.refused)
        .order_by(columns.ended_at.desc())
        .limit(min(max(limit, 1), 1000))
    )
    return [message_rows.refusal_of(row) for row in rows]


def _files(connection: Connection, group_id: str) -> tuple[AttachedFile, ...]:
    columns = attachment.c
    rows = connection.execute(
        select(columns.name, columns.content_type, func.length(columns.content))
        .where(columns.group_id == group_id)
        .order_by(columns.position)
    )
    return tuple(AttachedFile(row[0], row[1], int(row[2])) for row in rows)


def _last(connection: Connection, rows: Select[Any], order: ColumnElement[Any], message_id: str) -> list[Any]:
    """The last rows of a message, the oldest first."""
    chosen = rows.where(order.table.c.message_id == message_id).order_by(order.desc()).limit(_LONGEST_HISTORY)
    return list(connection.execute(chosen))[::-1]
