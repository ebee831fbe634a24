"""A message as MIME bytes for SMTP: seven bits, lines within limits, no header that a value could add.

The MIME classes with the compat32 policy are four times as fast as EmailMessage; the few headers of the top are
written here, so that nothing folds, encodes or drops what this module did not decide.
"""

import re
from collections.abc import Mapping
from email.base64mime import body_encode as base64_lines
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.quoprimime import body_encode as quoted_lines
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from ftos_tui.domain.delivery.message import Attachment, Message
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.visible import shortened

LONGEST_LINE: Final = 998
"""Characters of a line without its end (RFC 5322, 2.1.1)."""

_WIDTH: Final = 76
_LONGEST_NAME: Final = 200
"""Bytes of a file name or a person's; each may take three characters (RFC 2231)."""

_POLICY: Final = compat32.clone(linesep="\r\n", mangle_from_=False)
_UTF8: Final = Charset("utf-8")
_UTF8.header_encoding = QP
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NOT_7BIT: Final = re.compile(r"[^\t\n\r\x20-\x7e]")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}")
_SET_HERE: Final = frozenset(
    {"date", "from", "to", "cc", "bcc", "sender", "reply-to", "message-id", "subject", "return-path", "received"}
    | {"mime-version", "content-type", "content-transfer-encoding", "content-disposition", "dkim-signature"}
    | {"x-sg-id", "x-sg-eid"}
)
_TYPE: Final = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,126})/([a-z0-9][a-z0-9!#$&^_.+-]{0,126})")
_ADDRESS: Final = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\xa0]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\xa0]{1,253}"
)


class NotRenderable(Failure):
    """A message cannot be put on the wire; the sentence says why."""


def mime_bytes(message: Message, sender: str, display_name: str, reply_to: str, headers: Mapping[str, str]) -> bytes:
    """The message as it goes after DATA, lines ended by CRLF.

    Args:
        message: What was queued; a blind copy is in no header.
        sender: The From address, its domain in ASCII.
        display_name: Shown beside it; empty for none.
        reply_to: Where answers go; empty for the sender.
        headers: Further ones, as `own_headers` gives them.

    Raises:
        NotRenderable: An address is none.
    """
    to = [wire_address(address) for address in message.to]
    lines = [
        f"Date: {format_datetime(message.due)}",
        f"From: {named_address(display_name, sender)}",
        f"To: {_addresses(to)}" if to else "To: undisclosed-recipients:;",
    ]
    if message.cc:
        lines.append(f"Cc: {_addresses([wire_address(address) for address in message.cc])}")
    if reply_to:
        lines.append(f"Reply-To: {wire_address(reply_to)}")
    lines += [
        f"Message-ID: {message_id(message.id, sender)}",
        f"Subject: {header_text(message.subject, 'Subject')}",
        *(f"{name}: {header_text(value, name)}" for name, value in headers.items()),
    ]
    head = "\r\n".join((*lines, "")).encode("utf-8")
    return head + _body(message).as_bytes(policy=_POLICY)


def own_headers(params: Mapping[str, object]) -> dict[str, str]:
    """The headers that a message brings of its own, by its params; none that is set for every message.

    Args:
        params: Channel Provider Params.
    """
    given = params.get("headers")
    if not isinstance(given, dict):
        return {}
    return {
        name: one_line(value)
        for name, value in given.items()
        if isinstance(value, str) and _HEADER_NAME.fullmatch(name) and name.lower() not in _SET_HERE
    }


def message_id(own_id: str, sender: str) -> str:
    """The Message-ID of a message, the same on every try: our id at the domain of the sender."""
    return f"<{own_id}@{sender.rpartition('@')[2]}>"


@lru_cache(4096)
def wire_address(address: str) -> str:
    """An address as it goes over the wire: the domain in ASCII, the local part as it is.

    Raises:
        NotRenderable: It is none; nothing that could end a header or an SMTP command passes.
    """
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        import idna

        try:
            domain = idna.encode(domain, uts46=True, transitional=False).decode("ascii")
        except (UnicodeError, ValueError, IndexError):
            raise NotRenderable(f"Correct the address {shortened(address, 80)}: its domain is none.") from None
    wire = f"{local}@{domain}"
    if not _ADDRESS.fullmatch(wire) or _SURROGATE.search(wire):
        raise NotRenderable(f"Correct the address {shortened(address, 80)}: it cannot be sent to.")
    return wire


