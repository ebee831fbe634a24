"""Edits of a provider's list of statuses: rows added, edited and removed, presets. The check judges the outcome."""

import difflib
from dataclasses import replace
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.statuses import check_statuses
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.provider_kind import ProviderKind
from ftos_tui.domain.status_presets import preset_for
from ftos_tui.domain.statuses import Canonical, StatusRow
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.studio.failures import Failure

PRESETS: Final[dict[str, ProviderKind]] = {
    "smtp": ProviderKind.SMTP,
    "sendgrid": ProviderKind.SENDGRID,
    "smpp": ProviderKind.SMS,
}
"""The shipped presets by the name an operator gives."""

Rows = tuple[StatusRow, ...]


class NoSuchStatus(Failure):
    """The list has no status of this code."""


def preset_rows(name: str) -> Rows:
    """The rows of a shipped preset.

    Args:
        name: `smtp`, `sendgrid` or `smpp`, whatever its case.

    Raises:
        NoSuchStatus: There is no preset of this name.
    """
    kind = PRESETS.get(name.casefold())
    if kind is None:
        raise NoSuchStatus(f"There is no preset {shortened(name, 40)}: take {', '.join(PRESETS)}.")
    return preset_for(kind)


def with_row(rows: Rows, row: StatusRow) -> Rows:
    """The list with a row added at its end; the check refuses a code that is already there."""
    return (*rows, row)


def with_row_replaced(rows: Rows, index: int, row: StatusRow) -> Rows:
    """The list with the row at an index, from 0 on, exchanged."""
    return (*rows[:index], row, *rows[index + 1 :])


def without_row(rows: Rows, index: int) -> Rows:
    """The list without the row at an index, from 0 on."""
    return (*rows[:index], *rows[index + 1 :])


def index_of(rows: Rows, code: str) -> int:
    """Where the row of a code stands, from 0 on; case and outer spaces do not matter, but the exact code goes first.

    Raises:
        NoSuchStatus: No row bears the code.
    """
    for key in (str, _code_key):
        for index, row in enumerate(rows):
            if key(row.code) == key(code):
                return index
    close = difflib.get_close_matches(code, [row.code for row in rows], 1, 0.5)
    hint = f"did you mean {visible(close[0])}?" if close else "list the rows to see their codes."
    raise NoSuchStatus(f"There is no status {shortened(code, 40)}: {hint}")


def _code_key(code: str) -> str:
    return code.strip().casefold()


_FIELD_OF_RULE: Final[dict[str, str]] = {
    rules.STATUS_LABEL.code: "label",
    rules.STATUS_CANONICAL.code: "canonical",
    rules.STATUS_TERMINAL_RETRY.code: "retryable",
}
_HARMLESS_ROW: Final = StatusRow("-no-provider-says-this-", "-", Canonical.DELIVERED.value)


def row_findings(rows: Rows, index: int | None, row: StatusRow) -> tuple[Finding, ...]:
    """What the check refuses about one row in its list, at the row's own columns.

    It is what is said of the list with the row and not of the list with a harmless one in its place.

    Args:
        rows: The list as it is.
        index: The row's place, from 0 on; None for a row added at the end.
        row: The row as it was edited.

    Returns:
        Findings whose field is `code`, `label`, `canonical` or `retryable`.
    """

    def refused(candidate: StatusRow) -> list[Finding]:
        edited = with_row(rows, candidate) if index is None else with_row_replaced(rows, index, candidate)
        return [f for f in check_statuses(edited)[1] if f.severity is Severity.REFUSE]

    without = refused(_HARMLESS_ROW)
    own = [finding for finding in refused(row) if finding not in without]
    return tuple(
        replace(f, field="label" if "the label" in f.message else _FIELD_OF_RULE.get(f.code, "code")) for f in own
    )
