"""A file that holds one password: regular, its owner's, and nobody else may read it."""

import os
import stat
from pathlib import Path
from typing import Final

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.secret import Secret

_LONGEST: Final = 4096


class PasswordFileProblem(Failure):
    """The file cannot be used."""


def read_password_file(path: Path) -> Secret:
    """The password in a file; a line end behind it does not belong to it.

    Args:
        path: The file.

    Raises:
        PasswordFileProblem: It is missing, a link, no regular file, somebody else's, readable by others, or holds none.
    """
    try:
        # Without O_NONBLOCK a pipe in its place would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PasswordFileProblem(f"The password file {path} cannot be read ({error.strerror}).") from error
    try:
        unsafe = _unsafe(os.fstat(descriptor))
        if unsafe:
            raise PasswordFileProblem(f"The password file {path} {unsafe}.")
        data = os.read(descriptor, _LONGEST + 1)
    finally:
        os.close(descriptor)
    return Secret(_text(data, path))


def _text(data: bytes, path: Path) -> str:
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""  # the error holds the bytes: it must not become the context of another
    if not text or len(data) > _LONGEST or not text.isprintable():
        raise PasswordFileProblem(f"The password file {path} does not hold one password in one line of UTF-8 text.")
    return text


def _unsafe(status: os.stat_result) -> str:
    """What is wrong with the file; empty for nothing."""
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if stat.S_IMODE(status.st_mode) & 0o077:
        return "may be read by others: run chmod 600 on it"
    return ""