def header_text(text: str, name: str) -> str:
    """A header's value: on one line as far as it goes, encoded where it must be (RFC 2047)."""
    plain = one_line(text)
    words_fit = all(len(word) <= _WIDTH for word in plain.split(" "))
    if plain.isascii() and words_fit and "=?" not in plain and plain == plain.strip():
        if len(name) + 2 + len(plain) <= _WIDTH + 2:
            return plain
        return Header(plain, "us-ascii", _WIDTH, name).encode(linesep="\r\n")
    return Header(plain, _UTF8 if plain.isascii() else "utf-8", _WIDTH, name).encode(linesep="\r\n")


def named_address(name: str, address: str) -> str:
    """An address with the name shown beside it (RFC 5322, 3.4)."""
    plain = one_line(name).strip()
    if not plain:
        return address
    if not plain.isascii() or "=?" in plain or len(plain) > _LONGEST_NAME:
        return f"{Header(plain, 'utf-8', _WIDTH, 'From').encode(linesep=chr(13) + chr(10))}\r\n <{address}>"
    if not _ATOMS.fullmatch(plain):
        plain = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{plain} <{address}>" if len(plain) + len(address) < _WIDTH else f"{plain}\r\n <{address}>"


def one_line(text: str) -> str:
    """A text without control characters and line breaks, each run a space; half characters become �."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))


def _addresses(addresses: list[str]) -> str:
    return ",\r\n ".join(addresses)


def _body(message: Message) -> MIMEBase:
    bodies = [_text(text, kind) for text, kind in ((message.text, "plain"), (message.html, "html")) if text]
    if not bodies:
        bodies = [_text("", "plain")]
    body: MIMEBase = bodies[0]
    if len(bodies) > 1:
        body = MIMEMultipart("alternative", _subparts=bodies)
    if not message.attachments:
        return body
    for part in (body, *bodies):
        del part["MIME-Version"]
    return MIMEMultipart("mixed", _subparts=[body, *map(_attachment, message.attachments)])


def _text(text: str, kind: str) -> MIMEBase:
    part = MIMENonMultipart("text", kind, charset="utf-8")
    lines = _SURROGATE.sub("\ufffd", _LINE_END.sub("\r\n", text))
    if not _NOT_7BIT.search(lines) and max(map(len, lines.split("\r\n"))) <= LONGEST_LINE:
        part["Content-Transfer-Encoding"] = "7bit"
        part.set_payload(lines)
        return part
    content = lines.encode("utf-8")
    beyond = sum(byte > 0x7E for byte in content)
    if beyond * 6 > len(content) or _NUL in content:
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(base64_lines(content, eol="\r\n"))
    else:
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(quoted_lines(content.decode("latin-1"), _WIDTH, eol="\r\n"))
    return part


_NUL: Final = b"\x00"


def _attachment(attachment: Attachment) -> MIMEBase:
    found = _TYPE.fullmatch(attachment.content_type.lower())
    main, sub = (found[1], found[2]) if found else ("application", "octet-stream")
    if main in ("multipart", "message"):  # neither may be encoded in base64 (RFC 2046)
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    del part["MIME-Version"]
    name = _short_name(one_line(attachment.name).strip() or "attachment")
    filename = name if name.isascii() and len(name) < _WIDTH - 20 else ("utf-8", "", name)
    part.add_header("Content-Disposition", "attachment", filename=filename)
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64_lines(attachment.content, eol="\r\n"))
    return part


def _short_name(name: str) -> str:
    """A file name that stays on one line however it is encoded; its ending is kept."""
    if len(name.encode("utf-8")) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = f".{ending}" if dot and len(ending.encode("utf-8")) <= 20 else ""
    room = _LONGEST_NAME - len(tail.encode("utf-8"))
    return (stem if tail else name).encode("utf-8")[:room].decode("utf-8", "ignore") + tail
