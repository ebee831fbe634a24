"""`providers history`, `diff`, `rollback`: the versions of a provider."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import arguments, output, shapes
from ftos_tui.cli.changing import save_draft
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson, DryRun, ExpectVersion, Name, Reason, asked_secrets
from ftos_tui.cli.reviewing import diff_shape, say_conflict, say_diff, say_review
from ftos_tui.cli.secrets import read_secrets
from ftos_tui.cli.showing import version_named
from ftos_tui.domain.visible import visible

if TYPE_CHECKING:
    from ftos_tui.studio.history import HistoryEntry
    from ftos_tui.studio.session import Session

_PAGE = 200

First = Annotated[int, typer.Argument(metavar="A", min=1, help="A version.", show_default=False)]
Second = Annotated[
    int | None,
    typer.Argument(metavar="[B]", min=1, help="Another version; without it the current one.", show_default=False),
]


def history_command(
    ctx: typer.Context,
    name: Name,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a provider, newest first; of a deleted one, too."""
    start: Start = ctx.obj
    with start.session() as session:
        entries = _entries(session, version_named(session, name).provider_id, limit)
        if as_json:
            output.say_json_array(map(entry_shape, entries))
        else:
            headers = ("VERSION", "SAVED", "BY", "FROM", "ACTION", "CHANGED", "REASON")
            output.say_table(headers, map(_cells, entries))


def diff_command(ctx: typer.Context, name: Name, a: First, b: Second = None, as_json: AsJson = False) -> None:
    """Show what differs between two versions of a provider, and what follows from it."""
    from ftos_tui.studio.history import compare

    start: Start = ctx.obj
    with start.session() as session:
        current = version_named(session, name)
        found = compare(session, current.provider_id, a, current.number if b is None else b)
    if as_json:
        numbers = {"name": current.name, "a": found.before.number, "b": found.after.number}
        output.say_json({**numbers, **diff_shape(found.rows, found.consequences)})
    else:
        say_diff(found.rows, found.consequences)


def rollback_command(
    ctx: typer.Context,
    name: Name,
    to: Annotated[int, typer.Option("--to", min=1, metavar="N", help="The version to go back to.", show_default=False)],
    secret: Annotated[
        list[str] | None, asked_secrets("Enter a secret again, where the version had another destination.")
    ] = None,
    acknowledge: Acknowledge = None,
    expect_version: ExpectVersion = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    new: Annotated[bool, typer.Option("--new", help="Make a deleted provider anew, from that version.")] = False,
    as_json: AsJson = False,
) -> int:
    """Save what an older version held as a new version, after the same checks; stored secrets stay as they are."""
    from ftos_tui.studio.failures import StaleVersion
    from ftos_tui.studio.history import ROLLBACK, ProviderDeleted, anew_draft, rollback_draft, rollback_reason

    start: Start = ctx.obj
    secrets = arguments.secret_ids(secret or [])
    with start.session() as session:
        if not dry_run:
            session.permit_change()
        current = version_named(session, name)
        if new and not current.deleted:
            raise UsageProblem(f"{visible(current.name)} is there, version {current.number}: leave --new out.")
        if expect_version is not None and expect_version != current.number:
            stale = StaleVersion(_expected(current.number, expect_version), current)
            if not 0 < expect_version < current.number or current.deleted:
                raise stale
            return say_conflict(
                session, rollback_draft(session, current.provider_id, to, expect_version), stale, as_json
            )
        try:
            draft = (anew_draft if new else rollback_draft)(session, current.provider_id, to)
        except ProviderDeleted as deleted:
            raise ProviderDeleted(f"{deleted} Add --new to make it anew from version {to}.") from deleted
        for field_id, entered in read_secrets(secrets).items():
            draft = draft.with_secret(field_id, entered)
        if dry_run:
            return say_review(session, draft, acknowledge or [], as_json)
        return save_draft(session, draft, acknowledge or [], rollback_reason(to, reason), as_json, action=ROLLBACK)


def entry_shape(entry: "HistoryEntry") -> dict[str, Any]:
    """One version of `providers history`."""
    version = entry.version
    return {
        "version": version.number,
        "saved_at": shapes.time_text(version.saved_at),
        "saved_by": version.saved_by.user,
        "host": version.saved_by.host,
        "ssh_client": version.saved_by.ssh_client,
        "action": version.action,
        "reason": version.reason,
        "changed": list(entry.changed),
        "acknowledged": list(version.acknowledged),
        "deleted": version.deleted,
    }


def _entries(session: "Session", provider_id: str, limit: int | None) -> "Iterator[HistoryEntry]":
    """The versions, read page by page."""
    from ftos_tui.studio.history import history

    left, before = limit, None
    while left is None or left > 0:
        size = _PAGE if left is None else min(left, _PAGE)
        page = history(session, provider_id, before=before, limit=size)
        yield from page
        if len(page) < size or page[-1].version.number == 1:
            return
        before = page[-1].version.number
        left = None if left is None else left - size


def _cells(entry: "HistoryEntry") -> tuple[str, ...]:
    from ftos_tui.studio.failures import field_label

    version = entry.version
    return (
        str(version.number),
        shapes.time_text(version.saved_at),
        version.saved_by.user,
        version.saved_by.ssh_client or version.saved_by.host,
        version.action,
        ", ".join(map(field_label, entry.changed)) or "—",
        version.reason,
    )


def _expected(current: int, expected: int) -> str:
    return f"Version {expected} was expected, but version {current} is saved now: nothing was rolled back."
