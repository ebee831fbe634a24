"""`doctor` and `log`: how things stand and what happened."""

import os
import shutil
import sys
from typing import Annotated

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson
from ftos_tui.domain.log import Level, LogEntry


def doctor_command(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Examine terminal, colours, store, keys and files, and say what to do."""
    from ftos_tui.studio.doctor import State, Terminal, examine

    start: Start = ctx.obj
    size = shutil.get_terminal_size((0, 0))
    attached = sys.stdin.isatty() and sys.stdout.isatty()
    terminal = Terminal(attached, size.columns, size.lines, sys.stdout.encoding)
    checks = examine(start.open_session, start.places, os.environ, terminal)
    if as_json:
        output.say_json([{"name": one.name, "state": str(one.state), "message": one.message} for one in checks])
    else:
        output.say_table(("CHECK", "STATE", "FOUND"), ((one.name, str(one.state), one.message) for one in checks))
    return ExitCode.STORE if any(one.state is State.FAIL for one in checks) else ExitCode.DONE


def log_command(
    ctx: typer.Context,
    level: Annotated[
        Level | None, typer.Option("--level", help="Only lines of this level or graver.", show_default=False)
    ] = None,
    number: Annotated[int, typer.Option("-n", "--lines", min=0, metavar="N", help="How many lines.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines are written.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the status log, newest last; with --json one object a line."""
    from ftos_tui.studio.log import follow_log, read_log

    start: Start = ctx.obj
    with start.session() as session:
        for entry in follow_log(session, number, level) if follow else read_log(session, number, level):
            _say(entry, as_json)


def _say(entry: LogEntry, as_json: bool) -> None:
    if as_json:
        output.say_json_line(shapes.log_shape(entry))
        return
    environment = f" [{entry.environment}]" if entry.environment else ""
    output.say(f"{shapes.time_text(entry.at)} {entry.level:<7}{environment} {entry.message} ({entry.user})")
    output.flush()
