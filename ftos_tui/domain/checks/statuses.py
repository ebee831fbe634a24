"""Rules for the list of channel provider statuses."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.rules import Rule
from ftos_tui.domain.checks.text import SPACES, unsafe_character
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.statuses import SUCCESS, Canonical, StatusRow
from ftos_tui.domain.visible import shortened

_FIELD: Final = "statuses"
MOST_ROWS: Final = 500
LONGEST_CODE: Final = 64
LONGEST_LABEL: Final = 100
_MEANINGS: Final = frozenset(Canonical)


def check_statuses(rows: tuple[StatusRow, ...]) -> tuple[tuple[StatusRow, ...], tuple[Finding, ...]]:
    """The verdict on the list of statuses.

    Args:
        rows: The list as it came in; a file may bring any JSON type in a column.

    Returns:
        The rows as they would be saved, and the findings.
    """
    if len(rows) > MOST_ROWS:
        return rows, (rules.STATUS_COUNT(_FIELD, f"Shorten the list to {MOST_ROWS} statuses."),)
    fixed: list[StatusRow] = []
    findings: list[Finding] = []
    seen: dict[str, int] = {}
    for place, row in enumerate(rows, 1):
        typed = _types(place, row)
        if typed:
            findings.append(typed)
            fixed.append(row)
            continue
        row, put_right = _fix(place, row)
        fixed.append(row)
        findings += _row(place, row)
        findings += put_right
        key = row.code.casefold()
        if key and key in seen:
            message = f"Change one of the codes in rows {seen[key]} and {place}: they differ by case or space only."
            findings.append(rules.STATUS_DUPLICATE(_FIELD, message))
        seen.setdefault(key, place)
    if not any(isinstance(row.canonical, str) and row.canonical in SUCCESS for row in fixed):
        message = (
            f"Add a status that means success ({', '.join(sorted(SUCCESS))}): without one no message ever arrives."
        )
        findings.append(rules.STATUS_NO_SUCCESS(_FIELD, message))
    return tuple(fixed), tuple(findings)


def _types(place: int, row: StatusRow) -> Finding | None:
    texts = all(isinstance(value, str) for value in (row.code, row.label, row.canonical))
    switches = all(isinstance(value, bool) for value in (row.terminal, row.retryable))
    if texts and switches:
        return None
    message = f"Write code, label and meaning of row {place} as texts, terminal and retryable as true or false."
    return rules.STATUS_TYPE(_FIELD, message)


def _fix(place: int, row: StatusRow) -> tuple[StatusRow, list[Finding]]:
    code, label, canonical = row.code.strip(SPACES), row.label.strip(SPACES), row.canonical.strip(SPACES)
    findings = []
    if (code, label, canonical) != (row.code, row.label, row.canonical):
        findings.append(rules.STATUS_SPACE(_FIELD, f"Spaces around the texts of row {place} were dropped."))
    if canonical not in _MEANINGS and canonical.lower() in _MEANINGS:
        canonical = canonical.lower()
        findings.append(rules.STATUS_CASE(_FIELD, f"The meaning of row {place} is written {canonical}."))
    return replace(row, code=code, label=label, canonical=canonical), findings


def _row(place: int, row: StatusRow) -> Iterator[Finding]:
    yield from _text(place, "code", row.code, LONGEST_CODE, rules.STATUS_CODE)
    yield from _text(place, "label", row.label, LONGEST_LABEL, rules.STATUS_LABEL)
    if row.canonical not in _MEANINGS:
        message = f"Choose the meaning of row {place} among {', '.join(Canonical)}."
        yield rules.STATUS_CANONICAL(_FIELD, message)
    if row.terminal and row.retryable:
        message = (
            f"Choose terminal or retryable for {shortened(row.code, 30)} (row {place}): after a retry more follows."
        )
        yield rules.STATUS_TERMINAL_RETRY(_FIELD, message)


def _text(place: int, column: str, text: str, longest: int, rule: Rule) -> Iterator[Finding]:
    if not text:
        yield rule(_FIELD, f"Enter a {column} in row {place}.")
    elif len(text) > longest:
        yield rule(_FIELD, f"Shorten the {column} in row {place} to {longest} characters.")
    elif unsafe := unsafe_character(_FIELD, text):
        yield rules.UNSAFE_CHARACTER(_FIELD, f"{unsafe.message.rstrip('.')} (the {column} in row {place}).")
