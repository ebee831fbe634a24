"""Takes secrets in: asked without echo at a terminal, else one line of standard input each."""

import sys
import warnings
from collections.abc import Sequence

from ftos_tui.cli.exits import UsageProblem
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.secret import Secret


def read_secrets(field_ids: Sequence[str]) -> dict[str, Secret]:
    """The secrets of some fields, in the order given.

    Raises:
        UsageProblem: The input ended before, is not UTF-8, or the terminal would show what is typed.
    """
    read = _ask if sys.stdin.isatty() else _read_line
    return {field_id: read(field_id) for field_id in field_ids}


def _ask(field_id: str) -> Secret:
    import getpass

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(f"{FIELD_BY_ID[field_id].label}: "))
    except EOFError as error:
        raise UsageProblem(f"No {FIELD_BY_ID[field_id].label} was entered; nothing was saved.") from error
    except getpass.GetPassWarning as error:
        raise UsageProblem("This terminal would show the secret: pipe it to standard input instead.") from error


def _read_line(field_id: str) -> Secret:
    label = FIELD_BY_ID[field_id].label
    line = sys.stdin.buffer.readline()
    if not line:
        raise UsageProblem(f"Standard input ended before {label}: give one line for each --secret, in their order.")
    try:
        return Secret(line.removesuffix(b"\n").decode("utf-8"))
    except UnicodeDecodeError:
        # The error holds the bytes: it must not become this one's context.
        pass
    raise UsageProblem(f"{label} on standard input is not UTF-8 text.")
