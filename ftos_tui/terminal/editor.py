"""The operator's editor on a private file."""

import os
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ftos_tui.domain.visible import visible

_LARGEST: Final = 4 * 1024 * 1024
"""Bytes read back at most; every field takes far less."""


class EditorFailed(Exception):
    """The editor could not be run or gave nothing usable. Its text is one sentence to show."""


class EditorFile:
    """A text in a file of mode 0600 in a folder of its own, where the editor's backups and swap files stay too.

    Args:
        text: What to edit.
        suffix: The end of the file's name, by which editors know the syntax, for example `.json`.

    Raises:
        EditorFailed: The file cannot be made.
    """

    def __init__(self, text: str, suffix: str) -> None:
        self._text = text
        # mkdtemp makes it 0700.
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="ftos-tui-"))
        except OSError as error:
            raise EditorFailed(f"No temporary file can be made: {error.strerror}.") from None
        self.path = self._folder / f"edit{suffix}"
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        except (OSError, UnicodeEncodeError) as error:
            self.remove()
            raise EditorFailed(f"The text cannot be given to an editor: {error}.") from None

    def read(self) -> str | None:
        """What the editor left.

        Returns:
            The text; None when it is what it was. A newline at the end that was not there before is the editor's, and
            goes.

        Raises:
            EditorFailed: It left no file, too large a one, or no UTF-8.
        """
        try:
            # An editor may write a new file over the old one, but what it leaves is a plain file.
            facts = self.path.lstat()
            if not stat.S_ISREG(facts.st_mode):
                raise EditorFailed("The editor left no plain file; nothing was taken over.")
            if facts.st_size > _LARGEST:
                raise EditorFailed("The editor left more than 4 MiB; nothing was taken over.")
            text = self.path.read_bytes().decode("utf-8-sig")
        except OSError:
            raise EditorFailed("The editor left no file; nothing was taken over.") from None
        except UnicodeDecodeError as error:
            raise EditorFailed(
                f"The editor left bytes that are no UTF-8, the first at position {error.start}; nothing was taken over."
            ) from None
        if text.endswith("\n") and not self._text.endswith("\n"):
            text = text.removesuffix("\n").removesuffix("\r")
        return None if text == self._text else text

    def remove(self) -> None:
        """Removes the file and whatever the editor put beside it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def editor_command(command: str, environ: Mapping[str, str]) -> list[str]:
    """The editor's command line without the file.

    Args:
        command: The setting; empty for $VISUAL, $EDITOR, vi, in this order.
        environ: The process environment.

    Raises:
        EditorFailed: It cannot be split into words, or there is no such program.
    """
    said = command.strip() or environ.get("VISUAL", "").strip() or environ.get("EDITOR", "").strip() or "vi"
    try:
        words = shlex.split(said)
    except ValueError:
        words = []
    if not words:
        raise EditorFailed(f"The editor's command cannot be read: {visible(said)}. Set editor in the settings.")
    if shutil.which(words[0], path=environ.get("PATH")) is None:
        raise EditorFailed(f"There is no program {visible(words[0])}; set editor in the settings, or $VISUAL.")
    return words


def run_editor(words: list[str], path: Path, started: Callable[[subprocess.Popen[bytes]], None]) -> None:
    """Runs the editor and waits for it.

    Args:
        words: Its command line.
        path: The file to edit.
        started: Is told the process.

    Raises:
        EditorFailed: It could not be started, or ended with an error.
    """
    try:
        process = subprocess.Popen([*words, str(path)])
    except OSError as error:
        raise EditorFailed(f"The editor {visible(words[0])} did not start: {error.strerror}.") from None
    with process:
        started(process)
        code = process.wait()
    if code:
        raise EditorFailed(f"The editor {visible(words[0])} ended with code {code}; nothing was taken over.")
