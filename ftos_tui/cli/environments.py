"""`providers compare`, `providers promote`: two environments side by side, and fields carried over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import arguments, output
from ftos_tui.cli.changing import save_draft
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson, DryRun, Name, Reason, asked_secrets
from ftos_tui.cli.secrets import read_secrets

if TYPE_CHECKING:
    from ftos_tui.domain.draft import Draft
    from ftos_tui.studio.environments import Compared
    from ftos_tui.studio.session import Session

First = Annotated[str, typer.Argument(metavar="A", help="The first environment.", show_default=False)]
Second = Annotated[str, typer.Argument(metavar="B", help="The second environment.", show_default=False)]


def compare_command(
    ctx: typer.Context,
    first: First,
    second: Second,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One provider.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two environments; of secrets only whether one is set."""
    from ftos_tui.studio.environments import Presence, compare_environments, compare_provider

    with _two(ctx.obj, first, second) as (here, there):
        if name is not None:
            found: Iterator[Compared] = iter([compare_provider(here, there, name)])
        else:
            found = compare_environments(here, there)
        if as_json:
            output.say_json_array(compared_shape(compared) for compared in found)
            return
        output.say_table(
            ("NAME", "STATE", "FIELD", first.upper(), second.upper()),
            (line for compared in found for line in _lines(compared) if name or compared.presence != Presence.SAME),
        )


def promote_command(
    ctx: typer.Context,
    name: Name,
    source: Annotated[str, typer.Option("--from", metavar="A", help="Take from this one.", show_default=False)],
    target: Annotated[str, typer.Option("--to", metavar="B", help="Save in this one.", show_default=False)],
    fields: Annotated[
        str,
        typer.Option(
            "--fields",
            metavar="ID,ID",
            help="Only these fields; else all but Service Url, App user and From Address.",
            show_default=False,
        ),
    ] = "",
    secret: Annotated[list[str] | None, asked_secrets("Enter a secret for the target.")] = None,
    acknowledge: Acknowledge = None,
    expect_version: Annotated[
        int | None,
        typer.Option(
            "--expect-version",
            min=0,
            metavar="N",
            help="Refuse unless the target is at this version; 0: it is not there yet.",
            show_default=False,
        ),
    ] = None,
    written: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ID=VALUE", help="A value of the target's own.", show_default=False),
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Carry fields of a provider from one environment to another; secrets are entered there, they never travel."""
    from ftos_tui.studio.environments import PORTABLE, promotion
    from ftos_tui.studio.reading import open_provider

    chosen = tuple(part.strip() for part in fields.split(",") if part.strip()) or PORTABLE
    own = arguments.assignments(written or [])
    secrets = arguments.secret_ids(secret or [])
    with _two(ctx.obj, source, target) as (here, there):
        if not dry_run:
            there.permit_change()
        version = open_provider(here, name=name)
        draft = promotion(version, there, chosen)
        _expect(draft, expect_version, name, target)
        for field_id, text in own.items():
            draft = draft.with_text(field_id, text)
        for field_id, entered in read_secrets(secrets).items():
            draft = draft.with_secret(field_id, entered)
        if dry_run:
            from ftos_tui.cli.reviewing import say_review

            return say_review(there, draft, acknowledge or [], as_json)
        why = reason or f"Promoted from {source} version {version.number}"
        return save_draft(there, draft, acknowledge or [], why, as_json)


def _expect(draft: "Draft", version: int | None, name: str, target: str) -> None:
    """Raises `StaleVersion` unless the target is at the version that was asked for; None asks for none."""
    from ftos_tui.studio.failures import StaleVersion

    if version is not None and draft.base.version != version:
        raise StaleVersion(
            f"{target} is at version {draft.base.version} of {name}, not at {version}: compare again. "
            "Nothing was saved.",
            None,
        )


def compared_shape(compared: "Compared") -> dict[str, Any]:
    """One provider of `providers compare --json`."""
    return {
        "name": compared.name,
        "state": compared.presence.value,
        "here": compared.here.number if compared.here else None,
        "there": compared.there.number if compared.there else None,
        "fields": [
            {"field": row.field, "label": row.label, "here": row.before, "there": row.after} for row in compared.rows
        ],
    }


def _lines(compared: "Compared") -> Iterator[tuple[str, str, str, str, str]]:
    if not compared.rows:
        yield compared.name, compared.presence.value, "", "", ""
    for number, row in enumerate(compared.rows):
        head = (compared.name, compared.presence.value) if number == 0 else ("", "")
        yield *head, row.label, row.before or "—", row.after or "—"


@contextmanager
def _two(start: Start, first: str, second: str) -> "Iterator[tuple[Session, Session]]":
    """Sessions in both environments, for the length of a command."""
    if first == second:
        raise UsageProblem("Name two different environments.")
    with replace(start, environment=first).session() as here, replace(start, environment=second).session() as there:
        yield here, there
