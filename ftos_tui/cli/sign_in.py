"""Takes in who signs in to a shared store: asked at the terminal without echo, or a line of standard input."""

import sys
from typing import TYPE_CHECKING

from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.passphrase import asked, has_terminal, line_of_input

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session
    from ftos_tui.studio.sign_in import Credentials


def ask_sign_in(environment: str, proposed: str) -> "Credentials":
    """Asks for user and password at the terminal this process belongs to, whatever its standard input is.

    Args:
        environment: Where one signs in.
        proposed: The user that an empty answer stands for.

    Raises:
        NotPermitted: There is no terminal to ask at.
        UsageProblem: The input ended, or the terminal would show what is typed.
    """
    from ftos_tui.domain.visible import shortened
    from ftos_tui.studio.failures import NotPermitted
    from ftos_tui.studio.sign_in import Credentials

    if not has_terminal():
        raise NotPermitted(
            f"{environment} wants somebody to sign in: start this at a terminal, or give the password as the first "
            "line of standard input with --password-stdin."
        )
    user = _asked_user(f"User for {environment} ({shortened(proposed, 63)}): ") or proposed
    return Credentials(user, asked(f"Password of {shortened(user, 63)}: ", "password"))


def read_credentials(session: "Session") -> "Credentials":
    """The password that the next line of standard input holds, for the user of the settings or of the last time.

    Raises:
        UsageProblem: Standard input is a terminal, ended before, or is not UTF-8.
    """
    from ftos_tui.studio.sign_in import Credentials, last_user

    if sys.stdin.isatty():
        raise UsageProblem("Standard input is a terminal: leave --password-stdin out, and the password is asked for.")
    return Credentials(last_user(session), line_of_input("password"))


def _asked_user(prompt: str) -> str:
    """What is typed at the terminal itself, which standard input and output need not be."""
    with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 (unbuffered: it is read and written in turn)
        terminal.write(prompt.encode("utf-8", "backslashreplace"))
        line = bytearray()
        while (character := terminal.read(1)) not in (b"\n", b""):
            line += character
    if not line and not character:
        raise UsageProblem("No user was entered.")
    return line.decode("utf-8", "replace").strip()
