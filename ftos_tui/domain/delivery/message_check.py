"""The one check of a message, for every way in: command line, file and console."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ftos_tui.domain.checks.app_config import check_app_config
from ftos_tui.domain.checks.rules import Rule
from ftos_tui.domain.checks.text import SPACES, key_in_clear
from ftos_tui.domain.delivery import message_rules as rules
from ftos_tui.domain.delivery.message import Attachment, NewMessage, encoded_size, recipients_of, split_addresses
from ftos_tui.domain.delivery.recipients import check_addresses, check_numbers
from ftos_tui.domain.fields import DataType, FieldSpec, Group
from ftos_tui.domain.findings import Finding, Severity, Verdict, verdict
from ftos_tui.domain.pace import in_words
from ftos_tui.domain.visible import is_unsafe, shortened
from ftos_tui.domain.window import Window

MOST_RECIPIENTS: Final = 1000
"""To, Cc and Bcc together; SendGrid's limit of one request."""

LONGEST_SUBJECT: Final = 900
"""Characters; with its name it must fit a line of 998 octets where a server does not fold (RFC 5322, 2.1.1)."""

LARGEST_MESSAGE: Final = 25_000_000
"""Bytes on the wire; SendGrid takes less than 30 MB, many mail servers no more than 25."""

MOST_ATTACHMENTS: Final = 100
LONGEST_NAME: Final = 200
LONGEST_PARAMS: Final = 10_000
"""Bytes; SendGrid's limit of custom arguments."""

LONGEST_KEY: Final = 200
LONGEST_SMS: Final = 1530
"""Characters: ten parts of 153 of the GSM alphabet, the most that gateways take."""

