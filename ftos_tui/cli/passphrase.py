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
    return _asked(prompt) if sys.stdin.isatty() or _has_terminal() else _line()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _asked(prompt: str) -> Secret:
    import getpass

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(prompt))
    except EOFError as error:
        raise UsageProblem("No passphrase was entered.") from error
    except getpass.GetPassWarning as error:
        raise UsageProblem("This terminal would show the passphrase: give it as a line of standard input.") from error


def _line() -> Secret:
    line = sys.stdin.buffer.readline()
    if not line:
        raise UsageProblem("Standard input ended before the passphrase: give it as the first line.")
    try:
        return Secret(line.removesuffix(b"\n").decode("utf-8"))
    except UnicodeDecodeError:
        # The error holds the bytes: it must not become this one's context.
        pass
    raise UsageProblem("The passphrase on standard input is not UTF-8 text.")
