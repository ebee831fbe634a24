"""`providers validate`: what a save of a file would say. Stores nothing."""

from typing import Annotated

import typer

from ftos_tui.cli import arguments, output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson
from ftos_tui.cli.reviewing import complain_of


def validate_command(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Option("--file", metavar="FILE", help="A JSON object of field ids; - for standard input.")
    ],
    as_json: AsJson = False,
) -> int:
    """Check a provider in a file: as an edit of the provider of that Name, or as a new one."""
    from ftos_tui.domain.findings import Verdict
    from ftos_tui.studio.validate import validate

    start: Start = ctx.obj
    data = arguments.file_bytes(file)
    with start.session() as session:
        outcome = validate(session, data)
    if outcome.note:
        output.complain(outcome.note)
    if as_json:
        values = shapes.values_shape(outcome.values, outcome.secrets, outcome.entered)
        output.say_json(shapes.verdict_shape(outcome.verdict, outcome.findings, values))
    else:
        for finding in outcome.findings:
            complain_of(finding)
        output.say(f"Verdict: {outcome.verdict}")
    return ExitCode.REFUSED if outcome.verdict is Verdict.REFUSE else ExitCode.DONE
