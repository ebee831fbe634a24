"""`channels list`, `show`, `set`, `delete`: communication channels, through the same check as their form."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson, Reason
from ftos_tui.cli.reviewing import complain_of
from ftos_tui.domain.channel import CHANNEL_FIELD_BY_ID, CHANNEL_FIELDS, Channel, ChannelDraft
from ftos_tui.domain.visible import shortened, visible

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

_PAGE = 500

Code = Annotated[str, typer.Argument(metavar="CODE", help="The channel's code.", show_default=False)]


def list_command(
    ctx: typer.Context,
    filter: Annotated[str, typer.Option("--filter", metavar="TEXT", help="Only codes, names, providers with it.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the communication channels."""
    start: Start = ctx.obj
    with start.session() as session:
        rows = _rows(session, filter)
        if as_json:
            output.say_json_array(map(shapes.channel_shape, rows))
        else:
            headers = ("CODE", "NAME", "ACTION", "CHANNEL", "PROVIDER", "SAVED BY", "SAVED")
            output.say_table(headers, map(_cells, rows))


def show_command(ctx: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """Show one communication channel."""
    from ftos_tui.studio.channels import open_channel

    start: Start = ctx.obj
    with start.session() as session:
        channel = open_channel(session, code=code)
    if as_json:
        output.say_json(shapes.channel_shape(channel))
        return
    pairs = [(spec.label, channel.values[spec.id]) for spec in CHANNEL_FIELDS]
    saved = f"{channel.version}, {shapes.time_text(channel.saved_at)} by {channel.saved_by}"
    output.say_pairs([*pairs, ("Version", saved)])


def set_command(
    ctx: typer.Context,
    code: Code,
    written: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID=VALUE]...", help="Fields to change: name=…, provider=….", show_default=False),
    ] = None,
    acknowledge: Acknowledge = None,
    expect_version: Annotated[
        int | None,
        typer.Option(
            "--expect-version", min=0, metavar="N", help="Refuse unless this is the saved version.", show_default=False
        ),
    ] = None,
    reason: Reason = "",
    new: Annotated[bool, typer.Option("--new", help="Make a new channel of this code.")] = False,
    as_json: AsJson = False,
) -> int:
    """Change fields of a communication channel, or make a new one."""
    from ftos_tui.studio.channels import check, save
    from ftos_tui.studio.failures import Refused, WarningsOpen

    start: Start = ctx.obj
    given = _assignments(written or [])
    with start.session() as session:
        session.permit_change()
        draft = _new(session, code, given) if new else ChannelDraft(_expected(session, code, expect_version))
        for field_id, text in given.items():
            draft = draft.with_text(field_id, text)
        checked = check(session, draft)
        try:
            saved = save(session, draft, acknowledged=acknowledge or [], reason=reason)
        except (Refused, WarningsOpen) as refusal:
            checked = refusal.checked
            if as_json:
                output.say_json(shapes.verdict_shape(checked.verdict, checked.findings, dict(checked.values)))
            else:
                for finding in checked.findings:
                    complain_of(finding)
            output.complain(str(refusal))
            return ExitCode.REFUSED
    if as_json:
        output.say_json(shapes.channel_shape(saved))
        return ExitCode.DONE
    for finding in checked.findings:
        complain_of(finding)
    same = draft.base is not None and saved.version == draft.base.version
    stays = f"Channel {saved.code} is so already: version {saved.version} stays."
    output.say(stays if same else f"Saved channel {saved.code} version {saved.version}.")
    return ExitCode.DONE


def delete_command(
    ctx: typer.Context,
    code: Code,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="CODE", help="The code again, instead of being asked.", show_default=False),
    ] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Delete a communication channel; its provider stays."""
    from ftos_tui.studio.channels import delete, open_channel

    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        channel = open_channel(session, code=code)
        delete(session, channel, _confirmed(channel) if confirm is None else confirm, reason)
    if as_json:
        output.say_json({"code": channel.code, "deleted": True})
    else:
        output.say(f"Deleted channel {channel.code}.")


def _rows(session: "Session", filter: str) -> Iterator[Channel]:
    """The matching channels, read page by page."""
    from ftos_tui.domain.names import name_key
    from ftos_tui.studio.channels import ChannelQuery, list_channels

    query = ChannelQuery(filter=filter, limit=_PAGE)
    while True:
        page = list_channels(session, query)
        yield from page
        if len(page) < _PAGE:
            return
        query = replace(query, after=name_key(page[-1].code))


def _cells(channel: Channel) -> tuple[str, ...]:
    return (
        channel.code,
        channel.name,
        channel.default_action_type,
        channel.communication_channel,
        channel.provider,
        channel.saved_by.user,
        shapes.time_text(channel.saved_at),
    )


def _assignments(written: Sequence[str]) -> dict[str, str]:
    from ftos_tui.config.settings_file import nearest

    found: dict[str, str] = {}
    for argument in written:
        field_id, sign, value = argument.partition("=")
        if not sign or field_id not in CHANNEL_FIELD_BY_ID:
            shown = shortened(field_id, 40)
            raise UsageProblem(f"{shown} is no id=value of a channel{nearest(field_id, CHANNEL_FIELD_BY_ID)}")
        if field_id in found:
            raise UsageProblem(f"{field_id} is given twice: leave one out.")
        found[field_id] = value
    return found


def _expected(session: "Session", code: str, version: int | None) -> Channel:
    from ftos_tui.studio.channels import open_channel
    from ftos_tui.studio.failures import NotFound, StaleVersion

    try:
        channel = open_channel(session, code=code)
    except NotFound as missing:
        raise NotFound(f"{missing} Add --new to make a new channel.") from missing
    if version is not None and channel.version != version:
        raise StaleVersion(
            f"Version {version} was expected, but {channel.saved_by.user} saved version {channel.version} "
            f"at {shapes.time_text(channel.saved_at)}: nothing was saved.",
            None,
        )
    return channel


def _new(session: "Session", code: str, given: dict[str, str]) -> ChannelDraft:
    """A draft of a new channel. Nothing is proposed: who cannot see a proposal cannot agree to it."""
    from ftos_tui.studio.channels import open_channel
    from ftos_tui.studio.failures import NameTaken, NotFound

    if "code" in given:
        raise UsageProblem("With --new the code is the first argument: leave code= out.")
    try:
        there = open_channel(session, code=code)
    except NotFound:
        return ChannelDraft().with_text("code", code)
    raise NameTaken(f"The channel {visible(there.code)} is there already: leave --new out to change it.")


def _confirmed(channel: Channel) -> str:
    """The code as the operator typed it once more."""
    if not sys.stdin.isatty():
        raise UsageProblem(f"Not deleted: add --confirm {visible(channel.code)}")
    output.complain(f"Type the code {visible(channel.code)} to delete the channel:")
    return sys.stdin.readline().removesuffix("\n")
