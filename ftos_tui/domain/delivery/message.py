"""A message as it is handed in, and as it is queued: one queued message for each envelope recipient.

A server may take one recipient of a transaction and refuse another, and a retry must reach only those who did not get
it; so nothing is ever sent to two recipients in one transaction. What one hand-in makes shares a group id and the same
To and Cc headers; a blind copy is known to its own message only.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """As what an envelope recipient was named."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message.

    Attributes:
        name: The file's name as the recipient sees it, without folders.
        content_type: Its media type, `type/subtype` in lower case.
        content: Its bytes.
    """

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as somebody hands it in, not yet checked.

    Attributes:
        to: Addresses, separated by semicolons; telephone numbers for the sms channel.
        cc: More of them, seen by everybody.
        bcc: More of them, seen by nobody else.
        subject: The subject; e-mail only.
        text: The body as plain text.
        html: The body as HTML; e-mail only.
        attachments: Files, in their order.
        due: Not before this time, UTC; None for at once.
        not_after: Expires when not accepted by this time, UTC; None for never.
        params: The vendor's Channel Provider Params: a JSON object, as text.
        dedupe_key: The caller's own name of this message: handed in again, it is not queued again; empty for none.
    """

    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    due: datetime | None = None
    not_after: datetime | None = None
    params: str = "{}"
    dedupe_key: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one envelope recipient, as it is queued.

    Attributes:
        id: Its own id, a UUID in lower case with hyphens; also the left half of its Message-ID, on every try.
        group_id: Shared by all messages of one hand-in.
        provider_id: The provider it goes through.
        recipient: The one envelope recipient.
        role: As what the recipient was named.
        to: The addresses of the To header.
        cc: The addresses of the Cc header.
        subject: The subject.
        text: The body as plain text; empty for none.
        html: The body as HTML; empty for none.
        attachments: Files, in their order.
        due: Not before this time, UTC.
        not_after: Expires when not accepted by this time, UTC; None for never.
        params: Channel Provider Params, a JSON object in canonical form.
        dedupe_key: Unique for the provider: the caller's key and the recipient; empty for none.
    """

    id: str
    group_id: str
    provider_id: str
    recipient: str
    role: Role
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    due: datetime
    not_after: datetime | None
    params: str
    dedupe_key: str

    @property
    def size(self) -> int:
        """About how many bytes it takes on the wire: attachments grow by a third in base64."""
        bodies = sum(len(part.encode("utf-8", "surrogatepass")) for part in (self.subject, self.text, self.html))
        return bodies + sum(encoded_size(len(attachment.content)) for attachment in self.attachments)


_SEPARATORS: Final = re.compile(r"\s*;\s*")


def split_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a list separated by semicolons; empty places are passed over, order and doubles kept."""
    return tuple(part for part in _SEPARATORS.split(text.strip()) if part)


def encoded_size(length: int) -> int:
    """The bytes of base64 in lines of 76 characters for a number of bytes."""
    return -(-length // 57) * 78


def stored_key(dedupe_key: str, recipient: str) -> str:
    """The dedupe key of one queued message: the caller's key and the recipient's address; empty without a key.

    Handed in again with one recipient more, a message goes to the new recipient only.
    """
    return f"{dedupe_key} {recipient.lower()}" if dedupe_key else ""


def messages_of(new: NewMessage, provider_id: str, now: datetime, new_id: Callable[[], str]) -> tuple[Message, ...]:
    """The messages that a hand-in comes to: one for each envelope recipient.

    Args:
        new: The hand-in in the canonical form of its check; an address named twice counts once, where named first.
        provider_id: The provider it goes through.
        now: The due time where none is given, UTC, by the store's clock.
        new_id: Gives a fresh UUID at each call.
    """
    group_id = new_id()
    to, cc = split_addresses(new.to), split_addresses(new.cc)
    return tuple(
        Message(
            id=new_id(),
            group_id=group_id,
            provider_id=provider_id,
            recipient=recipient,
            role=role,
            to=to,
            cc=cc,
            subject=new.subject,
            text=new.text,
            html=new.html,
            attachments=new.attachments,
            due=new.due or now,
            not_after=new.not_after,
            params=new.params,
            dedupe_key=stored_key(new.dedupe_key, recipient),
        )
        for recipient, role in recipients_of(new)
    )


def recipients_of(new: NewMessage) -> Iterator[tuple[str, Role]]:
    """Every envelope recipient once, whatever the case of the address, with the first role it was named in."""
    seen = set()
    for role, addresses in ((Role.TO, new.to), (Role.CC, new.cc), (Role.BCC, new.bcc)):
        for address in split_addresses(addresses):
            if address.lower() not in seen:
                seen.add(address.lower())
                yield address, role
