"""Runs a face's main function so that whatever goes wrong ends in one sentence and an exit code."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ftos_tui.cli.crash import keep_crash
from ftos_tui.cli.exits import ExitCode, exit_code
from ftos_tui.cli.output import OutputLost, ReaderGone, complain, flush
from ftos_tui.domain.failure import Failure


def guarded(main: Callable[[], int], state_folder: Callable[[], Path]) -> int:
    """The exit code of `main`; what it raises is told in one sentence on standard error, never as a traceback.

    Args:
        main: What to do.
        state_folder: Where the crash file goes; asked only when there is a crash.
    """
    _stand_in()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 gets \u2026 for …
    try:
        return _carried_out(main, state_folder)
    finally:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _carried_out(main: Callable[[], int], state_folder: Callable[[], Path]) -> int:
    code: int = ExitCode.DONE
    try:
        code = main()
        flush()
    except Failure as failure:
        complain(str(failure))
        return exit_code(failure)
    except ReaderGone:
        return ExitCode.DONE
    except OutputLost as lost:
        if code:  # of a console whose terminal is gone: nobody reads a complaint, and its own code says more
            return code
        complain(f"Standard output cannot be written: {lost}.")
        return ExitCode.OTHER
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        path = keep_crash(error, state_folder())
        where = f"details are in {path}" if path else "its details could not be written"
        complain(f"ftos-tui stopped because of an error in it ({type(error).__name__}); {where}.")
        return ExitCode.OTHER
    return code


def _stand_in() -> None:
    """Puts something in the place of standard streams that were closed before the start: Python has None there.

    What is read there is empty, and what is written there fails as on any closed descriptor. Their numbers are taken
    then, so that no file of ours gets one and with it what somebody writes to it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDONLY)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", errors="backslashreplace"))  # noqa: PTH123, SIM115


def _let_go(stream: TextIO) -> None:
    """Lets what a stream still holds go where nobody can have it.

    At exit the interpreter would complain about it, and make 120 of any exit code.
    """
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # no descriptor behind it
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