FAR: Final = timedelta(days=366)

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}")
# fmt: off
_FORBIDDEN_HEADERS: Final = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "mime-version",
    "to", "from", "sender", "subject", "reply-to", "cc", "bcc", "date", "message-id", "return-path"
})
# fmt: on
_NOT_IN_BODY: Final = re.compile("[\0\ud800-\udfff]")
_SPECS: Final = tuple(
    FieldSpec(field, label, DataType.TEXT, Group.SENDER, "")
    for field, label in (("subject", "Subject"), ("text", "the text"), ("html", "the HTML"))
)


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What the check of a message is told about the world.

    Attributes:
        channel: The provider's channel, `email` or `sms`.
        now: UTC, by the store's clock.
        window: The provider's window; None where it is not known or not valid.
        test: Whether this is a test environment, where a@localhost is an address.
    """

    channel: str
    now: datetime
    window: Window | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class CheckedMessage:
    """What the check gives back.

    Attributes:
        message: In canonical form, fit to be queued when nothing is refused.
        findings: In the order of the message's fields.
    """

    message: NewMessage
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return verdict(self.findings)

    @property
    def refused(self) -> bool:
        """Whether it cannot be queued."""
        return any(finding.severity is Severity.REFUSE for finding in self.findings)


def check_message(new: NewMessage, context: MessageContext) -> CheckedMessage:
    """The verdict on a message that is handed in, and its canonical form."""
    sms = context.channel == "sms"
    findings: list[Finding] = []
    lists = []
    for field, text in (("to", new.to), ("cc", new.cc), ("bcc", new.bcc)):
        checked, said = check_numbers(field, text) if sms else check_addresses(field, text, test=context.test)
        lists.append("; ".join(checked))
        findings += said
    to, cc, bcc = lists
    message = replace(new, to=to, cc=cc, bcc=bcc, subject="" if sms else new.subject.strip(SPACES))
    findings += _recipients(message, sms)
    findings += _subject(new, sms)
    findings += _bodies(new, sms)
    findings += _attachments(new.attachments, sms)
    findings += _size(message)
    findings += _times(new, context)
    params, said = _params(new.params)
    findings += said
    findings += _key(new.dedupe_key)
    return CheckedMessage(replace(message, params=params), tuple(findings))


def _recipients(message: NewMessage, sms: bool) -> Iterator[Finding]:
    named = [address for text in (message.to, message.cc, message.bcc) for address in split_addresses(text)]
    if not split_addresses(message.to):
        example = "+40721000000" if sms else "ana@example.com; ion@example.com"
        yield rules.RECIPIENT_MISSING("to", f"Enter at least one recipient, for example {example}.")
    if len(named) > MOST_RECIPIENTS:
        message_text = f"Name at most {MOST_RECIPIENTS:,} recipients in all, not {len(named):,}."
        yield rules.RECIPIENT_COUNT("to", message_text)
    double = len(named) - sum(1 for _ in recipients_of(message))
    if double:
        yield rules.RECIPIENT_DOUBLE("to", f"Recipients named again get it once: {double:,} left out.")
    if sms and (message.cc or message.bcc):
        yield rules.COPY_SMS("cc" if message.cc else "bcc", "Put every number into To: an SMS has no copies.")


def _subject(new: NewMessage, sms: bool) -> Iterator[Finding]:
    if sms:
        if new.subject:
            yield rules.SUBJECT_SMS("subject", "The subject was dropped: an SMS has none.")
        return
    fault = _header_fault("subject", new.subject)
    if fault:
        yield fault
    elif not new.subject.strip(SPACES):
        yield rules.SUBJECT_MISSING("subject", "Enter a subject: mail without one is often taken for spam.")
    elif len(new.subject) > LONGEST_SUBJECT:
        over = len(new.subject) - LONGEST_SUBJECT
        yield rules.SUBJECT_LONG("subject", f"Shorten Subject by {over:,} to at most {LONGEST_SUBJECT} characters.")


def _bodies(new: NewMessage, sms: bool) -> Iterator[Finding]:
    if sms and new.html:
        yield rules.HTML_SMS("html", "Write the message as text: an SMS takes no HTML.")
    if not new.text.strip() and (sms or not new.html.strip()):
        what = "a text" if sms else "a text, or HTML, or both"
        yield rules.BODY_EMPTY("text", f"Enter {what}: the message is empty.")
    if sms and len(new.text) > LONGEST_SMS:
        over = len(new.text) - LONGEST_SMS
        yield rules.BODY_LONG_SMS("text", f"Shorten the text by {over:,} to at most {LONGEST_SMS:,} characters.")
    for field, text in (("text", new.text), ("html", new.html)):
        wrong = _NOT_IN_BODY.search(text)
        if wrong:
            named = f"U+{ord(wrong[0]):04X}"
            yield rules.BODY_CHARACTER(
                field, f"Remove {named} at character {wrong.start() + 1:,}: no message may hold it."
            )
    for spec, text in zip(_SPECS, (new.subject, new.text, new.html), strict=True):
        if key_in_clear(spec, text):
            yield rules.SECRET_IN_MESSAGE(spec.id, f"Take the SendGrid key out of {spec.label}: it is a secret.")


def _attachments(attachments: tuple[Attachment, ...], sms: bool) -> Iterator[Finding]:
    field = "attachments"
    if sms and attachments:
        yield rules.ATTACHMENT_SMS(field, "Send without attachments: an SMS takes none.")
    if len(attachments) > MOST_ATTACHMENTS:
        yield rules.ATTACHMENT_COUNT(field, f"Attach at most {MOST_ATTACHMENTS} files, not {len(attachments):,}.")
    for attachment in attachments:
        shown = shortened(attachment.name, 40)
        fault = _header_fault(field, attachment.name)
        if fault:
            yield fault
        elif attachment.name.strip(SPACES) in ("", ".", "..") or re.search(r"[/\\]", attachment.name):
            yield rules.ATTACHMENT_NAME(field, f"Name the attachment by a file name without folders, not “{shown}”.")
        elif len(attachment.name) > LONGEST_NAME:
            yield rules.ATTACHMENT_NAME(field, f"Shorten the name {shown} to at most {LONGEST_NAME} characters.")
        if not _MEDIA_TYPE.fullmatch(attachment.content_type):
            wrong = shortened(attachment.content_type, 40)
            yield rules.ATTACHMENT_TYPE(
                field, f"Write a media type such as application/pdf for {shown}, not “{wrong}”."
            )
        elif attachment.content_type.startswith(("multipart/", "message/")):
            yield rules.ATTACHMENT_TYPE(
                field, f"Attach {shown} as application/octet-stream: whole messages break a mail."
            )


def _size(message: NewMessage) -> Iterator[Finding]:
    bodies = len(message.text.encode("utf-8", "replace")) + len(message.html.encode("utf-8", "replace"))
    size = bodies + sum(encoded_size(len(attachment.content)) for attachment in message.attachments)
    if size > LARGEST_MESSAGE:
        mega = f"{size / 1_000_000:,.1f} MB"
        limit = LARGEST_MESSAGE // 1_000_000
        yield rules.MESSAGE_LARGE("message", f"Make it smaller: {mega} on the wire, and providers take {limit} MB.")


def _times(new: NewMessage, context: MessageContext) -> Iterator[Finding]:
    now, due = context.now, max(new.due or context.now, context.now)
    if due - now > FAR:
        yield rules.DUE_FAR("due", f"Check the due time: {due:%Y-%m-%d} is more than a year away.")
    if new.not_after is None:
        return
    shown = f"{new.not_after:%Y-%m-%d %H:%M:%S} UTC"
    if new.not_after <= now:
        ago = in_words(int((now - new.not_after).total_seconds()))
        yield rules.NOT_AFTER_PAST("not_after", f"Choose a later not-after time: {shown} was {ago} ago.")
    elif new.not_after < due:
        yield rules.NOT_AFTER_DUE("not_after", f"Choose a not-after time after the due time: {shown} is before it.")
    elif context.window is not None and context.window.next_open(due) > new.not_after:
        opens = context.window.next_open(due)
        message = f"It will expire unsent at {shown}: the window opens at {opens:%Y-%m-%d %H:%M:%S} UTC."
        yield rules.NOT_AFTER_WINDOW("not_after", message)


def _params(text: str) -> tuple[str, tuple[Finding, ...]]:
    """The canonical form of the params, and what there is to say; judged as strictly as appConfig."""
    if text.strip() in ("", "{}"):
        return "{}", ()
    if len(text.encode("utf-8", "replace")) > LONGEST_PARAMS:
        return "{}", (rules.PARAMS_LONG("params", f"Shorten Params to at most {LONGEST_PARAMS:,} bytes."),)
    outcome = check_app_config(text)
    for finding in outcome.findings:
        if finding.severity is Severity.REFUSE:
            said = finding.message.replace("appConfig", "Params")
            return "{}", (rules.PARAMS_JSON("params", said),)
    canonical = str(outcome.value)
    return canonical, tuple(_headers(json.loads(canonical)))


def _headers(params: dict[str, object]) -> Iterator[Finding]:
    """Headers that a message brings of its own: they must neither break it nor replace ours."""
    headers = params.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        yield rules.PARAMS_HEADER("params", "Write headers in Params as an object of texts.")
        return
    for name, value in headers.items():
        shown = shortened(name, 40)
        if not _HEADER_NAME.fullmatch(name):
            yield rules.PARAMS_HEADER("params", f"Rename the header “{shown}” in Params: no header is named so.")
        elif name.lower() in _FORBIDDEN_HEADERS:
            yield rules.PARAMS_HEADER("params", f"Take the header {shown} out of Params: it is set for every message.")
        elif any(is_unsafe(sign) for sign in value) or len(value) > LONGEST_SUBJECT:
            yield rules.PARAMS_HEADER("params", f"Write the header {shown} in Params as one line of plain text.")


def _key(key: str) -> Iterator[Finding]:
    if len(key) > LONGEST_KEY:
        yield rules.KEY_FORMAT("dedupe_key", f"Shorten the dedupe key to at most {LONGEST_KEY} characters.")
    elif any(is_unsafe(sign) or sign.isspace() for sign in key):
        yield rules.KEY_FORMAT("dedupe_key", "Write the dedupe key without spaces and control characters.")


def _header_fault(field: str, text: str) -> Finding | None:
    """The finding for a text that becomes a header and could end it, or that cannot be shown."""
    place = next((at for at, sign in enumerate(text, 1) if is_unsafe(sign)), None)
    if place is None:
        return None
    sign = text[place - 1]
    rule: Rule = (
        rules.HEADER_INJECTION if sign in "\r\n\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" else rules.HEADER_CHARACTER
    )
    return rule(field, f"Remove U+{ord(sign):04X} at character {place:,}: it would break or disguise a header.")
