"""The real program in a real terminal: started, walked through and looked at as an operator does."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len

from ftos_tui.config import Places, Settings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import save
from ftos_tui.studio.reading import base_of, open_provider
from ftos_tui.studio.session import Session, open_session
from tests.terminal.harness import TIMEOUT, Console

PROGRAM: Final = (sys.executable, "-m", "ftos_tui")

GATEWAY: Final = "FTOSEmailGateway"

PASSWORD: Final = "a-password-of-the-provider"
KEY: Final = "a-subscription-key"

VALUES: Final[Mapping[str, str]] = {
    "provider_name": "FtosProvider",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@bank.example.com",
    "from_display_name": "Example Bank",
    "bulk_no": "50",
    "interval_min": "09:00:00",
    "interval_max": "18:00:00",
    "retry_max_attempt": "3",
    "pool_time_retry": "00:30:00",
    "open_setting": "on",
    "click_setting": "off",
}
"""What the shipped provider lacks, secrets apart."""


def places_of(environ: Mapping[str, str]) -> Places:
    """The folders that the program uses in an environment."""
    return Places(
        data=Path(environ["XDG_DATA_HOME"]) / "ftos-tui",
        config=Path(environ["XDG_CONFIG_HOME"]) / "ftos-tui" / "config.toml",
        state=Path(environ["XDG_STATE_HOME"]) / "ftos-tui",
    )


def session_of(environ: Mapping[str, str]) -> Session:
    """A session of the test's own process on the program's folders."""
    return open_session(Settings(), places_of(environ))


def configure(environ: Mapping[str, str], name: str = GATEWAY, **other: str) -> None:
    """Saves a shipped provider with every value, through the same operation as the faces."""
    session = session_of(environ)
    try:
        draft = base_of_named(session, name)
        for field_id, text in {**VALUES, **other}.items():
            draft = draft.with_text(field_id, text)
        draft = draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))
        save(session, draft)
    finally:
        session.close()


def base_of_named(session: Session, name: str) -> Draft:
    """An edit of a provider in which nothing is edited yet."""
    return Draft(base_of(open_provider(session, name=name)))


def run_command(environ: Mapping[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Carries out a command of the program, without a terminal."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=dict(environ),
        input=typed,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def shown(environ: Mapping[str, str], name: str = GATEWAY) -> dict[str, Any]:
    """What `providers show --json` prints."""
    done = run_command(environ, "providers", "show", name, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


# Walking


def row_of(console: Console, text: str) -> int:
    """The first row of the screen that holds a text, from 0."""
    return next(number for number, row in enumerate(console.screen) if text in row)


def field_text(console: Console, label: str) -> str:
    """What stands in the form beside a label; empty where the label is not on screen."""
    for row in console.screen:
        if row[2:26].rstrip() == label:
            return row[26:78].rstrip()
    return ""


def click(console: Console, text: str, times: int = 1) -> None:
    """Clicks on the first occurrence of a text, as a terminal with SGR mouse reports tells it."""
    row = row_of(console, text)
    column = cell_len(console.screen[row][: console.screen[row].index(text)])
    press, release = (f"\x1b[<0;{column + 2};{row + 1}{end}" for end in "Mm")
    console.send((press + release).encode() * times)


def cursor_row(console: Console) -> str:
    """The row of a list on which the cursor is; empty while none is painted."""
    return next((row for row in console.screen if row.startswith("▸")), "")


def put_cursor_on(console: Console, name: str) -> None:
    """Moves in a list until the cursor is on a row.

    By the rows' places, not their texts: the row the cursor comes to may be painted in two pieces. A name in the
    status log is no row of the list: it may stand there before the list does.
    """

    def place(console: Console) -> int | None:
        return next((number for number, row in enumerate(console.screen) if row.startswith("▸")), None)

    def listed(console: Console) -> int | None:
        return next((number for number, row in enumerate(console.screen) if row[2:].startswith(name)), None)

    for _ in range(50):
        console.wait_for(lambda console: listed(console) is not None and place(console) is not None)
        here, wanted = place(console), listed(console)
        if here == wanted or wanted is None:
            return
        console.press("down" if here is None or here < wanted else "up")
        console.wait_for(lambda console, here=here: place(console) not in (None, here))  # type: ignore[misc]
    raise AssertionError(f"no row {name!r}:\n{console.text}")


def go(console: Console, key: str, until: str) -> None:
    """Presses a key and waits for what it brings."""
    console.press(key)
    console.wait_for(until)


def wait_form(console: Console, name: str = GATEWAY) -> None:
    """Waits until the form of a provider is painted to its last row."""
    console.wait_for("Edit Channel Provider")
    console.wait_for(lambda console: field_text(console, "Click Setting") != "")
    console.wait_for(lambda console: field_text(console, "Name") == name)


def open_form(console: Console, name: str = GATEWAY) -> None:
    """From the list into the form of a provider."""
    put_cursor_on(console, name)
    console.press("enter")
    wait_form(console, name)


def go_back(console: Console, to: str) -> None:
    """Leaves a screen for the one below it, and waits for a row there.

    Args:
        console: The console.
        to: A pattern for the row.
    """
    # Until then Esc would only stop the waiting, on a machine so slow that a store in a file is waited for.
    console.wait_for(lambda console: "Esc stops waiting" not in console.text)
    breadcrumb = console.screen[0]
    console.press("esc")
    console.wait_for(lambda console: console.screen[0] != breadcrumb)
    wait_row(console, to)


def wait_row(console: Console, pattern: str) -> None:
    """Waits for a row of the screen in which a pattern is found."""
    found = re.compile(pattern)
    console.wait_for(lambda console: any(found.search(row) for row in console.screen))


def wait_until(console: Console, holds: Callable[[], bool], seconds: float = TIMEOUT) -> None:
    """Waits until something holds of the disk, while the program's output is read."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, console.text
        console.wait_quiet(0.02)


# Looking


def every_file(folder: Path) -> dict[str, bytes]:
    """The content of every file under a folder, by path."""
    return {
        str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()
    }


def processes_of(pid: int) -> bytes:
    """The argument list and the environment of a running process, as the kernel shows them."""
    return b"".join((Path("/proc") / str(pid) / name).read_bytes() for name in ("cmdline", "environ"))


def is_root() -> bool:
    """Whether the tests run as root, for whom no mode bit counts."""
    return os.geteuid() == 0
