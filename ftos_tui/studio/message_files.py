"""Many messages out of one file, JSON lines or CSV: all of them are queued, or none."""

import csv
import io
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ftos_tui.domain.delivery.message import Attachment, NewMessage
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.findings import Finding, Severity, refuse
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.studio.failures import FileProblem, MessageRefused, NotFound, counted
from ftos_tui.studio.hand_in import handed_in
from ftos_tui.studio.log import note
from ftos_tui.studio.messages import check, entries_of
from ftos_tui.studio.reading import open_provider

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import NewEntry
    from ftos_tui.studio.session import Session

MOST_LINES: Final = 50_000
"""The most messages of one file: all of them are rendered before the first is queued."""

MOST_FAULTS: Final = 100
LARGEST_ATTACHMENT: Final = 25_000_000

KEYS: Final = (
    "provider",
    "to",
    "cc",
    "bcc",
    "subject",
    "text",
    "html",
    "attach",
    "due",
    "not_after",
    "params",
    "dedupe_key",
)
"""What a line may say; `attach` names files, in CSV separated by semicolons."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a file from being imported, and in which line, from 1 on."""

    line: int
    finding: Finding


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        lines: How many messages it holds.
        queued: How many were queued, one for each recipient.
        held: How many of these are held, because their provider is not ready.
        known: How many recipients had been queued before under the same dedupe key.
        faults: What was found, at most a hundred; where one refuses, nothing was queued.
    """

    lines: int
    queued: int = 0
    held: int = 0
    known: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing was queued."""
        return any(fault.finding.severity is not Severity.FIX for fault in self.faults)


def import_messages(
    session: "Session",
    text: str,
    *,
    folder: Path,
    provider: str = "",
    acknowledged: frozenset[str] = frozenset(),
    dry_run: bool = False,
) -> Imported:
    """Queues every message of a file, or none.

    Args:
        session: The operator's session.
        text: The file's text: a JSON object a line, or CSV with a header.
        folder: Where the attachments it names lie, unless it names them from the root.
        provider: The Name of the provider for lines that name none.
        acknowledged: Codes of the warnings the operator acknowledges.
        dry_run: Whether the file is only looked at.

    Raises:
        NotPermitted: The environment is read-only.
        FileProblem: It is neither, or holds too many messages.
    """
    if not dry_run:
        session.permit_change()
    providers: dict[str, ProviderVersion] = {}
    entries: list[NewEntry] = []
    faults: list[Fault] = []
    lines = 0
    for line, record in _records(text):
        lines += 1
        if lines > MOST_LINES:
            raise FileProblem(f"The file holds more than {MOST_LINES:,} messages: cut it into parts.")
        try:
            of = _provider(session, str(record.get("provider") or provider), providers)
            checked = check(session, of, _message(record, folder))
        except _Wrong as wrong:
            faults.append(Fault(line, wrong.finding))
            continue
        open_findings = [f for f in checked.findings if f.severity is not Severity.WARN or f.code not in acknowledged]
        faults += [Fault(line, finding) for finding in open_findings]
        if not faults or not any(fault.finding.severity is not Severity.FIX for fault in faults):
            try:
                entries += entries_of(session, of, checked.message)
            except MessageRefused as refused:
                faults.append(Fault(line, refuse("record", "message_not_renderable", str(refused))))
    result = Imported(lines, faults=_gravest(faults))
    if dry_run or result.refused or not entries:
        return result
    done = handed_in(session, entries)
    new = [entry for entry, one in zip(entries, done, strict=True) if one.new]
    held = sum(bool(entry.reason) for entry in new)
    messages = counted(len(new), "message", "messages")
    note(session, Level.SUCCESS, f"Queued {messages} of a file{f', {held:,} of them held' if held else ''}.")
    return Imported(lines, len(new), held, len(done) - len(new), result.faults)


