"""Carries out one command line. Nothing here, or below it, imports Textual."""

from collections.abc import Sequence

from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem

PROGRAM = "ftos-tui"


def run_command(start: Start, arguments: Sequence[str]) -> int:
    """Carries out a command.

    Args:
        start: The options before the command.
        arguments: The command with its own arguments.

    Returns:
        The exit code.

    Raises:
        Failure: What stopped it, in one sentence.
    """
    if _asks_to_show(arguments):
        from ftos_tui.cli.showing import show

        show(start, arguments[2], as_json=len(arguments) == 4)
        return ExitCode.DONE
    import typer
    from typer.main import get_command

    from ftos_tui.cli.app import app

    try:
        code = get_command(app).main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=start)
    except typer.TyperException as mistake:
        raise UsageProblem(_with_hint(mistake.format_message())) from mistake
    return code if isinstance(code, int) else ExitCode.DONE


def _asks_to_show(arguments: Sequence[str]) -> bool:
    """Whether this is plainly `providers show NAME [--json]`: building the parser would double what that costs."""
    plain = len(arguments) == 3 or (len(arguments) == 4 and arguments[3] == "--json")
    return plain and list(arguments[:2]) == ["providers", "show"] and not arguments[2].startswith("-")


def _with_hint(message: str) -> str:
    sentence = message if message.endswith((".", "?", ")")) else f"{message}."
    return f"{sentence} `{PROGRAM} --help`, also behind a command, says what is accepted."
