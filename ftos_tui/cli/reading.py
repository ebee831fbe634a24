"""`providers list`, `show`, `fields`: what there is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.options import AsJson, Name
from ftos_tui.cli.showing import show
from ftos_tui.domain.fields import FIELDS

if TYPE_CHECKING:
    from ftos_tui.domain.trial import Trial
    from ftos_tui.studio.reading import ProviderSummary, SortColumn
    from ftos_tui.studio.session import Session

_PAGE = 500


def list_command(
    ctx: typer.Context,
    filter: Annotated[
        str, typer.Option("--filter", metavar="TEXT", help="Only names, channels, providers with it.")
    ] = "",
    sort: Annotated[str, typer.Option("--sort", metavar="COLUMN", help="The column to sort by.")] = "name",
    descending: Annotated[bool, typer.Option("--descending", help="The greatest first.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the providers."""
    from ftos_tui.studio.reading import running_trials

    start: Start = ctx.obj
    with start.session() as session:
        rows = _rows(session, filter, _column(sort), descending, limit)
        on_trial = {trial.provider_id: trial for trial in running_trials(session)}
        if as_json:
            output.say_json_array(map(shapes.summary_shape, rows))
        else:
            headers = ("NAME", "CHANNEL", "PROVIDER", "WINDOW", "BULK", "READINESS", "SAVED BY", "SAVED")
            output.say_table(headers, (_cells(row, on_trial.get(row.provider_id)) for row in rows))


def show_command(
    ctx: typer.Context,
    name: Name,
    number: Annotated[
        int | None,
        typer.Option("--version", min=1, metavar="N", help="This version, not the current one.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one provider; of its secrets only whether they are set."""
    show(ctx.obj, name, as_json=as_json, number=number)


def fields_command(as_json: AsJson = False) -> None:
    """List the fields of a provider, with their help."""
    if as_json:
        output.say_json([shapes.field_shape(spec) for spec in FIELDS])
        return
    for spec in FIELDS:
        kind = str(spec.data_type) + (f": {', '.join(spec.options)}" if spec.options else "")
        output.say(f"{spec.id}  {spec.label} ({kind}{'' if spec.mandatory else ', optional'})")
        output.say(f"    {spec.help}")
        if spec.example:
            output.say(f"    Example: {spec.example}")


def _column(written: str) -> "SortColumn":
    from ftos_tui.config.settings_file import nearest
    from ftos_tui.domain.visible import shortened
    from ftos_tui.studio.reading import SortColumn

    known = {column.name.lower(): column for column in SortColumn} | {column.value: column for column in SortColumn}
    column = known.get(written.lower())
    if column is None:
        shown = shortened(written, 40)
        raise UsageProblem(f"There is no column {shown}{nearest(written, (c.name.lower() for c in SortColumn))}")
    return column


def _rows(
    session: "Session", filter: str, sort: "SortColumn", descending: bool, limit: int | None
) -> "Iterator[ProviderSummary]":
    """The matching providers, read page by page."""
    from ftos_tui.studio.reading import ListQuery, list_providers

    left = limit if limit is not None else -1
    query = ListQuery(sort=sort, descending=descending, filter=filter)
    while left != 0:
        size = _PAGE if left < 0 else min(left, _PAGE)
        page = list_providers(session, replace(query, limit=size))
        yield from page
        if len(page) < size:
            return
        left = left - size if left > 0 else left
        query = replace(query, after=page[-1].cursor)


def _cells(row: "ProviderSummary", trial: "Trial | None") -> tuple[str, ...]:
    readiness = "ready" if row.ready else f"{len(row.missing)} missing"
    if trial is not None:
        readiness += f", on trial until {trial.deadline:%H:%M:%S}"
    window = f"{row.interval_min}–{row.interval_max}" if row.interval_min and row.interval_max else "—"
    return (
        row.name,
        row.communication_channel or "—",
        row.provider_name or "—",
        window,
        "—" if row.bulk_no is None else str(row.bulk_no),
        readiness,
        row.saved_by,
        shapes.time_text(row.saved_at),
    )
