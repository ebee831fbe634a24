"""Takes one provider of a document apart: plain values, list of statuses, references to secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.text import is_placeholder
from ftos_tui.domain.exchange import STATUS_COLUMNS, Reference, reference_in, status_row
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS, SECRET_IDS
from ftos_tui.domain.findings import Finding, refuse
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.files.entries import Entry

BASED_ON: Final = "based_on"
"""The key by which a plan names the version its target had."""

_MANDATORY: Final = tuple(spec.id for spec in FIELDS if spec.mandatory and not spec.secret)


@dataclass(slots=True)
class Incoming:
    """One provider as a file brings it.

    Attributes:
        line: Where it begins.
        name: Its Name; empty where that is no text.
        edits: Plain values by field id, as written. A mandatory one that is left out is nothing; an optional one that
            is left out keeps what is stored.
        statuses: Its list of statuses; None where that is left out.
        references: What stands for its secrets; one that is blank or left out keeps what is stored.
        findings: What is wrong with how it is written.
        based_on: Provider id and version that a plan found, `id/version`; empty for a provider it found not there.
        untouched: Whether a plan leaves the provider as it is.
        line_of: The line of one of its keys.
    """

    line: int
    name: str
    edits: dict[str, Any]
    line_of: Callable[[str], int]
    statuses: tuple[StatusRow, ...] | None = None
    references: dict[str, Reference] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    based_on: str = ""
    untouched: bool = False


def incoming(entry: Entry, *, planned: bool = False) -> Incoming:
    """One provider of a document, taken apart.

    Args:
        entry: The provider as the file writes it.
        planned: Whether the file is a plan, which says on which version each provider is based.
    """
    record = dict(entry.record)
    statuses, secrets = record.pop("statuses", None), record.pop("secrets", None)
    clear = {field_id: record.pop(field_id, None) for field_id in SECRET_IDS}
    based_on = record.pop(BASED_ON, "") if planned else ""
    name = record.get("name")
    edits = dict.fromkeys(_MANDATORY) | record
    found = Incoming(entry.line, name if isinstance(name, str) else "", edits, entry.line_of)
    found.based_on = str(based_on)
    found.untouched = planned and set(entry.record) == {"name", BASED_ON}
    found.statuses, of_statuses = statuses_in(statuses)
    found.findings += of_statuses
    for field_id, given in clear.items():
        if given not in (None, ""):
            found.findings.append(_in_clear(field_id, given))
    _take_secrets(found, secrets)
    return found


def statuses_in(written: Any) -> tuple[tuple[StatusRow, ...] | None, list[Finding]]:
    """The list of statuses as a file writes it, and what is wrong with how.

    Args:
        written: What stands under `statuses`; None where that is left out.

    Returns:
        None in place of the rows where it is left out, or is no list of rows.
    """
    if written is None:
        return None, []
    if not isinstance(written, list) or not all(isinstance(row, Mapping) for row in written):
        message = "Write statuses as a list of rows with code, label and canonical."
        return None, [rules.STATUS_TYPE("statuses", message)]
    findings: list[Finding] = []
    for place, row in enumerate(written, 1):
        unknown = [column for column in row if column not in STATUS_COLUMNS]
        if unknown:
            columns = ", ".join(STATUS_COLUMNS)
            message = f"Remove {shortened(unknown[0], 40)} from status {place}: a status has {columns}."
            findings.append(rules.UNKNOWN_FIELD("statuses", message))
    return tuple(map(status_row, written)), findings


def _take_secrets(found: Incoming, written: Any) -> None:
    if written is None:
        return
    if not isinstance(written, Mapping):
        message = f"Write secrets as an object of references: {SECRET_IDS[0]}: env:NAME."
        found.findings.append(refuse("secrets", "secret_reference", message))
        return
    for field_id, given in written.items():
        if field_id not in SECRET_IDS:
            message = f"Remove {shortened(field_id, 40)}: the secrets are {' and '.join(SECRET_IDS)}."
            found.findings.append(rules.UNKNOWN_FIELD("secrets", message))
        elif given not in (None, ""):
            reference = reference_in(given) if isinstance(given, str) else None
            if reference is None:
                found.findings.append(_in_clear(field_id, given))
            else:
                found.references[field_id] = reference


def _in_clear(field_id: str, given: Any) -> Finding:
    """The finding for what is no reference; it may be a secret, so it is not repeated."""
    label = FIELD_BY_ID[field_id].label
    if isinstance(given, str) and (is_placeholder(given.strip()) or not given.strip("•●*∗ ")):
        message = f"Leave {label} out to keep what is stored, or write a reference: this only stands in its place."
        return rules.SECRET_PLACEHOLDER(field_id, message)
    message = (
        f"Write a reference under secrets (env:NAME, file:/path or age:…): {label} never stands in a file in the clear."
    )
    return refuse(field_id, "secret_reference", message)
