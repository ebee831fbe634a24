"""Looks at everything the program stands on, and says what is wrong and what to do about it."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ftos_tui.config import Places
from ftos_tui.domain.visible import visible
from ftos_tui.studio.checks import Check, State
from ftos_tui.studio.failures import Failure, counted
from ftos_tui.studio.session import Session
from ftos_tui.studio.surroundings import bytecode_lacking, tmux_option

__all__ = ["Check", "State", "Terminal", "examine"]

_LITTLE_DISK: Final = 100 * 1024 * 1024
_NO_DISK: Final = 4 * 1024 * 1024
_SLOW_ESCAPE_MS: Final = 100
_SMALLEST: Final = (60, 16)


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the face knows of the terminal it runs in.

    Attributes:
        attached: Whether standard input and output are a terminal.
        columns: Its width in cells; 0 when unknown.
        rows: Its height in cells; 0 when unknown.
        encoding: The encoding of standard output.
    """

    attached: bool
    columns: int
    rows: int
    encoding: str


def examine(
    open_session: Callable[[], Session], places: Places, environ: Mapping[str, str], terminal: Terminal
) -> list[Check]:
    """Every check, in the order they are shown. None of them makes or changes anything.

    Args:
        open_session: Opens the session, from the settings in force; raises Failure when they cannot be used.
        places: The operator's folders.
        environ: The process's environment.
        terminal: The terminal the program runs in.
    """
    checks = [*_terminal(environ, terminal), *_multiplexer(environ), *_program()]
    try:
        session = open_session()
    except Failure as failure:
        return [*checks, Check("settings", State.FAIL, str(failure))]
    try:
        return [*checks, _settings(session), *_store(session), *_key(session), *_modes(session), _drafts(session)]
    finally:
        session.close()


def _terminal(environ: Mapping[str, str], terminal: Terminal) -> Iterator[Check]:
    term = environ.get("TERM", "")
    size = f"{terminal.columns}x{terminal.rows}"
    if not terminal.attached:
        yield Check("terminal", State.WARN, "No terminal here: the commands work, the console needs one.")
    elif term in ("", "dumb"):
        message = f"TERM is {term or 'not set'}: the console needs a terminal that can move its cursor; set TERM."
        yield Check("terminal", State.WARN, message)
    elif terminal.columns < _SMALLEST[0] or terminal.rows < _SMALLEST[1]:
        yield Check("terminal", State.WARN, f"{visible(term)}, {size}: make the window at least 60x16.")
    else:
        yield Check("terminal", State.OK, f"{visible(term)}, {size}")
    yield Check("colours", State.OK, _colours(environ, term))
    encoding = terminal.encoding.lower().replace("-", "")
    if encoding == "utf8":
        yield Check("encoding", State.OK, "UTF-8")
    else:
        message = f"{visible(terminal.encoding)}: set LANG or LC_ALL to a UTF-8 locale such as C.UTF-8."
        yield Check("encoding", State.WARN, message)
    client = environ.get("SSH_CONNECTION", "").split(" ")[0]
    if client or environ.get("SSH_TTY"):
        yield Check("ssh", State.OK, f"Over SSH from {visible(client or 'an unknown address')}: the mouse starts off.")


def _colours(environ: Mapping[str, str], term: str) -> str:
    if environ.get("NO_COLOR"):
        return "Off by NO_COLOR; signs and words carry the meaning."
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "True colour (COLORTERM)"
    if "256color" in term:
        return "256 colours (TERM)"
    return "16 colours; set COLORTERM=truecolor if the terminal can show more."


def _multiplexer(environ: Mapping[str, str]) -> Iterator[Check]:
    if environ.get("STY"):
        message = "screen keeps Ctrl+A for itself; every action has a function key or a command as well."
        yield Check("screen", State.OK, message)
    if not environ.get("TMUX"):
        return
    escape_time = tmux_option("escape-time", environ)
    if escape_time is None:
        yield Check("tmux", State.WARN, "tmux does not answer, so its escape-time is unknown.")
    elif escape_time.isdigit() and int(escape_time) > _SLOW_ESCAPE_MS:
        message = f"escape-time is {escape_time} ms, so Esc is slow: put `set -sg escape-time 10` into tmux.conf."
        yield Check("tmux", State.WARN, message)
    elif tmux_option("extended-keys", environ) == "off":
        message = "extended-keys is off: some Ctrl keys do not arrive; put `set -s extended-keys on` into tmux.conf."
        yield Check("tmux", State.WARN, message)
    else:
        yield Check("tmux", State.OK, f"escape-time {visible(escape_time)} ms")


