"""`providers test`: goes the way of a provider's messages step by step; with --to, sends one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from ftos_tui.cli import output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson, Name
from ftos_tui.domain.connection_step import Step


def try_command(
    ctx: typer.Context,
    name: Name,
    to: Annotated[
        str,
        typer.Option("--to", metavar="ADDRESS", help="Send a test message to this one address.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Test a provider's connection up to the sign-in; nothing is sent unless --to names an address."""
    from ftos_tui.domain.draft import Draft
    from ftos_tui.studio import connection
    from ftos_tui.studio.providers import base_of, open_provider

    start: Start = ctx.obj
    with start.session() as session:
        draft = Draft(base_of(open_provider(session, name=name)))
        values, secrets = connection.parts_of(session, draft)
        if to:
            steps = connection.message_steps(session, values, secrets, to)
        else:
            steps = connection.connection_steps(session, values, secrets)
        done = asyncio.run(_carried_out(steps, as_json))
    return ExitCode.DONE if done else ExitCode.OTHER


async def _carried_out(steps: AsyncIterator[Step], as_json: bool) -> bool:
    """Tells each step when it is done; whether all of them worked."""
    worked = True
    told = []
    async for step in steps:
        worked = worked and step.ok
        if as_json:
            told.append(
                {
                    "step": step.name,
                    "ok": step.ok,
                    "warning": step.warning,
                    "milliseconds": round(step.milliseconds, 1),
                    "said": step.said,
                }
            )
        else:
            verdict = "failed" if not step.ok else "look" if step.warning else "ok"
            output.say(f"{verdict:<6}  {step.name:<10}  {step.milliseconds:>6.0f} ms  {step.said}")
    if as_json:
        output.say_json(told)
    return worked
