"""Starts the console, or carries out a command."""

import gc
import os
import sys

from ftos_tui.cli.context import Start, split_start
from ftos_tui.cli.guard import guarded


def main() -> None:
    """The program: without arguments the console, else the command line."""
    # Other packages' plugins would see every record, and looking for them costs a tenth of a short command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    start, arguments = split_start(sys.argv[1:])
    sys.exit(guarded(lambda: _carry_out(start, arguments), lambda: start.places.state))


def _carry_out(start: Start, arguments: list[str]) -> int:
    completing = any(name.startswith("_FTOS_TUI_COMPLETE") for name in os.environ)
    if not completing:
        if not arguments:
            return _open_console(start, None)
        if arguments == ["providers"] and sys.stdin.isatty() and sys.stdout.isatty():
            return _open_console(start, "providers")
    # A command is over before there is garbage worth looking for: the collector would run for nothing while modules
    # are imported and, unless they are frozen, go through all of them again at exit. That is a quarter of the time.
    gc.set_threshold(100_000)
    from ftos_tui.cli.run import run_command

    try:
        return run_command(start, arguments)
    finally:
        gc.freeze()


def _open_console(start: Start, screen: str | None) -> int:
    from ftos_tui.tty import prepare_terminal

    # Before Textual is imported: it reads the process environment while it is.
    refusal = prepare_terminal(os.environ, sys.stdin.isatty(), sys.stdout.isatty())
    if refusal is not None:
        from ftos_tui.cli.exits import UsageProblem

        raise UsageProblem(refusal)
    settings = start.settings()
    environment = start.chosen(settings)
    # Nor has it to go through all modules again and again while the console starts, which switches it on again.
    gc.disable()
    from ftos_tui.app import run_console
    from ftos_tui.cli.passphrase import ask_passphrase
    from ftos_tui.cli.sign_in import ask_sign_in

    return run_console(settings, start.places, environment, screen, ask_passphrase, ask_sign_in)


if __name__ == "__main__":
    main()
