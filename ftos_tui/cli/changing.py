"""`providers set`, `clear-secret`, `delete`: changes, through the same check as the form."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import arguments, output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import (
    Acknowledge,
    AsJson,
    DryRun,
    ExpectVersion,
    Name,
    Reason,
    SecretId,
    Trial,
    asked_secrets,
    given_fields,
)
from ftos_tui.cli.reviewing import complain_of, how_to_acknowledge, say_conflict, say_review
from ftos_tui.cli.secrets import read_secrets
from ftos_tui.cli.showing import provider_named
from ftos_tui.cli.trials import length_of, say_trial, trial_after
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.visible import visible

if TYPE_CHECKING:
    from ftos_tui.domain.checks.context import Checked
    from ftos_tui.domain.record import ProviderVersion
    from ftos_tui.studio.failures import StaleVersion
    from ftos_tui.studio.session import Session


def set_command(
    ctx: typer.Context,
    name: Name,
    written: Annotated[list[str] | None, given_fields("Fields to change; app_config=@FILE reads a file.")] = None,
    secret: Annotated[
        list[str] | None, asked_secrets("Ask for a secret without echo, or read a line of standard input.")
    ] = None,
    acknowledge: Acknowledge = None,
    expect_version: ExpectVersion = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    new: Annotated[bool, typer.Option("--new", help="Make a new provider of this name.")] = False,
    trial: Trial = None,
    as_json: AsJson = False,
) -> int:
    """Change fields of a provider and save it as a new version."""
    start: Start = ctx.obj
    given = arguments.assignments(written or [])
    secrets = arguments.secret_ids(secret or [])
    length = length_of(trial, new=new)
    with start.session() as session:
        if not dry_run:
            session.permit_change()
        draft = _new(session, name, given) if new else Draft(_base(session, name))
        stale = _moved(session, draft, expect_version)
        if stale is not None:
            draft = _on_version(session, draft, expect_version)
        for field_id, text in given.items():
            draft = draft.with_text(field_id, text)
        if stale is not None:
            return say_conflict(session, draft, stale, as_json)
        for field_id, entered in read_secrets(secrets).items():
            if not entered:
                output.complain(f"{FIELD_BY_ID[field_id].label}: blank, so what is stored is kept.")
            draft = draft.with_secret(field_id, entered)
        if dry_run:
            return say_review(session, draft, acknowledge or [], as_json)
        return save_draft(session, draft, acknowledge or [], reason, as_json, length)


def clear_secret_command(
    ctx: typer.Context,
    name: Name,
    field_id: SecretId,
    expect_version: ExpectVersion = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Remove a stored secret; the provider is then not ready until one is entered."""
    from ftos_tui.studio.providers import clear_secret

    start: Start = ctx.obj
    [field_id] = arguments.secret_ids([field_id])
    with start.session() as session:
        saved = clear_secret(session, _seen(session, name, expect_version), field_id, reason)
    if as_json:
        output.say_json(shapes.version_shape(saved))
    else:
        label = FIELD_BY_ID[field_id].label
        output.say(f"Cleared {label} of {saved.name}, version {saved.number}: enter a new one.")


