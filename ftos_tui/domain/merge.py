"""Brings an edit together with what others saved meanwhile: base, theirs and mine, part by part.

A part is a plain field, a secret, a key of appConfig or a status, so that two operators who changed different keys of
the same appConfig do not clash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ftos_tui.domain.app_config import canonical_json
from ftos_tui.domain.checks.service_url import without_password
from ftos_tui.domain.checks.text import without_keys
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.diff import STATUSES, config_parts, config_words, secret_words, status_key, status_words
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS, PLAIN_IDS, DataType
from ftos_tui.domain.statuses import StatusRow

_CONFIG: Final = next(spec.id for spec in FIELDS if spec.data_type is DataType.JSON)


class Outcome(StrEnum):
    """Whose a part is once both are brought together."""

    MINE = "mine"
    THEIRS = "theirs"
    SAME = "same"
    """Both made the same change."""
    CLASH = "clash"
    """Both changed it, differently: somebody has to choose."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part that mine or theirs changed. Texts are as stored; of a secret they tell only its version.

    Attributes:
        id: What a choice names it by: the field's id, for a part of a field with a `/` and the part.
        field: The field's id, or `statuses`.
        label: What it is called.
        base: What both started from; empty for nothing.
        theirs: What is saved now.
        mine: What was edited.
        outcome: Whose it is.
    """

    id: str
    field: str
    label: str
    base: str
    theirs: str
    mine: str
    outcome: Outcome


def three_way(draft: Draft, theirs: Base) -> tuple[Part, ...]:
    """Every part that one of both changed, in the record's order.

    Args:
        draft: My edit, on the version it started from.
        theirs: What is saved now.
    """
    parts: list[Part] = []
    for spec in FIELDS:
        if spec.secret:
            parts += _secret(draft, theirs, spec.id)
        elif spec.id == _CONFIG:
            parts += _config(draft, theirs)
        else:
            texts = (text_of(spec.id, draft.base.values.get(spec.id)), _stored(theirs, spec.id), draft.text(spec.id))
            parts += _part(spec.id, spec.id, spec.label, *texts)
    return (*parts, *_statuses(draft, theirs))


def clashes(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts for which somebody has to choose."""
    return tuple(part for part in parts if part.outcome is Outcome.CLASH)


def merged(draft: Draft, theirs: Base, taken: frozenset[str] = frozenset()) -> Draft:
    """My edit on top of what is saved now: parts that only one of both changed are taken from whoever did.

    Args:
        draft: My edit, on the version it started from.
        theirs: What is saved now.
        taken: The ids of clashing parts to take from theirs; mine stands in all others.

    Returns:
        A draft on `theirs`; nothing typed is missing but what `taken` names.
    """
    parts = {part.id: part for part in three_way(draft, theirs)}
    mine = {
        part.id
        for part in parts.values()
        if part.outcome is Outcome.MINE or (part.outcome is Outcome.CLASH and part.id not in taken)
    }
    result = Draft(theirs)
    for field_id, raw in draft.edits.items():
        if field_id == _CONFIG:
            result = _with_config(result, draft, theirs, mine)
        elif field_id in mine or field_id not in PLAIN_IDS:
            result = replace(result, edits={**result.edits, field_id: raw})
    for field_id, secret in draft.secrets.items():
        if field_id in mine or field_id not in parts:
            result = replace(result, secrets={**result.secrets, field_id: secret})
    if draft.statuses is None:
        return result
    return result.with_statuses(_merged_rows(draft, theirs, mine))


def _part(part_id: str, field: str, label: str, base: str, theirs: str, mine: str) -> list[Part]:
    """The part, unless nobody changed it."""
    if base == theirs == mine:
        return []
    # What was typed may hold a secret in the wrong place; a part is only looked at.
    shown = without_password(without_keys(mine)) if field == "service_url" else without_keys(mine)
    return [Part(part_id, field, label, base, theirs, shown, _whose(base, theirs, mine))]


def _whose(base: Any, theirs: Any, mine: Any) -> Outcome:
    if theirs == mine:
        return Outcome.SAME
    if theirs == base:
        return Outcome.MINE
    return Outcome.THEIRS if mine == base else Outcome.CLASH


def _stored(side: Base, field_id: str) -> str:
    return text_of(field_id, side.values.get(field_id))


def _secret(draft: Draft, theirs: Base, field_id: str) -> list[Part]:
    """A secret entered for one destination must not go to another that somebody else saved: that is a clash, too."""
    base, now = draft.base.secrets[field_id], theirs.secrets[field_id]
    entered = bool(draft.secrets.get(field_id))
    if not entered and base.version == now.version:
        return []
    moved = entered and destination_of(draft.base.values) != destination_of(theirs.values)
    outcome = Outcome.THEIRS if not entered else Outcome.MINE
    if entered and (moved or base.version != now.version):
        outcome = Outcome.CLASH
    words = secret_words(now) + (", for another destination" if moved else "")
    label = FIELD_BY_ID[field_id].label
    return [Part(field_id, field_id, label, secret_words(base), words, secret_words(base, entered), outcome)]


