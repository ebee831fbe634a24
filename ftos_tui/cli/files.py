"""`providers export`, `import`, `apply`, `schema`: providers in files."""

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import output, plans
from ftos_tui.cli.completion import complete_names
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson, DryRun, Reason
from ftos_tui.cli.progress import ProgressLine

if TYPE_CHECKING:
    from ftos_tui.studio.files.exporting import Export
    from ftos_tui.studio.files.plan import Plan
    from ftos_tui.studio.session import Session

Identity = Annotated[
    str,
    typer.Option("--identity", metavar="FILE", help="Your age private key, for secrets as age.", show_default=False),
]
AllowReference = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-reference",
        metavar="REFERENCE",
        help="Take a secret from there: env:NAME or file:/path; * at its end for all that begin so.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Apply without being asked.")]
PlanOut = Annotated[
    str, typer.Option("--plan-out", metavar="FILE", help="Write the plan there, apply nothing.", show_default=False)
]


MOST_NAMED = 5
"""References that a refusal offers to allow."""


def export_command(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Providers to export.", show_default=False, autocompletion=complete_names
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Export all providers.")] = False,
    filter: Annotated[str, typer.Option("--filter", metavar="TEXT", help="With --all: only those that match.")] = "",
    format: Annotated[str, typer.Option("--format", metavar="yaml|json|csv", help="Else by the file's name.")] = "",
    target: Annotated[str, typer.Option("--output", metavar="FILE", help="Else standard output.")] = "",
    secrets: Annotated[
        str, typer.Option("--secrets", metavar="omit|env|file|age", help="What stands for secrets that are set.")
    ] = "omit",
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="KEY", help="Public key for --secrets age.", show_default=False),
    ] = None,
    folder: Annotated[
        str, typer.Option("--secrets-folder", metavar="DIR", help="Where --secrets file points.")
    ] = "/run/secrets",
) -> None:
    """Export providers to a file. Secrets leave only as references, or encrypted for a recipient."""
    from ftos_tui.studio.files.exporting import Export, Format, SecretsAs

    if bool(names) == everything:
        raise UsageProblem("Name the providers to export, or give --all.")
    if not folder.startswith("/"):
        raise UsageProblem("The folder of --secrets-folder begins with /.")
    written_as = format or _suffix(target) or "yaml"
    wanted = Export(
        names=tuple(names) if names else None,
        filter=filter,
        format=Format(_one_of("--format", written_as, tuple(Format))),
        secrets=SecretsAs(_one_of("--secrets", secrets, tuple(SecretsAs))),
        recipients=tuple(recipient or ()),
        folder=folder,
    )
    start: Start = ctx.obj
    with start.session() as session, _usage_problems():
        _export(session, wanted, target)


def import_command(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="YAML or JSON; - for standard input.")],
    dry_run: DryRun = False,
    plan_out: PlanOut = "",
    yes: Yes = False,
    acknowledge: Acknowledge = None,
    reason: Reason = "",
    identity: Identity = "",
    allow: AllowReference = None,
    as_json: AsJson = False,
) -> int:
    """Import providers from a file: shows the plan, asks, and applies all of it or nothing."""
    options = (dry_run, plan_out, yes, tuple(acknowledge or ()), reason, identity, _references(allow), as_json)
    return _Wanted(ctx.obj, file, *options).carry_out()


def apply_command(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="YAML or JSON; - for standard input.", show_default=False)
    ] = "",
    plan: Annotated[
        str, typer.Option("--plan", metavar="PLAN", help="A plan that --plan-out wrote.", show_default=False)
    ] = "",
    dry_run: DryRun = False,
    plan_out: PlanOut = "",
    yes: Yes = False,
    acknowledge: Acknowledge = None,
    reason: Reason = "",
    identity: Identity = "",
    allow: AllowReference = None,
    as_json: AsJson = False,
) -> int:
    """Bring providers to the state a file describes: plan, confirm, apply. What the file leaves out stays."""
    if bool(file) == bool(plan) or (plan and plan_out):
        raise UsageProblem("Give a FILE, or --plan with a plan that --plan-out wrote.")
    options = (dry_run, plan_out, yes, tuple(acknowledge or ()), reason, identity, _references(allow), as_json)
    return _Wanted(ctx.obj, plan or file, *options, planned=bool(plan)).carry_out()


def schema_command() -> None:
    """Print the JSON schema of the files that export writes and import reads."""
    from ftos_tui.domain.exchange import schema

    output.say_json(schema())


