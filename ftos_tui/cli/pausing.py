"""`processor pause`, `resume`: stop the sending of a provider, and let it go on."""

import typer

from ftos_tui.cli import output
from ftos_tui.cli.context import Start
from ftos_tui.cli.options import AsJson, Name, Reason
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.visible import visible


def pause_command(ctx: typer.Context, name: Name, reason: Reason = "", as_json: AsJson = False) -> None:
    """Stop the sending of a provider until it is resumed.

    Its messages wait and say why.
    """
    from ftos_tui.studio.activity import pause

    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        changed = pause(session, provider_named(session, name), reason)
    _say(name, True, changed, as_json)


def resume_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a paused provider send again."""
    from ftos_tui.studio.activity import resume

    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        changed = resume(session, provider_named(session, name))
    _say(name, False, changed, as_json)


def _say(name: str, paused: bool, changed: bool, as_json: bool) -> None:
    if as_json:
        output.say_json({"name": name, "paused": paused, "changed": changed})
    elif paused:
        output.say(f"{visible(name)} is paused: nothing more is sent. `ftos-tui processor resume` lets it go on.")
    elif changed:
        output.say(f"{visible(name)} sends again: its messages go in their turn.")
    else:
        output.say(f"{visible(name)} was not paused: nothing to do.")