def _config(draft: Draft, theirs: Base) -> list[Part]:
    label = FIELD_BY_ID[_CONFIG].label
    sides = _configs(draft, theirs)
    if sides is None:
        return _part(
            _CONFIG, _CONFIG, label, _stored(draft.base, _CONFIG), _stored(theirs, _CONFIG), draft.text(_CONFIG)
        )
    parts: list[Part] = []
    for key in sorted({key for side in sides for key in side}):
        base, now, mine = (config_words(side[key]) if key in side else "" for side in sides)
        parts += _part(f"{_CONFIG}/{key}", _CONFIG, f"{label} {key}", base, now, mine)
    return parts


def _configs(draft: Draft, theirs: Base) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]] | None:
    """The keys of all three sides; None where one of them is no JSON object, so that only the whole can be chosen."""
    base, now = config_parts(draft.base.values.get(_CONFIG)), config_parts(theirs.values.get(_CONFIG))
    mine = config_parts(draft.text(_CONFIG))
    return None if base is None or now is None or mine is None else (base, now, mine)


def _with_config(result: Draft, draft: Draft, theirs: Base, mine: set[str]) -> Draft:
    sides = _configs(draft, theirs)
    if sides is None:
        return result.with_text(_CONFIG, draft.text(_CONFIG)) if _CONFIG in mine else result
    own = {key for side in sides for key in side if f"{_CONFIG}/{key}" in mine}
    if not own:
        return result
    if _stored(theirs, _CONFIG) == _stored(draft.base, _CONFIG):
        return result.with_text(_CONFIG, draft.text(_CONFIG))  # as it was typed
    kept = {key: value for key, value in sides[1].items() if key not in own}
    return result.with_text(_CONFIG, canonical_json({**kept, **{k: sides[2][k] for k in own if k in sides[2]}}))


def _statuses(draft: Draft, theirs: Base) -> list[Part]:
    base, now, mine = _three_lists(draft, theirs)
    maps = _by_code(base), _by_code(now), _by_code(mine)
    if any(rows is None for rows in maps) or _only_order(base, now, mine):
        if base == now == mine:
            return []
        before, saved, own = (f"{len(rows)} rows" for rows in (base, now, mine))
        return [Part(STATUSES, STATUSES, "Statuses", before, saved, own, _whose(base, now, mine))]
    parts: list[Part] = []
    for key in dict.fromkeys(key for rows in maps if rows is not None for key in rows):
        found = [rows.get(key) for rows in maps if rows is not None]
        code = next(row.code for row in reversed(found) if row is not None)
        words = [f"{row.code}: {status_words(row)}" if row else "" for row in found]
        parts += _part(f"{STATUSES}/{key}", STATUSES, f"Status {code}", *words)
    return parts


def _three_lists(
    draft: Draft, theirs: Base
) -> tuple[tuple[StatusRow, ...], tuple[StatusRow, ...], tuple[StatusRow, ...]]:
    base = draft.base.statuses
    return base, theirs.statuses, base if draft.statuses is None else draft.statuses


def _by_code(rows: tuple[StatusRow, ...]) -> dict[str, StatusRow] | None:
    """The rows by their code; None where two bear the same one, so that only the whole list can be chosen."""
    found = {status_key(row): row for row in rows}
    return found if len(found) == len(rows) else None


def _only_order(base: tuple[StatusRow, ...], theirs: tuple[StatusRow, ...], mine: tuple[StatusRow, ...]) -> bool:
    """Whether one of both only put the rows in another order, which no single row shows."""
    return any(rows != base and sorted(map(repr, rows)) == sorted(map(repr, base)) for rows in (theirs, mine))


def _merged_rows(draft: Draft, theirs: Base, own: set[str]) -> tuple[StatusRow, ...]:
    base, now, mine = _three_lists(draft, theirs)
    by_code, theirs_by_code = _by_code(mine), _by_code(now)
    if now == base or by_code is None or theirs_by_code is None or STATUSES in own:
        return mine if now == base or STATUSES in own else now
    own_keys = {key for key in (*by_code, *theirs_by_code) if f"{STATUSES}/{key}" in own}
    rows = [by_code.get(key) if key in own_keys else row for key, row in theirs_by_code.items()]
    rows += [row for key, row in by_code.items() if key in own_keys and key not in theirs_by_code]
    return tuple(row for row in rows if row is not None)
