"""A change saved on trial over a line that is cut: the deadline is in the store, so the next console undoes it."""

import re
import signal
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime

import pytest

from ftos_tui.stores.plain_json import time_to_text
from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    configure,
    field_text,
    open_form,
    places_of,
    put_cursor_on,
    shown,
    wait_row,
)


def save_on_trial(console: Console, bulk_no: str, length: str) -> None:
    """Changes Bulk No in the open form and saves it on trial."""
    console.press(*["down"] * 10)
    console.wait_quiet(0.1)
    console.press("end", *["backspace"] * 4)
    console.type(bulk_no)
    console.wait_for(lambda console: field_text(console, "Bulk No") == bulk_no)
    console.press("ctrl+t")
    console.wait_for("Save on trial for how many minutes")
    console.press("backspace", "backspace")
    console.type(length)
    console.press("enter")
    wait_row(console, r"On trial: reverts at \d\d:\d\d:\d\d UTC · \^Y confirms")


def let_it_be_over(environ: Mapping[str, str]) -> None:
    """Puts the deadline of the one trial in the store to now, as if the time had passed, without ending it."""
    with closing(sqlite3.connect(places_of(environ).data / "local.sqlite3")) as database, database:
        moved = database.execute("UPDATE trial SET deadline = ?", (time_to_text(datetime.now(UTC)),))
        assert moved.rowcount == 1


def seconds_left(console: Console) -> int:
    """What the count says."""
    found = re.search(r"confirms.* (\d+):(\d\d)", console.text)
    assert found, console.text
    return 60 * int(found[1]) + int(found[2])


def cut(console: Console) -> None:
    """The terminal is gone."""
    console.hangup()


def kill(console: Console) -> None:
    """Nothing of the program runs any more."""
    console.kill(signal.SIGKILL)


@pytest.mark.parametrize("drop", [cut, kill])
def test_the_next_console_undoes_what_a_cut_line_left_on_trial(
    start_program: Start, environ: dict[str, str], drop: Callable[[Console], None]
) -> None:
    configure(environ)
    first = start_program("providers")
    open_form(first)
    save_on_trial(first, "500", "10")
    drop(first)
    first.wait_end()
    let_it_be_over(environ)
    second = start_program("providers")
    open_form(second)
    second.wait_for(lambda console: field_text(console, "Bulk No") == "50")
    second.press("f6")
    wait_row(second, r"Reverted FTOSEmailGateway to version 2, as version 4: nobody")
    after = shown(environ)
    assert (after["version"], after["values"]["bulk_no"], after["trial"]) == (4, 50, None)


def test_the_count_costs_the_line_a_few_bytes_a_second(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    console = start_program("providers")
    open_form(console)
    save_on_trial(console, "500", "10")
    wait_row(console, r"confirms.* 9:5\d")
    first = seconds_left(console)
    console.wait_for(lambda console: seconds_left(console) < first)
    before, began = len(console.raw), seconds_left(console)
    console.wait_for(lambda console: seconds_left(console) <= began - 3)
    assert (len(console.raw) - before) / (began - seconds_left(console)) < 80
    console.press("ctrl+y")
    wait_row(console, r"Confirmed FTOSEmailGateway version 3: it stays\.")
    console.wait_for(lambda console: "^Y confirms" not in console.text)
    console.wait_quiet(1.5)  # the count stops with the trial
    assert shown(environ)["trial"] is None


def test_the_banner_takes_no_field_off_a_small_screen(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    console = start_program("providers", columns=60, rows=16)
    put_cursor_on(console, GATEWAY)
    console.press("enter")
    console.wait_for(lambda console: field_text(console, "Bulk No") == "50")
    save_on_trial(console, "500", "2h")
    wait_row(console, r"1:59:\d\d")
    console.press(*["down"] * 6)
    console.wait_for(lambda console: field_text(console, "Click Setting") != "")