def read_attachment(path: Path) -> Attachment:
    """A file to go with a message.

    Raises:
        FileProblem: It cannot be read, or is too large.
    """
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(LARGEST_ATTACHMENT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not a file's name"
        raise FileProblem(f"The attachment {shortened(str(path), 60)} cannot be read: {reason}.") from error
    if len(content) > LARGEST_ATTACHMENT:
        raise FileProblem(f"The attachment {shortened(str(path), 60)} is larger than 25 MB: send a link instead.")
    kind, coding = mimetypes.guess_type(path.name)
    return Attachment(path.name, kind if kind and not coding else "application/octet-stream", content)


def time_of(text: str) -> datetime | None:
    """A time as it is written: ISO 8601 with its zone, for example 2026-01-02T09:00:00Z; None for nothing.

    Raises:
        ValueError: That is no such time.
    """
    if not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    if at.utcoffset() is None:
        raise ValueError("a time without a zone")
    return at


class _Wrong(Failure):
    """What a line says cannot be taken at all."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.finding = refuse(field, code, message)


def _records(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The messages of a file with the lines they begin in."""
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise FileProblem("The file is empty: write one JSON object a line, or CSV with a header.")
    return _json_lines(text) if start.startswith("{") else _csv_rows(text)


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileProblem(f"Line {number} is no JSON object: correct it. Nothing was queued.") from error
        if not isinstance(record, dict):
            raise FileProblem(f"Line {number} is no JSON object: correct it. Nothing was queued.")
        _refuse_unknown(record, number)
        yield number, record


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
        _refuse_unknown(dict.fromkeys(header), 1)
        before = reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            if len(row) > len(header):
                raise FileProblem(f"Line {line} has more cells than the header: correct it. Nothing was queued.")
            if row:
                yield line, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise FileProblem(f"Line {reader.line_num} is no CSV: correct its quotes. Nothing was queued.") from error


def _refuse_unknown(record: Mapping[str, Any], line: int) -> None:
    for key in record:
        if key not in KEYS:
            known = ", ".join(KEYS)
            raise FileProblem(f"Line {line}: there is no {shortened(key, 40)}; known are {known}. Nothing was queued.")


def _provider(session: "Session", name: str, known: dict[str, ProviderVersion]) -> ProviderVersion:
    if not name:
        raise _Wrong("provider", "required", "Name the provider, in the line or by --provider.")
    if name not in known:
        try:
            known[name] = open_provider(session, name=name)
        except NotFound:
            message = f"There is no provider {shortened(name, 60)}: `ftos-tui providers list` lists them."
            raise _Wrong("provider", "provider_unknown", message) from None
    return known[name]


def _message(record: Mapping[str, Any], folder: Path) -> NewMessage:
    return NewMessage(
        **{name: _text(record, name) for name in ("to", "cc", "bcc", "subject", "text", "html", "dedupe_key")},
        attachments=tuple(_attachments(record.get("attach"), folder)),
        due=_time(record, "due"),
        not_after=_time(record, "not_after"),
        params=_params(record.get("params")),
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, list) and name in ("to", "cc", "bcc") and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    if not isinstance(value, str):
        raise _Wrong(name, "value_type", f"Write {name} as a text in quotes.")
    return value


def _time(record: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return time_of(_text(record, name))
    except ValueError:
        message = f"Write {name} as a time with its zone, for example 2026-01-02T09:00:00Z."
        raise _Wrong(name, "time_format", message) from None


def _params(value: Any) -> str:
    if value is None or value == "":
        return "{}"
    return value if isinstance(value, str) else json.dumps(value)


def _attachments(value: Any, folder: Path) -> Iterator[Attachment]:
    names = value.split(";") if isinstance(value, str) else value or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Wrong("attachments", "value_type", "Write attach as a list of files.")
    for name in names:
        if name.strip():
            try:
                yield read_attachment(folder / Path(name.strip()).expanduser())
            except FileProblem as problem:
                raise _Wrong("attachments", "attachment_unreadable", visible(str(problem))) from None


def _gravest(faults: list[Fault]) -> tuple[Fault, ...]:
    """The first of them, what refuses before the rest, in the order of the lines."""
    kept = sorted(faults, key=lambda fault: (fault.finding.severity is Severity.FIX, fault.line))[:MOST_FAULTS]
    return tuple(sorted(kept, key=lambda fault: fault.line))
