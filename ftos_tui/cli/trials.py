"""`providers confirm`, and what commands say of versions on trial."""

from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from ftos_tui.cli import output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.options import AsJson, Name
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.trial import trial_length

if TYPE_CHECKING:
    from ftos_tui.domain.record import ProviderVersion
    from ftos_tui.domain.trial import Trial
    from ftos_tui.studio.session import Session


def length_of(written: str | None, *, new: bool = False) -> timedelta | None:
    """How long `--trial` lets a version be on trial; None without it.

    Args:
        written: Minutes, or 30s, 10m, 2h.
        new: Whether the provider is new, and has nothing to go back to.

    Raises:
        UsageProblem: That is no length of a trial.
    """
    if written is None:
        return None
    if new:
        raise UsageProblem("A new provider has no version to go back to: leave --trial or --new out.")
    try:
        return trial_length(written)
    except ValueError as error:
        raise UsageProblem(f"--trial: {error}") from error


def trial_after(session: "Session", saved: "ProviderVersion", *, asked: bool) -> "Trial | None":
    """The trial of a version that was just saved; saved it stays, though the store goes away now.

    Args:
        session: The operator's session.
        saved: The version.
        asked: Whether it was to be on trial, so that not knowing the deadline is worth a word.
    """
    from ftos_tui.studio.failures import StoreError
    from ftos_tui.studio.reading import trial_of

    try:
        return trial_of(session, saved.provider_id)
    except StoreError as away:
        if asked:
            output.complain(f"{saved.name} version {saved.number} is saved, on trial. {away}")
        return None


def say_trial(saved: "ProviderVersion", trial: "Trial | None") -> None:
    """Says until when a saved version is on trial, and how to keep it; nothing where it is not."""
    if trial is not None:
        output.say(f"{trial.words}: ftos-tui providers confirm {saved.name}")


def confirm_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Keep a version that is on trial: it reverts by itself at its deadline unless it is confirmed."""
    from ftos_tui.studio.trial import confirm

    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        trial = confirm(session, provider_id=provider_named(session, name).provider_id)
    if as_json:
        output.say_json({"name": trial.name, "version": trial.version, "confirmed": True})
    else:
        output.say(f"Confirmed {trial.name} version {trial.version}: it stays.")
