"""Export and import from the list: asks on the question line, works beside the keys, tells in the status log."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.failures import counted
from ftos_tui.studio.files.exporting import Export, Format, SecretsAs, export_text
from ftos_tui.studio.files.plan import Plan
from ftos_tui.studio.files.planning import make_plan
from ftos_tui.studio.files.reading import document_in, opened
from ftos_tui.studio.files.references import resolver_of
from ftos_tui.studio.files.writing import is_taken, private_file
from ftos_tui.studio.session import Session

TOLD_EVERY: Final = 10_000
"""Providers between two lines of the status log."""

_ASKED_AT_ONCE: Final = 3
"""References in one question: few enough to be read."""
_LONGEST_ASKED: Final = 200
"""Characters of a reference that is asked about; a longer one stays refused, for its end would not be seen."""

_SECRETS: Final = {"o": SecretsAs.OMIT, "v": SecretsAs.ENV, "f": SecretsAs.FILE, "a": SecretsAs.AGE}
_FORMATS: Final = {".yaml": Format.YAML, ".yml": Format.YAML, ".json": Format.JSON, ".csv": Format.CSV}


async def export_listed(screen: FrameScreen, filter: str, number: int | None) -> None:
    """Asks where to and writes the providers of the list.

    Args:
        screen: The list.
        filter: What it is filtered by; empty for all.
        number: How many providers that are; None where it is not known yet.
    """
    how_many = "the providers" if number is None else counted(number, "provider", "providers")
    which = f" that match “{shortened(filter, 20)}”" if filter else ""
    path = await screen.question.ask_text(
        f"Export {how_many}{which} to which file (.yaml, .json, .csv)?", "providers.yaml"
    )
    if not path:
        return
    form = _FORMATS.get(Path(path).suffix.lower())
    if form is None:
        screen.console_app.report(Level.WARNING, "Not exported: let the file's name end in .yaml, .json or .csv.")
        return
    if is_taken(path) and not await _sure(screen, path):
        return
    secrets = SecretsAs.OMIT if form is Format.CSV else await _secrets(screen)
    if secrets is None:
        return
    recipients: tuple[str, ...] = ()
    if secrets is SecretsAs.AGE:
        recipient = await screen.question.ask_text("Encrypt the secrets for which public key (age1…)?")
        if not recipient:
            return
        recipients = (recipient,)
    session = screen.console_app.session
    wanted = Export(filter=filter, format=form, secrets=secrets, recipients=recipients)
    if await screen.succeeds(lambda: _write(session, wanted, path, teller(screen, "Exported"))):
        screen.console_app.report(Level.SUCCESS, f"Exported {how_many} to {visible(path)}, secrets: {secrets}.")


async def import_file(screen: FrameScreen) -> None:
    """Asks for a file and shows the plan of it.

    Args:
        screen: The list.
    """
    from ftos_tui.screens.plan import PlanScreen

    plan = await _planned(screen)
    if plan is not None:
        screen.app.push_screen(PlanScreen(plan))


async def _planned(screen: FrameScreen) -> Plan | None:
    """The plan of the file the operator names; asks for an age identity where the file needs one."""
    path = await screen.question.ask_text("Import providers from which file (.yaml, .json)?", "providers.yaml")
    if not path:
        return None
    session = screen.console_app.session
    told = teller(screen, "Read")
    plan = await screen.attempt(lambda: _plan(session, path, "", (), told))
    if plan is None:
        return None
    identity = ""
    if _wants_identity(plan):
        identity = (
            await screen.question.ask_text(
                "Secrets are encrypted. Where is your age identity file? Esc goes on without:"
            )
            or ""
        )
    allowed = await _allowed(screen, plan)
    if not identity and not allowed:
        return plan
    return await screen.attempt(lambda: _plan(session, path, identity, allowed, told))


async def _allowed(screen: FrameScreen, plan: Plan) -> tuple[str, ...]:
    """The references not named after their provider, when the operator allows all of them; each is named in full."""
    named = tuple(text for text in plan.not_allowed if len(text) <= _LONGEST_ASKED)
    for first in range(0, len(named), _ASKED_AT_ONCE):
        batch = ", ".join(map(visible, named[first : first + _ASKED_AT_ONCE]))
        question = f"The file wants secrets that are not named after their provider: {batch}."
        if await screen.question.ask(question, {"y": "take them from there", "escape": "refuse"}) != "y":
            return ()
    return named


def teller(screen: FrameScreen, what: str) -> Callable[[int], None]:
    """Tells the status log, from any thread, how many providers were dealt with, now and then.

    Args:
        screen: Whose status log.
        what: What was done with them.
    """
    app, due = screen.console_app, TOLD_EVERY

    def tell(done: int) -> None:
        nonlocal due
        if done >= due:
            due = done + TOLD_EVERY
            app.report(Level.INFO, f"{what} {done:,} providers so far.")

    return tell


async def _sure(screen: FrameScreen, path: str) -> bool:
    choices = {"y": "replace it", "escape": "keep it"}
    return await screen.question.ask(f"{shortened(path, 60)} is there already.", choices) == "y"


async def _secrets(screen: FrameScreen) -> SecretsAs | None:
    choices = {
        "o": "leave them out",
        "v": "name env: instead",
        "f": "name file: instead",
        "a": "encrypt with age",
        "escape": "do not export",
    }
    answer = await screen.question.ask("Secrets never leave in clear:", choices)
    return None if answer is None else _SECRETS[answer]


def _write(session: Session, wanted: Export, path: str, told: Callable[[int], None]) -> None:
    text = export_text(session, wanted, told)
    with private_file(path) as file:
        # Spreadsheets take a file for UTF-8 only when it begins with the mark.
        file.write("\ufeff" if wanted.format is Format.CSV else "")
        file.writelines(text)


def _plan(session: Session, path: str, identity: str, allowed: Sequence[str], told: Callable[[int], None]) -> Plan:
    resolver = resolver_of(session, identity, allowed)
    with opened(path) as source:
        plan = make_plan(session, document_in(source, path), Path(path).name, resolver, progress=told)
        plan.digest = source.digest
    return plan


def _wants_identity(plan: Plan) -> bool:
    return any(each.finding.code == "reference_identity" for row in plan.rows for each in row.findings)
