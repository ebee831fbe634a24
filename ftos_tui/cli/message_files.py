"""`messages import`: many messages out of one file."""

from pathlib import Path
from typing import Annotated

import typer

from ftos_tui.cli import arguments, message_shapes, output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson, DryRun
from ftos_tui.domain.visible import visible


def import_command(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines or CSV; - for standard input.")],
    provider: Annotated[
        str, typer.Option("--provider", metavar="NAME", help="For lines that name no provider.", show_default=False)
    ] = "",
    acknowledge: Acknowledge = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Queue every message of a file, or none."""
    from ftos_tui.studio.message_files import import_messages

    start: Start = ctx.obj
    try:
        text = arguments.file_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"The file {visible(file)} is not UTF-8 text.") from error
    folder = Path() if file == "-" else Path(file).parent
    with start.session() as session:
        done = import_messages(
            session,
            text,
            folder=folder,
            provider=provider,
            acknowledged=frozenset(acknowledge or []),
            dry_run=dry_run,
        )
    if as_json:
        output.say_json(message_shapes.imported_shape(done))
    else:
        for fault in done.faults:
            finding = fault.finding
            output.complain(f"line {fault.line}: {finding.field}: {finding.message} [{finding.code}]")
    if done.refused:
        output.complain("Nothing was queued.")
        return ExitCode.REFUSED
    if not as_json:
        known = f", {done.known:,} queued before" if done.known else ""
        held = f", {done.held:,} of them held" if done.held else ""
        output.say(f"{done.lines:,} checked." if dry_run else f"{done.queued:,} queued{held}{known}.")
    return ExitCode.DONE
