"""`providers outcome`: what became of a save whose answer was lost."""

from typing import Annotated

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson
from ftos_tui.domain.visible import visible


def outcome_command(
    ctx: typer.Context,
    operation_id: Annotated[str, typer.Argument(metavar="ID", help="The save's id, as it was told.")],
    as_json: AsJson = False,
) -> int:
    """Say whether a save was written whose answer was lost; one that was not can never arrive afterwards."""
    from ftos_tui.studio.outcome import outcome_of

    start: Start = ctx.obj
    with start.session() as session:
        version = outcome_of(session, operation_id)
        decided = version is not None or session.may_change
    if as_json:
        saved = None if version is None else shapes.version_shape(version)
        output.say_json({"saved": version is not None if decided else None, "version": saved})
    elif not decided:
        output.say("Not saved so far; that it never will be is only certain once somebody asks who may change.")
    elif version is None:
        output.say("Not saved, and it never will be: save again.")
    else:
        output.say(f"Saved {visible(version.name)} version {version.number}.")
    if not decided:
        return ExitCode.NOT_PERMITTED
    return ExitCode.DONE if version is not None else ExitCode.OTHER
