"""The JSON shapes of messages. Other programs read them: a change here is a change of the interface."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ftos_tui.cli.shapes import finding_shape, time_text

if TYPE_CHECKING:
    from ftos_tui.studio.message_files import Imported
    from ftos_tui.studio.message_views import MessageView
    from ftos_tui.studio.messages import Added, MessageRow, Moved

Shape = dict[str, Any]


def added_shape(added: "Added") -> Shape:
    """What `messages add` prints."""
    return {
        "queued": True,
        "ids": list(added.ids),
        "known": list(added.known),
        "held": added.held or None,
        "findings": [finding_shape(finding) for finding in added.findings],
    }


def row_shape(row: "MessageRow") -> Shape:
    """One message of `messages list`."""
    return {
        "id": row.id,
        "group": row.group_id,
        "provider": row.provider,
        "state": str(row.state),
        "generation": row.generation,
        "tries": row.attempt,
        "recipient": row.recipient,
        "role": row.role,
        "subject": row.subject,
        "due": time_text(row.due),
        "not_after": _time(row.not_after),
        "queued_at": time_text(row.created_at),
        "changed_at": time_text(row.changed_at),
        "worker": row.worker,
        "reason": row.reason or None,
        "code": row.code or None,
        "said": row.said or None,
        "delivery": str(row.reported.delivery),
        "opens": row.reported.opens,
        "machine_opens": row.reported.machine_opens,
        "clicks": row.reported.clicks,
        "complained": row.reported.complained,
        "unsubscribed": row.reported.unsubscribed,
        "conflict": row.conflict,
    }


def detail_shape(view: "MessageView") -> Shape:
    """What `messages show` prints."""
    detail = view.detail
    return {
        **row_shape(detail.row),
        "why": view.why,
        "reported": list(view.reported),
        "to": list(detail.to),
        "cc": list(detail.cc),
        "withheld": detail.withheld,
        "text": detail.text,
        "html": detail.html,
        "params": detail.params,
        "attachments": [
            {"name": file.name, "content_type": file.content_type, "size": file.size} for file in detail.attachments
        ],
        "members": list(detail.members),
        "queued_by": detail.queued_by.user,
        "bytes": detail.wire_size,
        "history": [
            {
                "at": time_text(line.ended_at),
                "before": str(line.before),
                "after": str(line.after),
                "what": line.outcome,
                "by": line.by,
                "try": line.number,
                "generation": line.generation,
                "provider_version": line.provider_version or None,
                "code": line.code or None,
                "said": line.said or None,
                "provider_message_id": line.provider_message_id,
            }
            for line in detail.attempts
        ],
        "events": [
            {"at": _time(kept.at), "code": kept.code, "meaning": kept.canonical or None} for kept in detail.events
        ],
    }


def moved_shape(moved: "Moved") -> Shape:
    """What `messages hold`, `release`, `cancel`, `retry` and `resolve` print."""
    return {
        "done": list(moved.done),
        "refused": {message_id: str(state) for message_id, state in moved.refused.items()},
    }


def imported_shape(imported: "Imported") -> Shape:
    """What `messages import` prints."""
    return {
        "messages": imported.lines,
        "queued": imported.queued,
        "held": imported.held,
        "known": imported.known,
        "refused": imported.refused,
        "findings": [{"line": fault.line, **finding_shape(fault.finding)} for fault in imported.faults],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)
