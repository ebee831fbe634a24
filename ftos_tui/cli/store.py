"""`store init|upgrade|status|grant|revoke|copy`: sets up, keeps and copies the store of an environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import output, store_shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import AsJson
from ftos_tui.cli.progress import ProgressLine

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session
    from ftos_tui.studio.store_admin import Grant, SetUp

Apply = Annotated[bool, typer.Option("--apply", help="Carry the SQL out; else it is only printed.")]
Users = Annotated[
    list[str] | None, typer.Argument(metavar="[USER…]", help="Users that the server knows.", show_default=False)
]


def init_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Make the store: schema, master key, shipped providers, and the roles of a shared one. What is there stays."""
    from ftos_tui.studio.store_admin import initialise

    with _session(ctx) as session:
        done = initialise(session)
    if as_json:
        output.say_json(store_shapes.set_up_shape(done))
        return
    output.say(f"{'Made' if done.changed else 'Found'} the store {done.location}, schema {done.schema}.")
    output.say(
        f"Wrote the {done.shipped} shipped providers." if done.shipped else "The shipped providers were written before."
    )
    output.say(f"{'Made' if done.key_made else 'Took'} the master key {done.key_id}: {done.key_source}.")
    _say_roles(done)
    _say_closing(done.closing)
    if done.key_made and done.roles:
        output.say("Give the key, by a safe way, to everybody who saves or checks the audit; and back it up.")


def upgrade_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Bring the store to the schema of this program; of several at once one does."""
    from ftos_tui.studio.store_admin import upgrade

    with _session(ctx) as session:
        done = upgrade(session)
    if as_json:
        output.say_json(store_shapes.set_up_shape(done))
        return
    if done.changed:
        output.say(f"Upgraded the store {done.location} to schema {done.schema}.")
    else:
        output.say(f"The store {done.location} is at the last schema, {done.schema}, already.")
    _say_roles(done)
    _say_closing(done.closing)


def status_command(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Say where the store is, what is in it, and who has which role. Nothing is made or changed."""
    from ftos_tui.studio.store_admin import status

    with _session(ctx) as session:
        seen = status(session)
        name = session.environment.name
    code = ExitCode.DONE if seen.known and seen.schema else ExitCode.STORE
    if as_json:
        output.say_json(store_shapes.store_shape(name, seen))
        return code
    output.say_pairs(store_shapes.store_pairs(name, seen))
    return code


def grant_command(
    ctx: typer.Context,
    role: Annotated[
        str | None,
        typer.Argument(metavar="[ROLE]", help="developer, consultant, worker or auditor.", show_default=False),
    ] = None,
    users: Users = None,
    apply: Apply = False,
    listed: Annotated[bool, typer.Option("--list", help="Show who has which role.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print, or with --apply carry out, the SQL that gives users a role of the shared store."""
    from ftos_tui.studio.store_admin import grant, members

    if listed:
        if role or users or apply:
            raise UsageProblem("--list stands alone.")
        with _session(ctx) as session:
            found = members(session)
        if as_json:
            output.say_json({name: list(of_role) for name, of_role in found.items()})
        else:
            output.say_table(("ROLE", "USERS"), ((name, ", ".join(of_role) or "-") for name, of_role in found.items()))
        return
    chosen = _role(role, users)
    with _session(ctx) as session:
        done = grant(session, chosen, users or [], apply=apply)
    _say_grant(done, as_json=as_json)


def revoke_command(
    ctx: typer.Context,
    role: Annotated[
        str, typer.Argument(metavar="ROLE", help="developer, consultant, worker or auditor.", show_default=False)
    ],
    users: Users = None,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Print, or with --apply carry out, the SQL that takes a role of the shared store from users."""
    from ftos_tui.studio.store_admin import revoke

    chosen = _role(role, users)
    with _session(ctx) as session:
        done = revoke(session, chosen, users or [], apply=apply)
    _say_grant(done, as_json=as_json)


def copy_command(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="The environment to copy.", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TO", help="The environment to fill.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Copy a whole store into an empty one, local or shared; goes on with a copy that was stopped."""
    from ftos_tui.studio.store_copy import copy_store, in_words

    if source == target:
        raise UsageProblem("Name two environments.")
    with _session(ctx, source) as here, _session(ctx, target) as there, ProgressLine("Copying") as progress:
        done = copy_store(here, there, progress=progress.of)
    if as_json:
        output.say_json(store_shapes.copied_shape(done))
        return
    output.say(f"{'Went on with a stopped copy. ' if done.resumed else ''}{in_words(done)}")
    output.say_table(
        ("ROWS", "NUMBER", source.upper(), target.upper()),
        ((row.name, f"{row.rows:,}", row.source[:16], row.target[:16]) for row in done.tables),
    )


@contextmanager
def _session(ctx: typer.Context, environment: str | None = None) -> "Iterator[Session]":
    """A session in the environment asked for, or in a named one."""
    from dataclasses import replace

    start: Start = ctx.obj
    with (start if environment is None else replace(start, environment=environment)).session() as session:
        yield session


def _role(role: str | None, users: list[str] | None) -> str:
    from ftos_tui.studio.store_admin import ROLES

    if role is None or not users:
        raise UsageProblem("Name a role and at least one user, or give --list.")
    if role not in ROLES:
        from ftos_tui.config.settings_file import nearest

        raise UsageProblem(f"There is no such role{nearest(role, ROLES)}")
    return role


def _say_grant(done: "Grant", *, as_json: bool) -> None:
    if as_json:
        output.say_json(store_shapes.grant_shape(done))
        return
    for statement in done.statements:
        output.say(f"{statement};")
    for user in done.unknown:
        output.complain(f"The server knows no user {user}: make one first, with CREATE ROLE … LOGIN.")
    if done.applied:
        output.say("Carried out.")
    else:
        output.complain("Nothing was carried out: give the SQL to the server's administrator, or add --apply.")
    _say_closing(done.closing)


def _say_closing(statement: str) -> None:
    if statement:
        output.complain(
            "Every user of the server may connect to this database, and so hold up those who save. To let in only the "
            f"owner and the roles, run: {statement};"
        )


def _say_roles(done: "SetUp") -> None:
    if done.roles == "missing":
        output.complain(
            "The roles are missing, and you may not make any: have the server's administrator run what "
            "`ftos-tui store grant ROLE USER` prints."
        )
    elif done.roles:
        said = "Made the roles" if done.roles == "made" else "The roles are up to date:"
        output.say(f"{said} developer, consultant, worker and auditor; `ftos-tui store grant ROLE USER` gives them.")