@dataclass
class _Wanted:
    """One import or apply: what the operator asked for."""

    start: Start
    file: str
    dry_run: bool
    plan_out: str
    yes: bool
    acknowledged: tuple[str, ...]
    reason: str
    identity: str
    allowed: tuple[str, ...]
    as_json: bool
    planned: bool = False

    @property
    def plan_only(self) -> bool:
        """Whether nothing is to be applied."""
        return self.dry_run or bool(self.plan_out)

    def carry_out(self) -> int:
        """Makes the plan, shows it, and applies it where it is to be.

        Returns:
            The exit code.
        """
        from ftos_tui.studio.files.applying import PlanRefused, refuse_unready
        from ftos_tui.studio.files.plan import Action

        with self.start.session() as session, _usage_problems():
            if not self.plan_only:
                session.permit_change()
            plan = self._plan(session)
            if not self.as_json:
                plans.say_plan(plan)
            try:
                # A dry run ends as applying would; a plan that is written may be acknowledged when it is applied.
                if not self.plan_out or plan.counts[Action.REFUSED]:
                    refuse_unready(plan, self.acknowledged)
                applied = self._go_on(session, plan)
            except PlanRefused as refusal:
                self._say_json(plan, None)
                options = " ".join(f"--acknowledge {code}" for code in refusal.open)
                output.complain(str(refusal) + (f" To apply it all the same add {options}" if options else ""))
                options = " ".join(f"--allow-reference {shlex.quote(text)}" for text in plan.not_allowed[:MOST_NAMED])
                if options:
                    output.complain(f"To take the secrets that are not named after their provider add {options}")
                return ExitCode.REFUSED
        if applied is None and not self.plan_only:
            output.complain("Not applied.")
            return ExitCode.OTHER
        self._say_json(plan, applied)
        return ExitCode.DONE

    def _plan(self, session: "Session") -> "Plan":
        from ftos_tui.studio.files.plan_file import read_plan
        from ftos_tui.studio.files.planning import make_plan
        from ftos_tui.studio.files.reading import document_in, opened
        from ftos_tui.studio.files.references import resolver_of

        prefixes = [text[:-1] for text in self.allowed if text.endswith("*")]
        resolver = resolver_of(session, self.identity, self.allowed, prefixes)
        with opened(self.file, sys.stdin.buffer) as source:
            size = source.size
            share = (lambda done: source.read_bytes / size) if size else (lambda done: None)
            with ProgressLine("Reading", share) as progress:
                document = document_in(source, self.file)
                if self.planned:
                    plan, acknowledged = read_plan(session, document, resolver, progress)
                    self.acknowledged += acknowledged
                else:
                    name = "standard input" if self.file == "-" else PurePath(self.file).name
                    plan = make_plan(session, document, name, resolver, progress=progress)
            plan.digest = source.digest
        return plan

    def _go_on(self, session: "Session", plan: "Plan") -> int | None:
        """Writes the plan, or applies it; how many providers were written, None for none."""
        if self.plan_out:
            from ftos_tui.studio.files.plan_file import write_plan

            write_plan(session, plan, self.acknowledged, self.plan_out)
            output.complain(f"The plan is in {self.plan_out}: apply it with providers apply --plan.")
        if self.plan_only:
            return None
        if plan.writes and not self.yes and not self._confirmed(plan):
            return None
        from ftos_tui.studio.files.applying import apply_plan

        with ProgressLine("Writing", lambda done: done / max(plan.writes, 1)) as progress:
            written = apply_plan(session, plan, acknowledged=self.acknowledged, reason=self.reason, progress=progress)
        if not self.as_json:
            output.say(
                f"Applied: {written:,} written." if written else "Everything is so already: nothing was written."
            )
        return written

    def _confirmed(self, plan: "Plan") -> bool:
        if self.file == "-" or not sys.stdin.isatty():
            raise UsageProblem("Not applied: add --yes to apply without being asked.")
        output.complain(f"Apply this plan to {plan.environment}? Type yes:")
        return sys.stdin.readline().strip().lower() == "yes"

    def _say_json(self, plan: "Plan", applied: int | None) -> None:
        if self.as_json:
            output.say_json(plans.plan_shape(plan, applied))


def _export(session: "Session", wanted: "Export", target: str) -> None:
    from ftos_tui.studio.files.exporting import export_text
    from ftos_tui.studio.files.writing import private_file

    with ProgressLine("Exporting") as progress:
        text = export_text(session, wanted, progress)
        if not target:
            for piece in text:
                output.say_text(piece)
            return
        with private_file(target) as file:
            # Spreadsheets take a file for UTF-8 only when it begins with the mark.
            file.write("\ufeff" if wanted.format == "csv" else "")
            file.writelines(text)
    output.complain(f"Exported to {target}.")


def _references(allowed: list[str] | None) -> tuple[str, ...]:
    for text in allowed or ():
        if not re.fullmatch(r"\*|(env:|file:/).*", text, re.DOTALL):
            raise UsageProblem(
                "--allow-reference takes env:NAME or file:/path, with * at its end for all that begin so."
            )
    return tuple(allowed or ())


def _suffix(target: str) -> str:
    suffix = PurePath(target).suffix.lower().removeprefix(".")
    return {"yml": "yaml"}.get(suffix, suffix if suffix in ("yaml", "json", "csv") else "")


def _one_of(option: str, given: str, accepted: tuple[str, ...]) -> str:
    if given.lower() in accepted:
        return given.lower()
    raise UsageProblem(f"{option} takes {', '.join(accepted)}.")


@contextmanager
def _usage_problems() -> Iterator[Any]:
    """Files and keys that cannot be used are for the operator to name anew."""
    from ftos_tui.studio.files.exporting import NotExported
    from ftos_tui.studio.files.reading import Unreadable
    from ftos_tui.studio.files.writing import NotWritten

    try:
        yield
    except (NotExported, NotWritten, Unreadable) as problem:
        raise UsageProblem(str(problem)) from problem
