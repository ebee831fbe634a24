"""A change saved on trial over a line that is cut: the deadline is in the store, so the next console undoes it."""

import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from ftos_tui.studio.trial import running_trials
from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import GATEWAY, configure, field_text, open_form, put_cursor_on, session_of, shown, wait_row

SHORT = "3s"
"""A trial that is over soon, though not before the line is cut."""


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


def wait_deadline(environ: Mapping[str, str]) -> None:
    """Lets the time pass until the one trial in the store is over, without ending it."""
    session = session_of(environ)
    try:
        [trial] = running_trials(session)
        time.sleep(max(0.0, (trial.deadline - datetime.now(UTC)).total_seconds()))
        assert trial.is_over(datetime.now(UTC))
    finally:
        session.close()


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
    save_on_trial(first, "500", SHORT)
    drop(first)
    first.wait_end()
    wait_deadline(environ)
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
    console.wait_for(lambda console: "9:57" in console.text)
    before = len(console.raw)
    console.wait_for(lambda console: "9:54" in console.text)
    assert (len(console.raw) - before) / 3 < 80
    console.press("ctrl+y")
    wait_row(console, r"Confirmed FTOSEmailGateway version 3: it stays\.")
    console.wait_for(lambda console: "^Y confirms" not in console.text)
    console.wait_quiet(0.5)
    before = len(console.raw)
    console.wait_quiet(1.5)
    assert len(console.raw) == before, "the count stops with the trial"
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
