"""`messages hold`, `release`, `cancel`, `retry`, `resolve`: what operators do to messages."""

from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import message_shapes, output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.messages import InStatus, OfProvider, WithText, query_of
from ftos_tui.cli.options import AsJson, Reason
from ftos_tui.domain.visible import shortened

if TYPE_CHECKING:
    from ftos_tui.studio.messages import Moved

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Which messages; or --all.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", help="All that match --provider, --status and --filter, and fit.")]


def hold_command(
    ctx: typer.Context,
    ids: Ids = None,
    all_of_them: All = False,
    provider: OfProvider = "",
    status: InStatus = None,
    filter: WithText = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Stop waiting messages until they are released."""
    return _act(ctx, "hold", ids, all_of_them, (provider, status, filter), reason, as_json)


def release_command(
    ctx: typer.Context,
    ids: Ids = None,
    all_of_them: All = False,
    provider: OfProvider = "",
    status: InStatus = None,
    filter: WithText = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Let held messages wait for their turn again."""
    return _act(ctx, "release", ids, all_of_them, (provider, status, filter), reason, as_json)


def cancel_command(
    ctx: typer.Context,
    ids: Ids = None,
    all_of_them: All = False,
    provider: OfProvider = "",
    status: InStatus = None,
    filter: WithText = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Cancel messages that wait or are held; they are never sent."""
    return _act(ctx, "cancel", ids, all_of_them, (provider, status, filter), reason, as_json)


def retry_command(
    ctx: typer.Context,
    ids: Ids = None,
    all_of_them: All = False,
    provider: OfProvider = "",
    status: InStatus = None,
    filter: WithText = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Try failed messages again, with tries of their own."""
    return _act(ctx, "retry", ids, all_of_them, (provider, status, filter), reason, as_json)


def resolve_command(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Which messages.", show_default=False)],
    outcome: Annotated[
        str, typer.Option("--as", metavar="OUTCOME", help="accepted, retry or failed.", show_default=False)
    ],
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Settle messages in doubt, once you know what became of them."""
    from ftos_tui.studio.messages import RESOLUTIONS, full_id, resolve

    if outcome not in RESOLUTIONS:
        raise UsageProblem(f"There is no outcome {shortened(outcome, 30)}: write accepted, retry or failed.")
    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        moved = resolve(session, [full_id(session, written) for written in ids], outcome, reason)
    return _say(moved, "resolve", as_json)


def _act(
    ctx: typer.Context,
    action: str,
    ids: list[str] | None,
    all_of_them: bool,
    which: tuple[str, list[str] | None, str],
    reason: str,
    as_json: bool,
) -> int:
    from ftos_tui.studio.messages import act, act_on_all, full_id

    if bool(ids) is all_of_them:
        raise UsageProblem(
            f"Say which messages: `ftos-tui messages {action} ID…`, or --all with --provider or --status."
        )
    if ids and any(which):
        raise UsageProblem("Give ids, or --all with --provider, --status and --filter, not both.")
    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        if ids:
            return _say(act(session, action, [full_id(session, one) for one in ids], reason), action, as_json)
        number = act_on_all(session, action, query_of(session, *which), reason)
    if as_json:
        output.say_json({"done": number})
    else:
        output.say(f"{action}: {number:,} {'message' if number == 1 else 'messages'}.")
    return ExitCode.DONE


def _say(moved: "Moved", action: str, as_json: bool) -> int:
    if as_json:
        output.say_json(message_shapes.moved_shape(moved))
    else:
        for message_id in moved.done:
            output.say(f"{message_id} {action}: done")
        for message_id, state in moved.refused.items():
            output.complain(f"{message_id} is {state}: {action} does not fit, it was left alone.")
    return ExitCode.CONFLICT if moved.refused else ExitCode.DONE