def _program() -> Iterator[Check]:
    lacking = bytecode_lacking(("ftos_tui", "textual", "sqlalchemy"))
    if lacking:
        folder = visible(str(lacking[0]))
        message = f"Not compiled, so every start is slow: run python -m compileall -q {folder} as its owner."
        yield Check("bytecode", State.WARN, message)
    else:
        yield Check("bytecode", State.OK, "Compiled")


def _settings(session: Session) -> Check:
    environment = session.environment
    mode = "read-only" if environment.read_only else "open to changes"
    where = f"environment {environment.name}, {mode}"
    source = session.settings.source
    if source is None:
        return Check(
            "settings", State.OK, f"Defaults, {where}; a settings file would be {_shown(session.places.config)}"
        )
    return Check("settings", State.OK, f"{_shown(source)}, {where}")


def _store(session: Session) -> Iterator[Check]:
    if session.shared:
        from ftos_tui.studio.doctor_shared import shared_store_checks

        yield from shared_store_checks(session)
        yield _disk(session.folder)
        return
    path = session.store_path
    if not path.exists():
        yield Check("store", State.OK, f"Not made yet: the first start makes {_shown(path)}")
    else:
        try:
            facts = session.store.facts()
        except Failure as failure:
            yield Check("store", State.FAIL, str(failure))
        else:
            details = "".join(f", {key} {value}" for key, value in facts.details.items())
            number = counted(facts.providers, "provider", "providers")
            message = f"{facts.location}: {facts.backend}, schema {facts.schema}, {number}{details}"
            yield Check("store", State.OK, visible(message))
    yield _disk(path.parent)


def _disk(folder: Path) -> Check:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("disk", State.FAIL, f"{_shown(folder)} cannot be looked at: {error.strerror}.")
    message = f"{free // 1024 // 1024:,} MiB free under {_shown(folder)}"
    if free < _NO_DISK:
        return Check("disk", State.FAIL, f"{message}: make room, nothing can be saved.")
    return (
        Check("disk", State.WARN, f"{message}: make room soon.")
        if free < _LITTLE_DISK
        else Check("disk", State.OK, message)
    )


def _key(session: Session) -> Iterator[Check]:
    if not session.store_made:
        yield Check("key", State.OK, "Made together with the store.")
        return
    try:
        _ = session.store
    except Failure:
        if session.shared:
            return  # the store's own check says why
    try:
        vault = session.vault
    except Failure as failure:
        if session.shared and not session.may_change:
            yield Check("key", State.OK, "None here; reading needs none.")
            return
        yield Check("key", State.FAIL, str(failure))
        return
    if session.store.fact("key_retiring_id"):
        message = "Replacing the master key was stopped: run `ftos-tui secrets rotate-key` to go on with it."
        yield Check("key", State.WARN, message)
        return
    state = State.WARN if vault.warning else State.OK
    yield Check("key", state, visible(vault.warning or f"Key {vault.key_id} from {vault.source}"))


def _modes(session: Session) -> Iterator[Check]:
    """Files and folders that others can read or write; the key file's own check goes further."""
    places = session.places
    folders = (places.data, places.state, places.data / "drafts", session.folder)
    files = [*_store_files(session), *_key_files(session), *sorted(places.state.glob("*.log*"))]
    loose = [*_loose(dict.fromkeys(folders), 0o700), *_loose(dict.fromkeys(files), 0o600)]
    if loose:
        yield from (Check("modes", State.WARN, message) for message in loose)
    else:
        yield Check("modes", State.OK, "Folders and files are yours alone.")


def _store_files(session: Session) -> list[Path]:
    """The store's file and its journals; none of a shared store's are here."""
    if session.shared:
        return []
    path = session.store_path
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))]


def _key_files(session: Session) -> list[Path]:
    """The key file, the one that waits beside it, and old ones."""
    path = session.key_path
    return [path, *sorted(each for each in path.parent.glob("*") if each.name.startswith(f"{path.name}."))]


def _loose(paths: Mapping[Path, object], wanted: int) -> Iterator[str]:
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # not there yet, or the store's own check says why not
            continue
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o077:
            yield f"{_shown(path)} is open to others ({mode:04o}): run chmod {wanted:o} {_shown(path)}"
        elif status.st_uid != os.getuid():
            yield f"{_shown(path)} belongs to another user."


def _drafts(session: Session) -> Check:
    if not (session.places.data / "drafts").exists():
        return Check("drafts", State.OK, "None waiting")
    try:
        number = len(session.drafts.list())
    except Failure as failure:
        return Check("drafts", State.FAIL, str(failure))
    if number:
        waiting = counted(number, "unsaved draft waits", "unsaved drafts wait")
        return Check("drafts", State.WARN, f"{waiting}: open the console to save or discard.")
    return Check("drafts", State.OK, "None waiting")


def _shown(path: Path) -> str:
    return visible(str(path))
