"""Providers as CSV for a spreadsheet, in which no cell can be taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from ftos_tui.domain.draft import text_of
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible

# OWASP, "CSV Injection": how a cell begins that spreadsheets calculate; the wide forms count in East Asian ones.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_text(versions: Iterable[ProviderVersion]) -> Iterator[str]:
    """The spreadsheet, line by line: fields in the record's order, of secrets whether they are set, then the version.

    Args:
        versions: The providers, asked for one by one.
    """
    yield _line([*(f"{spec.id}_set" if spec.secret else spec.id for spec in FIELDS), *_MORE])
    for version in versions:
        yield _line(_cells(version))


_MORE: Final = ("statuses", "missing", "version", "saved_at", "saved_by")


def _cells(version: ProviderVersion) -> Iterator[str]:
    for spec in FIELDS:
        if spec.secret:
            yield "yes" if version.secrets[spec.id].is_set else "no"
        else:
            yield text_of(spec.id, version.values.get(spec.id))
    yield str(len(version.statuses))
    yield ", ".join(FIELD_BY_ID[field_id].label for field_id in version.missing)
    yield str(version.number)
    yield version.saved_at.isoformat(timespec="seconds")
    yield version.saved_by.user


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    # All in quotes: a program that cuts at semicolons must not find a formula behind one.
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    return f"'{visible(cell)}" if cell.startswith(_FORMULA) else visible(cell)