def delete_command(
    ctx: typer.Context,
    name: Name,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="The name again, instead of being asked.", show_default=False),
    ] = None,
    expect_version: ExpectVersion = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Take a provider off the list; its versions stay."""
    from ftos_tui.studio.providers import delete

    start: Start = ctx.obj
    with start.session() as session:
        session.permit_change()
        version = _seen(session, name, expect_version)
        delete(session, version, _confirmed(version) if confirm is None else confirm, reason)
    if as_json:
        output.say_json({"name": version.name, "deleted": True, "version": version.number + 1})
    else:
        output.say(f"Deleted {version.name}; its versions stay.")


def save_draft(
    session: "Session",
    draft: Draft,
    acknowledged: Sequence[str],
    reason: str,
    as_json: bool,
    trial: timedelta | None = None,
    action: str = "save",
) -> int:
    """Saves a draft and prints the outcome.

    Args:
        session: The operator's session.
        draft: What to save.
        acknowledged: Codes of acknowledged warnings.
        reason: Why.
        as_json: Whether the outcome is printed as JSON.
        trial: How long the version is on trial; None where it stays.
        action: What the version says was done.

    Returns:
        The exit code: done, refused, or a conflict.
    """
    from ftos_tui.studio.failures import Refused, StaleVersion, WarningsOpen, counted
    from ftos_tui.studio.outcome import OutcomeUnknown, found_out
    from ftos_tui.studio.providers import Saved, changed_fields, check
    from ftos_tui.studio.providers import save_draft as save

    try:
        done = save(session, draft, acknowledged=acknowledged, reason=reason, trial=trial, action=action, patience_s=0)
    except OutcomeUnknown as unknown:
        what = f"{visible(draft.text('name'))} version {draft.base.version + 1}"
        version = found_out(session, unknown, what, tell=output.complain)
        checked = check(session, draft)
        on_trial = trial_after(session, version, asked=trial is not None)
        done = Saved(version, checked, changed_fields(draft, checked), on_trial)
    except (Refused, WarningsOpen) as refusal:
        _say_refusal(draft, refusal.checked, as_json)
        warnings = refusal.open if isinstance(refusal, WarningsOpen) else ()
        output.complain(str(refusal) + how_to_acknowledge(warnings))
        return ExitCode.REFUSED
    except StaleVersion as stale:
        return say_conflict(session, draft, stale, as_json)
    saved = done.version
    if as_json:
        output.say_json(shapes.version_shape(saved, done.trial))
        return ExitCode.DONE
    for finding in done.checked.findings:
        complain_of(finding)
    if saved.number == draft.base.version:
        output.say(f"{saved.name} is so already: version {saved.number} stays.")
    else:
        number = counted(len(done.changed), "field", "fields")
        output.say(f"Saved {saved.name} version {saved.number} ({number}).")
        say_trial(saved, done.trial)
    return ExitCode.DONE


def _say_refusal(draft: Draft, checked: "Checked", as_json: bool) -> None:
    if as_json:
        values = shapes.values_shape(checked.values, draft.base.secrets, frozenset(draft.secrets))
        output.say_json(shapes.verdict_shape(checked.verdict, checked.findings, values))
        return
    for finding in checked.findings:
        complain_of(finding)


def _base(session: "Session", name: str) -> Base:
    from ftos_tui.studio.failures import NotFound
    from ftos_tui.studio.reading import base_of

    try:
        return base_of(provider_named(session, name))
    except NotFound as missing:
        raise NotFound(f"{missing} Add --new to make a new provider.") from missing


def _new(session: "Session", name: str, given: dict[str, str]) -> Draft:
    """A draft of a new provider. Nothing is proposed: who cannot see a proposal cannot agree to it."""
    from ftos_tui.domain.provider_kind import provider_kind
    from ftos_tui.domain.record import EMPTY_VALUES
    from ftos_tui.domain.status_presets import preset_for
    from ftos_tui.studio.failures import NameTaken, NotFound
    from ftos_tui.studio.reading import open_provider

    if "name" in given:
        raise UsageProblem("With --new the name is the first argument: leave name= out.")
    try:
        there = open_provider(session, name=name)
    except NotFound:
        kind = provider_kind(given.get("provider_name"), given.get("communication_channel"))
        return Draft(Base(None, 0, EMPTY_VALUES, statuses=preset_for(kind))).with_text("name", name)
    raise NameTaken(f"{visible(there.name)} is there already, version {there.number}: leave --new out to change it.")


def _moved(session: "Session", draft: Draft, expected: int | None) -> "StaleVersion | None":
    """What refuses an edit where the saved version is not the one the caller has seen."""
    from ftos_tui.studio.failures import StaleVersion
    from ftos_tui.studio.reading import open_provider

    if expected is None or draft.base.version == expected:
        return None
    if draft.base.provider_id is None:
        return StaleVersion(f"Version {expected} was expected, but the provider is new: nothing was saved.", None)
    current = open_provider(session, provider_id=draft.base.provider_id)
    return StaleVersion(
        f"Version {expected} was expected, but {current.saved_by.user} saved version {current.number} "
        f"at {shapes.time_text(current.saved_at)}: nothing was changed.",
        current,
    )


def _on_version(session: "Session", draft: Draft, expected: int | None) -> Draft:
    """The draft on the version the caller has seen; where there never was one, on the current one."""
    from ftos_tui.studio.history import version
    from ftos_tui.studio.reading import base_of

    if draft.base.provider_id is None or expected is None or not 0 < expected < draft.base.version:
        return draft
    return Draft(base_of(version(session, draft.base.provider_id, expected)))


def _seen(session: "Session", name: str, expected: int | None) -> "ProviderVersion":
    """The provider of a name, refused where its saved version is not the one the caller has seen."""
    from ftos_tui.studio.reading import base_of

    found = provider_named(session, name)
    stale = _moved(session, Draft(base_of(found)), expected)
    if stale is not None:
        raise stale
    return found


def _confirmed(version: "ProviderVersion") -> str:
    """The name as the operator typed it once more."""
    if not sys.stdin.isatty():
        raise UsageProblem(f"Not deleted: add --confirm {visible(version.name)}")
    output.complain(f"Type the name {visible(version.name)} to delete it:")
    return sys.stdin.readline().removesuffix("\n")
