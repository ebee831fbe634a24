"""`providers statuses`: the list of channel provider statuses, shown and edited."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import arguments, output, shapes
from ftos_tui.cli.changing import save_draft
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import Acknowledge, AsJson, Name, Reason
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.draft import Draft

if TYPE_CHECKING:
    from ftos_tui.domain.record import ProviderVersion
    from ftos_tui.domain.statuses import StatusRow
    from ftos_tui.studio.session import Session


def statuses_command(
    ctx: typer.Context,
    name: Name,
    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="ROW",
            help="Add code=…,label=…,canonical=…[,terminal][,retryable].",
            show_default=False,
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="CODE", help="Remove the row of a code.", show_default=False),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", metavar="NAME", help="Replace all: smtp, sendgrid or smpp.", show_default=False),
    ] = None,
    acknowledge: Acknowledge = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Show the statuses of a provider, or change them: first --preset, then --remove, then --add."""
    start: Start = ctx.obj
    added = [arguments.status_row(row) for row in add or []]
    with start.session() as session:
        version = provider_named(session, name)
        if preset is None and not added and not remove:
            _say_rows(session, version, as_json)
            return ExitCode.DONE
        session.permit_change()
        rows = _edited(version.statuses, preset, remove or [], added)
        return save_draft(session, _draft(version, rows), acknowledge or [], reason, as_json)


def _edited(
    rows: "tuple[StatusRow, ...]", preset: str | None, remove: Sequence[str], added: "Sequence[StatusRow]"
) -> "tuple[StatusRow, ...]":
    from ftos_tui.studio.statuses import index_of, preset_rows, with_row, without_row

    if preset is not None:
        rows = preset_rows(preset)
    for code in remove:
        rows = without_row(rows, index_of(rows, code))
    for row in added:
        rows = with_row(rows, row)
    return rows


def _draft(version: "ProviderVersion", rows: "tuple[StatusRow, ...]") -> Draft:
    from ftos_tui.studio.reading import base_of

    return Draft(base_of(version)).with_statuses(rows)


def _say_rows(session: "Session", version: "ProviderVersion", as_json: bool) -> None:
    from ftos_tui.studio.reading import status_counts

    counts = status_counts(session, version.provider_id)
    if as_json:
        output.say_json([shapes.status_shape(row, counts.get(row.code, 0)) for row in version.statuses])
        return
    headers = ("CODE", "LABEL", "MEANING", "TERMINAL", "RETRYABLE", "COUNT")
    output.say_table(
        headers,
        (
            (row.code, row.label, row.canonical, _yes(row.terminal), _yes(row.retryable), str(counts.get(row.code, 0)))
            for row in version.statuses
        ),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
