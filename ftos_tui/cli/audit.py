"""`audit list`, `verify`, `checkpoint`: who did what, whether that is the whole truth, and proof of it elsewhere."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import AsJson
from ftos_tui.cli.progress import ProgressLine

if TYPE_CHECKING:
    from ftos_tui.studio.audit import AuditEntry
    from ftos_tui.studio.session import Session

_PAGE: Final = 500
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def list_command(
    ctx: typer.Context,
    provider: Annotated[str, typer.Option("--provider", metavar="NAME", help="Only of this provider.")] = "",
    user: Annotated[str, typer.Option("--user", metavar="USER", help="Only what this user did.")] = "",
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="Only this, such as save.")] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="From then on: 2026-01-02, 2026-01-02T10:00 (UTC), 90m, 7d.")
    ] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the entries of the audit, newest first."""
    from ftos_tui.studio.audit import in_words

    start: Start = ctx.obj
    with start.session() as session:
        from_then = _since(since, session.clock()) if since else None
        entries = _entries(session, provider, user, action, from_then, limit)
        if as_json:
            output.say_json_array(map(shapes.audit_shape, entries))
            return
        headers = ("ENTRY", "AT", "BY", "ACTION", "PROVIDER", "VERSION", "DETAIL")
        rows = (
            (
                str(entry.sequence),
                f"{entry.at[:19]}Z",
                str(entry.author),
                entry.action,
                entry.provider_name or "—",
                str(entry.version or "—"),
                in_words(entry),
            )
            for entry in entries
        )
        output.say_table(headers, rows)


def verify_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Compare with the checkpoints in a file.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check every entry of the audit; exit code 3 where the chain is broken."""
    from ftos_tui.studio.audit import verify

    start: Start = ctx.obj
    with start.session() as session, ProgressLine("Checking") as progress:
        report = verify(session, checkpoints=file, progress=progress.of)
    if as_json:
        output.say_json(shapes.verify_shape(report))
    elif report.problem is None:
        output.say(report.sentence)
    else:
        output.complain(report.sentence)
    return ExitCode.DONE if report.problem is None else ExitCode.REFUSED


def checkpoint_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="Add a line to a file; best on another machine.", show_default=False
        ),
    ] = None,
    syslog: Annotated[
        str, typer.Option("--syslog", metavar="WHERE", help="Send it to /dev/log or HOST:PORT.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Keep outside the store how far the audit goes, signed, so that a cut tail shows."""
    from ftos_tui.studio.audit import checkpoint

    start: Start = ctx.obj
    targets: list[Path | str] = [target for target in (file, syslog) if target]
    if not targets:
        raise UsageProblem("Say where the checkpoint goes: --file FILE, --syslog /dev/log or --syslog HOST:PORT.")
    with start.session() as session:
        try:
            taken = checkpoint(session, *targets)
        except ValueError as error:
            raise UsageProblem(f"--syslog takes a place in the network or a socket: {error}.") from error
    if as_json:
        output.say_json(shapes.checkpoint_shape(taken))
    else:
        output.say(f"Checkpoint at entry {taken.sequence}, {taken.mac[:16] or 'none yet'}, by {taken.who}.")


def _since(written: str, now: datetime) -> datetime:
    """From when on: a time in ISO 8601, UTC where no zone is given, or so long ago."""
    ago = re.fullmatch(r"([0-9]{1,5})([smhdw])", written)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageProblem("--since takes a time such as 2026-01-02 or 2026-01-02T10:00, or 90m, 24h, 7d.") from error


def _entries(
    session: "Session", provider: str, user: str, action: str, since: datetime | None, limit: int | None
) -> "Iterator[AuditEntry]":
    """The matching entries, read page by page."""
    from ftos_tui.studio.audit import list_entries

    left = limit if limit is not None else -1
    after: int | None = None
    while left != 0:
        size = _PAGE if left < 0 else min(left, _PAGE)
        page = list_entries(session, provider=provider, user=user, action=action, since=since, after=after, limit=size)
        yield from page
        if len(page) < size:
            return
        left = left - size if left > 0 else left
        after = page[-1].sequence
