"""Takes a passphrase in: asked without echo at the terminal, else a line of standard input."""

import os
import sys
import warnings

from ftos_tui.cli.exits import UsageProblem
from ftos_tui.domain.secret import Secret


def ask_passphrase(prompt: str) -> Secret:
    """Asks at the terminal this process belongs to, whatever its standard input is; without one it reads a line.

    Args:
        prompt: What to ask for.

    Raises:
        UsageProblem: The input ended before, is not UTF-8, or the terminal would show what is typed.
    """
    return asked(prompt) if sys.stdin.isatty() or has_terminal() else line_of_input()


def has_terminal() -> bool:
    """Whether this process belongs to a terminal, whatever its standard input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def asked(prompt: str, what: str = "passphrase") -> Secret:
    """Asks at the terminal, without echo.

    Args:
        prompt: What to ask for.
        what: What it is, for the sentences.

    Raises:
        UsageProblem: The input ended, or the terminal would show what is typed.
    """
    import getpass

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(prompt))
    except EOFError as error:
        raise UsageProblem(f"No {what} was entered.") from error
    except getpass.GetPassWarning as error:
        raise UsageProblem(f"This terminal would show the {what}: give it as a line of standard input.") from error


def line_of_input(what: str = "passphrase") -> Secret:
    """The next line of standard input.

    Args:
        what: What it is, for the sentences.

    Raises:
        UsageProblem: The input ended before, or is not UTF-8.
    """
    line = sys.stdin.buffer.readline()
    if not line:
        raise UsageProblem(f"Standard input ended before the {what}: give it as the first line.")
    try:
        return Secret(line.removesuffix(b"\n").decode("utf-8"))
    except UnicodeDecodeError:
        # The error holds the bytes: it must not become this one's context.
        pass
    raise UsageProblem(f"The {what} on standard input is not UTF-8 text.")
