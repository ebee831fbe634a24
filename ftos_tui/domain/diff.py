"""The difference of two sides of a provider, field by field: two versions, or what is saved and what is edited."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ftos_tui.domain.app_config import canonical_json
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS, DataType
from ftos_tui.domain.record import NO_SECRETS, ProviderVersion, SecretState, Value, Values
from ftos_tui.domain.statuses import StatusRow

STATUSES: Final = "statuses"
"""What stands for a field's id where the list of statuses is meant."""

UNSET: Final = "not set"


class Change(StrEnum):
    """What became of a field, a key of appConfig or a status."""

    CHANGED = "changed"
    ADDED = "added"
    """It held nothing before, or was not there."""
    REMOVED = "removed"
    SET = "set"
    """A secret where none was stored."""
    CLEARED = "cleared"
    """A secret that is stored no longer."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        values: The plain values.
        secrets: What is stored of the secrets.
        statuses: The list of statuses.
        entered: The ids of secrets entered anew, which a save would store.
    """

    values: Values
    secrets: Mapping[str, SecretState] = field(default_factory=lambda: NO_SECRETS)
    statuses: tuple[StatusRow, ...] = ()
    entered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One difference. Texts are as stored: a face makes them visible. Of a secret they tell only its version.

    Attributes:
        field: The field's id, or `statuses`.
        label: The vendor's label; for a part of a field what part it is, too.
        change: What became of it.
        before: The text before; empty for nothing.
        after: The text after; empty for nothing.
    """

    field: str
    label: str
    change: Change
    before: str
    after: str


def side_of(saved: ProviderVersion | Base) -> Side:
    """The side of a saved version."""
    return Side(saved.values, saved.secrets, saved.statuses)


def side_of_draft(draft: Draft, checked: Checked) -> Side:
    """The side of a draft, as it would be saved."""
    entered = frozenset(field_id for field_id, secret in draft.secrets.items() if secret)
    return Side(checked.values, draft.base.secrets, checked.statuses, entered)


def diff(before: Side, after: Side) -> tuple[DiffRow, ...]:
    """What differs, in the record's order, statuses last; nothing for two equal sides.

    Args:
        before: The older side.
        after: The newer one.
    """
    rows: list[DiffRow] = []
    for spec in FIELDS:
        if spec.secret:
            rows += _secret(spec.id, before, after)
            continue
        one, other = before.values.get(spec.id), after.values.get(spec.id)
        if spec.data_type is DataType.JSON:
            rows += _config(spec.id, one, other)
        elif _differ(one, other):
            rows.append(_row(spec.id, spec.label, text_of(spec.id, one), text_of(spec.id, other)))
    rows += _statuses(before.statuses, after.statuses)
    return tuple(rows)


def changed_ids(rows: Iterable[DiffRow]) -> tuple[str, ...]:
    """The ids of the fields that differ, each once, in order."""
    return tuple(dict.fromkeys(row.field for row in rows))


def secret_words(state: SecretState, entered: bool = False) -> str:
    """What may be told of a secret in a comparison: whether one is stored, and which version of its own."""
    if entered:
        return "entered anew"
    if not state.is_set:
        return UNSET
    return f"version {state.version}" + (f" by {state.set_by}" if state.set_by else "")


def status_words(row: StatusRow) -> str:
    """A status row without its code, as a comparison writes it."""
    marks = [word for word, there in (("final", row.terminal), ("retry", row.retryable)) if there]
    return ", ".join([f"{row.label} = {row.canonical}", *marks])


def config_parts(value: Value) -> Mapping[str, Any] | None:
    """The keys of appConfig with their values; None where it is not a JSON object (yet)."""
    if value in (None, ""):
        return {}
    try:
        parts = json.loads(str(value))
    except (ValueError, RecursionError):
        return None
    return parts if isinstance(parts, dict) else None


def config_words(value: Any) -> str:
    """A value of appConfig as a comparison writes it: canonical JSON."""
    try:
        return canonical_json(value)
    except RecursionError:
        return "…"


def status_key(row: StatusRow) -> str:
    """Under what two rows are the same status, whatever the case of their code."""
    return str(row.code).casefold().strip()


def _differ(one: Value, other: Value) -> bool:
    return one != other or type(one) is not type(other)


def _row(field_id: str, label: str, before: str, after: str) -> DiffRow:
    change = Change.CHANGED if before and after else Change.ADDED if after else Change.REMOVED
    return DiffRow(field_id, label, change, before, after)


def _secret(field_id: str, before: Side, after: Side) -> Iterator[DiffRow]:
    old, new = before.secrets[field_id], after.secrets[field_id]
    entered = field_id in after.entered
    if not entered and old.version == new.version:
        return
    is_set = entered or new.is_set
    change = Change.CLEARED if not is_set else Change.CHANGED if old.is_set else Change.SET
    label = FIELD_BY_ID[field_id].label
    yield DiffRow(field_id, label, change, secret_words(old), secret_words(new, entered))


def _config(field_id: str, before: Value, after: Value) -> Iterator[DiffRow]:
    """A row a key; the whole text where one side is no JSON object. Another order of keys is no difference."""
    label = FIELD_BY_ID[field_id].label
    one, other = config_parts(before), config_parts(after)
    if one is None or other is None:
        if before != after:
            yield _row(field_id, label, text_of(field_id, before), text_of(field_id, after))
        return
    rows = []
    for key in sorted({*one, *other}):
        old = config_words(one[key]) if key in one else ""
        new = config_words(other[key]) if key in other else ""
        if old != new:
            rows.append(_row(field_id, f"{label} {key}", old, new))
    if not rows and bool(before) != bool(after):  # nothing yet, and an object without keys
        rows.append(_row(field_id, label, text_of(field_id, before), text_of(field_id, after)))
    yield from rows


def _statuses(before: tuple[StatusRow, ...], after: tuple[StatusRow, ...]) -> Iterator[DiffRow]:
    if before == after:
        return
    old, new = _by_code(before), _by_code(after)
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key, []), new.get(key, [])
        for place in range(max(len(one), len(other))):
            was = one[place] if place < len(one) else None
            now = other[place] if place < len(other) else None
            if was != now:
                yield _status(was, now)
    if [row for row in before if row in after] != [row for row in after if row in before]:
        yield DiffRow(STATUSES, "Statuses", Change.CHANGED, "in their order", "in another order")


def _status(was: StatusRow | None, now: StatusRow | None) -> DiffRow:
    codes = list(dict.fromkeys(str(row.code) for row in (was, now) if row is not None))
    words = [status_words(row) if row else "" for row in (was, now)]
    if len(codes) > 1:  # written otherwise, though the same code
        words = [f"{code}: {text}" for code, text in zip(codes, words, strict=True)]
    return _row(STATUSES, f"Status {codes[0]}", *words)


def _by_code(rows: tuple[StatusRow, ...]) -> dict[str, list[StatusRow]]:
    found: dict[str, list[StatusRow]] = {}
    for row in rows:
        found.setdefault(status_key(row), []).append(row)
    return found
