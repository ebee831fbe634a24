"""What a screen shows of messages: rows with their status in words, one in full, and a hand-in as it was typed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ftos_tui.domain.delivery.fold import Delivery, in_words
from ftos_tui.domain.delivery.message import NewMessage, split_addresses
from ftos_tui.domain.delivery.message_check import CheckedMessage
from ftos_tui.domain.delivery.states import Dispatch, displayed
from ftos_tui.domain.findings import Finding, refuse
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.message_protocol import KeptEvent, MessageDetail, MessageQuery, MessageRow
from ftos_tui.studio.events import EVENT_WITHHELD
from ftos_tui.studio.failures import FileProblem, MessageRefused
from ftos_tui.studio.message_files import read_attachment, time_of
from ftos_tui.studio.messages import (
    Added,
    add,
    check,
    list_messages,
    open_message,
    tries_in_all,
    why_waiting_in_words,
)

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

TEXTS: Final = (
    "to",
    "cc",
    "bcc",
    "subject",
    "text",
    "html",
    "attachments",
    "due",
    "not_after",
    "params",
    "dedupe_key",
)
"""What is typed of a hand-in beside its provider, in the order of a form."""


WITHHELD: Final = "What it says, params and attachments are for the roles developer and worker"
"""Said where the store does not let who is signed in read what messages say."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in a list: the row, its status in words, and how often it is tried at most."""

    row: MessageRow
    status: str
    tries: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that is known of a message, its status in words, why it is where it is, and what was reported of it."""

    detail: MessageDetail
    status: str
    why: str
    reported: tuple[str, ...] = ()


def listed(session: "Session", query: MessageQuery) -> Sequence[Listed]:
    """One page of the messages with their statuses in words."""
    rows = list_messages(session, query)
    tries = tries_in_all(session, [row.provider_id for row in rows])
    return [Listed(row, _status(row, tries[row.provider_id]), tries[row.provider_id]) for row in rows]


def message_view(session: "Session", message_id: str) -> MessageView:
    """A message in full.

    Raises:
        NotFound: There is none.
    """
    detail = open_message(session, message_id)
    row = detail.row
    tries = tries_in_all(session, [row.provider_id])[row.provider_id]
    return MessageView(
        detail, _status(row, tries), why_waiting_in_words(session, row), reported_in_words(session, detail)
    )


def why(session: "Session", message_id: str) -> str:
    """Why a message is where it is, in one sentence.

    Raises:
        NotFound: There is none.
    """
    return why_waiting_in_words(session, session.store.messages.message_row(message_id))


def reported_in_words(session: "Session", detail: MessageDetail) -> tuple[str, ...]:
    """What the provider has reported about a message, a phrase each, opens by readers and by machines apart.

    What was not tracked when it was sent is said to be so: no opens are then no sign that nobody read it.
    """
    version = next((line.provider_version for line in reversed(detail.attempts) if line.provider_version), 0)
    opens_tracked = clicks_tracked = True
    if version:
        values = session.store.by_id(detail.row.provider_id, version).values
        opens_tracked, clicks_tracked = values.get("open_setting") is True, values.get("click_setting") is True
    return in_words(detail.row.reported, opens_tracked=opens_tracked, clicks_tracked=clicks_tracked)


def event_in_words(event: KeptEvent) -> str:
    """An event in a line: the provider's code, what it means, and of a click to which host; never a link."""
    said = f"{event.code} ({event.canonical or 'unknown here, changes nothing'})"
    if event.withheld:
        return f"{said}: {EVENT_WITHHELD}"
    try:
        raw = json.loads(event.raw)
    except ValueError:
        raw = None
    told = raw if isinstance(raw, dict) else {}
    if told.get("sg_machine_open") is True:
        said += " by a machine"
    if isinstance(told.get("url"), str):
        said += f" to {_host(told['url'])}"
    if isinstance(told.get("reason"), str):
        said += f": {shortened(told['reason'], 200)}"
    return said


def typed_message(texts: Mapping[str, str]) -> tuple[NewMessage, tuple[Finding, ...]]:
    """A hand-in out of what was typed into a form, and what is no time or no readable file.

    Args:
        texts: By the names of `TEXTS`; those left out are empty. `attachments` names files, separated by semicolons.
    """
    findings: list[Finding] = []
    times: dict[str, datetime | None] = {}
    for field in ("due", "not_after"):
        try:
            times[field] = time_of(texts.get(field, ""))
        except ValueError:
            times[field] = None
            findings.append(refuse(field, "time_format", "Write a time with its zone, as 2026-01-02T09:00:00Z."))
    files = []
    for name in split_addresses(texts.get("attachments", "")):
        try:
            files.append(read_attachment(Path(name)))
        except FileProblem as problem:
            findings.append(refuse("attachments", "attachment_unreadable", str(problem)))
    new = NewMessage(
        to=texts.get("to", ""),
        cc=texts.get("cc", ""),
        bcc=texts.get("bcc", ""),
        subject=texts.get("subject", ""),
        text=texts.get("text", ""),
        html=texts.get("html", ""),
        attachments=tuple(files),
        due=times["due"],
        not_after=times["not_after"],
        params=texts.get("params", "").strip() or "{}",
        dedupe_key=texts.get("dedupe_key", ""),
    )
    return new, tuple(findings)


def check_typed(session: "Session", provider: ProviderVersion, texts: Mapping[str, str]) -> CheckedMessage:
    """The verdict on a hand-in as it was typed: what every way in checks, and times and files that cannot be read."""
    new, findings = typed_message(texts)
    checked = check(session, provider, new)
    return CheckedMessage(checked.message, (*findings, *checked.findings))


def add_typed(
    session: "Session", provider: ProviderVersion, texts: Mapping[str, str], acknowledged: Iterable[str] = ()
) -> Added:
    """Queues a hand-in as it was typed; see `messages.add`.

    Raises:
        NotPermitted: The environment is read-only.
        MessageRefused: The check refuses it, or a warning is not acknowledged.
        NotFound: The provider was deleted meanwhile.
    """
    session.permit_change()
    new, findings = typed_message(texts)
    if findings:
        raise MessageRefused(f"Not queued: {findings[0].message}", findings)
    return add(session, provider, new, acknowledged=acknowledged)


def short_status(row: MessageRow, tries: int) -> str:
    """The status in a few words for a narrow column; the times stand in columns of their own."""
    if row.state is Dispatch.RETRY_WAIT:
        return f"Error, try {row.attempt + 1} of {max(tries, row.attempt + 1)}"
    if row.state is Dispatch.FAILED:
        return "Error, final"
    if row.state is Dispatch.ACCEPTED:
        delivery = row.reported.delivery
        return "Accepted" if delivery is Delivery.NONE else f"Accepted, {delivery}"
    return _status(row, tries)


def _status(row: MessageRow, tries: int) -> str:
    return displayed(row.state, due=row.due, tries=row.attempt, tries_in_all=tries)


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return shortened(host, 80) if host else "a link"
