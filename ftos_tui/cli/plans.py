"""Prints what a plan would do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ftos_tui.cli import output, shapes

if TYPE_CHECKING:
    from ftos_tui.studio.files.plan import Plan, PlanRow

MOST_SHOWN: Final = 200
"""Providers that the text names; --json gives all of them."""

_SIGNS: Final = {"create": "+", "change": "~", "refused": "✗"}


def say_plan(plan: "Plan") -> None:
    """Prints a plan: what is refused first, then what would be created and changed."""
    from ftos_tui.studio.files.plan import Action

    for text in summary(plan):
        output.say(text)
    rows = [row for action in (Action.REFUSED, Action.CREATE, Action.CHANGE) for row in _rows(plan, action)]
    for row in rows[:MOST_SHOWN]:
        for text in _row_lines(row):
            output.say(text)
    if len(rows) > MOST_SHOWN:
        output.say(f"… and {len(rows) - MOST_SHOWN:,} more; --json names all of them.")
    if plan.cut:
        output.say("Reading ended here: too much is refused for the rest to matter.")


def summary(plan: "Plan") -> Iterator[str]:
    """What a plan comes to, in one or two lines."""
    from ftos_tui.studio.files.plan import Action

    counts = ", ".join(
        f"{plan.counts[action]:,} {word}"
        for action, word in (
            (Action.CREATE, "to create"),
            (Action.CHANGE, "to change"),
            (Action.UNCHANGED, "unchanged"),
            (Action.REFUSED, "refused"),
        )
    )
    yield f"Plan {plan.id} for the environment {plan.environment}: {counts}."
    if plan.origin and plan.origin != plan.environment:
        yield f"The file was exported from the environment {plan.origin}."


def plan_shape(plan: "Plan", applied: int | None) -> dict[str, Any]:
    """A plan for `--json`, without the providers it leaves as they are.

    Args:
        plan: The plan.
        applied: How many providers were written; None where nothing was applied.
    """
    from ftos_tui.studio.files.plan import Action

    return {
        "id": plan.id,
        "environment": plan.environment,
        "origin": plan.origin,
        "digest": plan.digest,
        "counts": {str(action): plan.counts[action] for action in Action},
        "warnings": dict(plan.warnings),
        "complete": not plan.cut,
        "applied": applied,
        "rows": [_row_shape(row) for row in plan.rows if row.action is not Action.UNCHANGED],
    }


def _rows(plan: "Plan", action: str) -> Iterator["PlanRow"]:
    return (row for row in plan.rows if row.action == action)


def _row_lines(row: "PlanRow") -> Iterator[str]:
    from ftos_tui.studio.failures import field_label

    version = f", version {row.version}" if row.version else ""
    yield f"{_SIGNS[row.action]} line {row.line:,}: {row.action} {row.name}{version}"
    for change in row.changes:
        yield f"    {field_label(change.field)}: {change.before or '—'} → {change.after or '—'}"
    if row.content is not None and not row.provider_id:
        for field_id, reference in row.content.references.items():
            yield f"    {field_label(field_id)}: from {reference.partition(chr(10))[0]}"
    for located in row.findings:
        finding = located.finding
        yield f"    line {located.line:,}, {field_label(finding.field)}: {finding.message} [{finding.code}]"


def _row_shape(row: "PlanRow") -> dict[str, Any]:
    return {
        "line": row.line,
        "name": row.name,
        "action": str(row.action),
        "version": row.version,
        "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in row.changes],
        "findings": [{"line": each.line, **shapes.finding_shape(each.finding)} for each in row.findings],
    }
