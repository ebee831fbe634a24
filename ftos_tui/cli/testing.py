"""`providers test`: goes the way of a provider's messages step by step; with --to, sends one."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import arguments, output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson, IfSaved, Name, asked_secrets
from ftos_tui.cli.secrets import read_secrets
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.draft import Draft

if TYPE_CHECKING:
    from ftos_tui.studio.connection import ReadyTest
    from ftos_tui.studio.session import Session

_CODES = {Cause.NETWORK: ExitCode.STORE, Cause.AUTHENTICATION: ExitCode.NOT_PERMITTED}


def try_command(
    ctx: typer.Context,
    name: Name,
    written: IfSaved = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="ADDRESS", help="Send a test message to this one address.", show_default=False),
    ] = None,
    secret: Annotated[
        list[str] | None,
        asked_secrets("Ask for a secret without echo, or read a line of standard input; it is not saved."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Test a provider's connection up to the sign-in; nothing is sent unless --to names an address."""
    from ftos_tui.studio.connection import ready_test
    from ftos_tui.studio.reading import base_of

    start: Start = ctx.obj
    given = arguments.assignments(written or [])
    secrets = arguments.secret_ids(secret or [])
    with start.session() as session:
        session.permit_change()
        draft = Draft(base_of(provider_named(session, name)))
        for field_id, text in given.items():
            draft = draft.with_text(field_id, text)
        for field_id, entered in read_secrets(secrets).items():
            draft = draft.with_secret(field_id, entered)
        steps = asyncio.run(_carried_out(session, ready_test(session, draft, to), as_json))
    failed = next((step for step in steps if not step.ok), None)
    if as_json:
        output.say_json([step_shape(step) for step in steps])
    if failed is None:
        return ExitCode.DONE
    return _CODES.get(failed.cause, ExitCode.OTHER) if failed.cause else ExitCode.OTHER


def step_shape(step: Step) -> dict[str, Any]:
    """A step for `--json`."""
    return {
        "step": step.name,
        "ok": step.ok,
        "warning": step.warning,
        "milliseconds": round(step.milliseconds, 1),
        "said": step.said,
        "cause": str(step.cause) if step.cause else None,
    }


async def _carried_out(session: "Session", test: "ReadyTest", as_json: bool) -> list[Step]:
    """The steps, each printed when it is done; with --json all of them at the end."""
    from ftos_tui.studio.connection import steps_of

    done = []
    async with aclosing(steps_of(session, test)) as steps:
        async for step in steps:
            done.append(step)
            if not as_json:
                output.say(f"{step.verdict:<6}  {step.name:<10}  {step.milliseconds:>6.0f} ms  {step.said}")
                output.flush()
    return done
