"""Edits of a provider's list of statuses: rows added, edited and removed, presets. The check judges the outcome."""

import difflib
from typing import Final

from ftos_tui.domain.provider_kind import ProviderKind
from ftos_tui.domain.status_presets import preset_for
from ftos_tui.domain.statuses import StatusRow
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
