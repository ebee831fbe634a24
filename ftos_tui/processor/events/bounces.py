"""Bounces by mail: delivery reports (RFC 3464), and the plain letters of mail servers that write none.

A bounce is matched by our Message-ID in what it returns. Only what is plainly a report of a mail server counts: an
out-of-office reply answers to our Message-ID as well. Anybody can write such mail; what it can do is mark the message
bounced whose Message-ID the writer knows, and nothing is sent because of it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Final

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.sendgrid_events import ReadEvent
from ftos_tui.domain.statuses import Canonical
from ftos_tui.domain.visible import visible

_OURS: Final = re.compile(
    r"<?([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})(@[^<>\s]{1,255})?>?", re.I
)
_RETURNED_ID: Final = re.compile(r"^[> \t]*Message-ID:\s*(<[^<>\s]{1,300}>)", re.I | re.M)
_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY: Final = re.compile(r"\b([245]\d\d)[ -]")
_SERVERS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mailerdaemon"})
_LONGEST: Final = 512
_MOST_RECIPIENTS: Final = 50

_ACTIONS: Final = {
    "failed": Canonical.BOUNCED,
    "delayed": Canonical.DEFERRED,
    "delivered": Canonical.DELIVERED,
    "relayed": Canonical.PROCESSED,
    "expanded": Canonical.PROCESSED,
}
_BY_CLASS: Final = {"2": Canonical.DELIVERED, "4": Canonical.DEFERRED, "5": Canonical.BOUNCED}


def read_bounce(data: bytes) -> Sequence[ReadEvent]:
    """What a mail reports, an event for each recipient it speaks of; none where it is no bounce.

    Args:
        data: The mail, headers first; what is broken in it is passed over.
    """
    mail = message_from_bytes(data)
    groups = list(_report_groups(mail))
    if groups:
        header_id = _returned_id(mail) or next((found for group in groups if (found := _envelope_id(group))), "")
        header_id = header_id or _answered(mail)
        return [_event(mail, header_id, **_of_group(group)) for group in groups[:_MOST_RECIPIENTS]]
    return [_plain(mail)] if _is_servers_letter(mail) else []


def _report_groups(mail: Message) -> Iterator[Message]:
    """The groups of fields about single recipients in a delivery report."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        payload = part.get_payload()
        for group in payload if isinstance(payload, list) else []:
            if isinstance(group, Message) and (group["Final-Recipient"] or group["Action"]):
                yield group


def _of_group(group: Message) -> dict[str, str]:
    """What a group says: action, code, recipient, and the words of the server that refused."""
    action = _field(group, "Action").split(" ")[0].lower()
    diagnostic = _field(group, "Diagnostic-Code")
    status = _ENHANCED.search(_field(group, "Status"))
    code = status[0] if status else ""
    if not status or status[2] == status[3] == "0":  # "5.0.0" says nothing that the server's words cannot say better
        code = _code_in(diagnostic) or code
    recipient = _field(group, "Original-Recipient") or _field(group, "Final-Recipient")
    return {
        "action": action,
        "code": code,
        "recipient": recipient.partition(";")[2].strip() or recipient,
        "said": diagnostic.partition(";")[2].strip() or diagnostic,
        "attempted": _field(group, "Last-Attempt-Date"),
    }


def _is_servers_letter(mail: Message) -> bool:
    """Whether a mail server wrote it about a mail of ours, without a report."""
    if mail["X-Failed-Recipients"]:
        return True
    sender = parseaddr(_field(mail, "From"))[1].partition("@")[0].lower()
    return sender in _SERVERS and bool(_returned_id(mail) or _RETURNED_ID.search(_text_of(mail)))


def _plain(mail: Message) -> ReadEvent:
    text = _text_of(mail)
    found = _RETURNED_ID.search(text)
    header_id = _returned_id(mail) or (found[1] if found else "") or _answered(mail)
    words = text[: found.start()] if found else text
    failed = _field(mail, "X-Failed-Recipients")
    code = _code_in(words)
    action = "failed" if failed or not code else ""
    line = next((line for line in words.splitlines() if code and code in line), "") or _field(mail, "Subject")
    return _event(mail, header_id, action=action, code=code, recipient=failed, said=line.strip(), attempted="")


def _event(
    mail: Message, header_id: str, *, action: str, code: str, recipient: str, said: str, attempted: str
) -> ReadEvent:
    meant = _ACTIONS.get(action) or _BY_CLASS.get(code[:1], Canonical.BOUNCED)
    date = _field(mail, "Date")
    fields = {
        "bounce": action or meant.value,
        "status": code,
        "said": said,
        "recipient": recipient,
        "message_id": header_id,
        "date": date,
    }
    raw = json.dumps({name: visible(text[:_LONGEST]) for name, text in fields.items()}, sort_keys=True)
    ours = _OURS.fullmatch(header_id)
    event = ProviderEvent(
        code=code or ("4.0.0" if meant is Canonical.DEFERRED else "2.0.0" if meant in _SUCCESS else "5.0.0"),
        canonical=None,
        at=_time(attempted) or _time(date),
        event_id="",
        content_hash=hashlib.sha256(raw.encode()).hexdigest(),
        said=visible(said[:_LONGEST]),
        message_id=ours[1].lower() if ours else "",
        header_id=visible(header_id[:_LONGEST]),
    )
    return ReadEvent(event, raw, meant)


_SUCCESS: Final = frozenset({Canonical.DELIVERED, Canonical.PROCESSED})


def _returned_id(mail: Message) -> str:
    """The Message-ID of the mail that a bounce returns, whole or its headers only."""
    for part in mail.walk():
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            found = _field(payload[0], "Message-ID")
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            match = _RETURNED_ID.search(_decoded(part))
            found = match[1] if match else ""
        else:
            continue
        if found:
            return found
    return ""


def _envelope_id(group: Message) -> str:
    """Our id as the envelope's, where a server gives it back with a recipient."""
    match = _OURS.search(_field(group, "Original-Envelope-Id"))
    return match[0] if match else ""


def _answered(mail: Message) -> str:
    """The Message-ID of ours that a mail answers to."""
    match = _OURS.search(f"{_field(mail, 'In-Reply-To')} {_field(mail, 'References')}")
    return match[0] if match else ""


def _code_in(words: str) -> str:
    """The most telling code in a text: an enhanced one (RFC 3463) before a reply code."""
    found = _ENHANCED.search(words) or _REPLY.search(f"{words} ")
    return "" if found is None else found[0] if found.re is _ENHANCED else found[1]


def _text_of(mail: Message) -> str:
    """The text parts of a mail, what it returns left out."""
    if mail.is_multipart():
        parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
        return "\n".join(map(_decoded, parts))
    return _decoded(mail)


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(payload, bytes) else ""


def _field(mail: Message, name: str) -> str:
    """A header as text on one line, whatever is wrong with it."""
    value = mail.get(name, "")
    try:
        text = str(make_header(decode_header(str(value))))
    except (ValueError, LookupError, UnicodeError):
        text = str(value)
    return " ".join(text.split())


def _time(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
