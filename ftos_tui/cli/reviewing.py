"""Prints what a save would do, what differs between two versions, and what others saved in between."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ftos_tui.cli import output, shapes
from ftos_tui.cli.exits import ExitCode
from ftos_tui.domain.diff import DiffRow
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.findings import Finding, Severity

if TYPE_CHECKING:
    from ftos_tui.studio.conflicts import Part
    from ftos_tui.studio.failures import StaleVersion
    from ftos_tui.studio.session import Session

HEADERS = ("FIELD", "CHANGE", "BEFORE", "AFTER")


def say_review(session: "Session", draft: Draft, acknowledged: Collection[str], as_json: bool) -> int:
    """Prints what a save of a draft would do; stores nothing.

    Args:
        session: The operator's session.
        draft: The edit.
        acknowledged: Codes of acknowledged warnings.
        as_json: Whether to print JSON.

    Returns:
        The exit code that the save would have: done, or refused.
    """
    from ftos_tui.studio.failures import counted
    from ftos_tui.studio.forecast import consequences_for_queue
    from ftos_tui.studio.providers import check_context, check_live
    from ftos_tui.studio.review import review

    context = check_context(session, draft)
    checked = check_live(context, draft)
    found = review(draft, checked, context)
    follows = (*found.consequences, *consequences_for_queue(session, draft, checked))
    stopped = bool(found.refused() or checked.unacknowledged(frozenset(acknowledged)))
    if as_json:
        values = shapes.values_shape(checked.values, draft.base.secrets, frozenset(draft.secrets))
        verdict = shapes.verdict_shape(checked.verdict, checked.findings, values)
        output.say_json({**verdict, "stored": False, **diff_shape(found.rows, follows)})
        return ExitCode.REFUSED if stopped else ExitCode.DONE
    say_diff(found.rows, follows)
    for finding in checked.findings:
        complain_of(finding)
    if stopped:
        output.say("Nothing was saved, and it would be refused like this.")
        return ExitCode.REFUSED
    fields = len(dict.fromkeys(row.field for row in found.rows))
    output.say(f"Nothing was saved. A save would change {counted(fields, 'field', 'fields')}.")
    return ExitCode.DONE


def say_diff(rows: Sequence[DiffRow], consequences: Sequence[str]) -> None:
    """Prints a difference as a table, and what follows from it under it."""
    if not rows:
        output.say("No difference.")
    else:
        output.say_table(HEADERS, ((row.label, row.change, row.before or "—", row.after or "—") for row in rows))
    for sentence in consequences:
        output.say(f"→ {sentence}")


def diff_shape(rows: Sequence[DiffRow], consequences: Sequence[str]) -> dict[str, Any]:
    """A difference for `--json`."""
    return {
        "diff": [
            {"field": r.field, "label": r.label, "change": str(r.change), "before": r.before, "after": r.after}
            for r in rows
        ],
        "consequences": list(consequences),
    }


def say_conflict(session: "Session", draft: Draft, stale: "StaleVersion", as_json: bool) -> int:
    """Prints base, theirs and mine of every part that a refused save or others changed.

    Args:
        session: The operator's session.
        draft: The edit, on the version it started from.
        stale: How it was refused.
        as_json: Whether to print JSON.

    Returns:
        The exit code of a conflict.
    """
    from ftos_tui.studio.conflicts import find_conflict

    conflict = find_conflict(session, draft)
    parts = conflict.parts if conflict else ()
    if as_json:
        theirs = conflict.theirs if conflict else None
        output.say_json(
            {
                "conflict": {
                    "base": draft.base.version,
                    "theirs": theirs.number if theirs else None,
                    "saved_by": theirs.saved_by.user if theirs else None,
                    "saved_at": shapes.time_text(theirs.saved_at) if theirs else None,
                    "fields": [_part_shape(part) for part in parts],
                }
            }
        )
    elif parts:
        headers = ("FIELD", "BASE", "THEIRS", "MINE", "OUTCOME")
        output.say_table(headers, (_cells(part) for part in parts))
    output.complain(str(stale))
    if conflict:
        output.complain(f"To put yours on top of theirs give --expect-version {conflict.theirs.number}.")
    return ExitCode.CONFLICT


def complain_of(finding: Finding) -> None:
    """Writes a finding to standard error: `Label: message [code]`."""
    from ftos_tui.studio.failures import field_label

    output.complain(f"{field_label(finding.field)}: {finding.message} [{finding.code}]")


def how_to_acknowledge(findings: Sequence[Finding]) -> str:
    """The options that acknowledge warnings, as a sentence; empty where there is none."""
    codes = dict.fromkeys(finding.code for finding in findings if finding.severity is Severity.WARN)
    return f" To save all the same add {' '.join(f'--acknowledge {code}' for code in codes)}" if codes else ""


def _part_shape(part: "Part") -> dict[str, str]:
    return {
        "id": part.id,
        "field": part.field,
        "label": part.label,
        "base": part.base,
        "theirs": part.theirs,
        "mine": part.mine,
        "outcome": str(part.outcome),
    }


def _cells(part: "Part") -> tuple[str, ...]:
    return part.label, part.base or "—", part.theirs or "—", part.mine or "—", str(part.outcome)
