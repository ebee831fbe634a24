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
    import typer
    from typer.main import get_command

    from ftos_tui.cli.app import app

    try:
        code = get_command(app).main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=start)
    except typer.TyperException as mistake:
        raise UsageProblem(_with_hint(mistake.format_message())) from mistake
    except typer.Abort:
        return ExitCode.INTERRUPTED
    return code if isinstance(code, int) else ExitCode.DONE


def _with_hint(message: str) -> str:
    sentence = message if message.endswith((".", "?", ")")) else f"{message}."
    return f"{sentence} `{PROGRAM} --help`, also behind a command, says what is accepted."
