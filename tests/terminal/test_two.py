"""Two consoles on one store: nobody overwrites the other, and nobody is offered what the other is typing."""

import signal
from collections.abc import Mapping

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    configure,
    every_file,
    field_text,
    go_back,
    open_form,
    places_of,
    shown,
    wait_row,
    wait_until,
)


def type_over(console: Console, tabs: int, label: str, text: str) -> None:
    """From the first field to another, and a new text in place of what it holds."""
    console.press(*["tab"] * tabs, "ctrl+e", "ctrl+u")
    console.type(text)
    console.wait_for(lambda console: field_text(console, label) == text)


def drafts(environ: Mapping[str, str]) -> bytes:
    """The drafts on disk."""
    return b"".join(every_file(places_of(environ).data / "drafts").values())


def test_the_second_to_save_is_told_who_saved_what(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    first = start_program("providers", LOGNAME="ana", USER="ana")
    second = start_program("providers")
    open_form(first)
    open_form(second)
    type_over(first, 10, "Bulk No", "70")
    type_over(second, 9, "From Display Name", "Second Bank")
    second.press("tab", "ctrl+u")
    second.type("90")
    second.wait_for(lambda console: field_text(console, "Bulk No") == "90")
    first.press("ctrl+s")
    first.wait_for(f"✓ Saved {GATEWAY} version 3 (1 field)")
    second.press("ctrl+s")
    second.wait_for("› Conflict")
    wait_row(second, "saved version 3 meanwhile .Bulk No.: nothing was saved")
    wait_row(second, "^▸!Bulk No +50 +70 +90 +mine")
    wait_row(second, "^  From Display Name +Example Bank +Example Bank +Second Bank +mine")
    go_back(second, r"^ (Edit Channel Provider v2|v2 ! \S+ saved v3: .*) . 2 unsaved")  # whichever was told first
    second.wait_for(lambda console: field_text(console, "Click Setting") != "")
    assert field_text(second, "From Display Name") == "Second Bank"
    assert field_text(second, "Bulk No") == "90"
    assert shown(environ)["values"]["bulk_no"] == 70

    second.press("ctrl+s")
    second.wait_for("› Conflict")
    wait_row(second, "^▸!Bulk No")
    second.press("f2")
    wait_row(second, "^ Edit Channel Provider v3 . 2 unsaved")
    second.wait_for(lambda console: field_text(console, "Bulk No") == "90")
    second.press("ctrl+s")
    second.wait_for(f"✓ Saved {GATEWAY} version 4 (2 fields)")
    record = shown(environ)
    assert (record["values"]["bulk_no"], record["values"]["from_display_name"]) == (90, "Second Bank")


def test_theirs_can_be_taken(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    first, second = start_program("providers"), start_program("providers")
    open_form(first)
    open_form(second)
    type_over(first, 10, "Bulk No", "70")
    type_over(second, 10, "Bulk No", "90")
    first.press("ctrl+s")
    first.wait_for(f"✓ Saved {GATEWAY} version 3")
    second.press("f2")
    second.wait_for("› Conflict")
    wait_row(second, "^▸!Bulk No +50 +70 +90 +mine")
    second.press("t")
    wait_row(second, "^▸!Bulk No +50 +70 +90 +theirs")
    second.press("f2")
    wait_row(second, "^ Edit Channel Provider v3")
    second.wait_for(lambda console: field_text(console, "Bulk No") == "70")
    assert "unsaved" not in second.screen[1]


def test_a_living_consoles_draft_is_not_offered(start_program: Start, environ: dict[str, str]) -> None:
    first = start_program("providers")
    open_form(first)
    first.press("tab", "tab")
    first.type("Mine")
    wait_until(first, lambda: b"Mine" in drafts(environ))
    second = start_program("providers")
    wait_row(second, f"^ [ @]{GATEWAY} ")
    second.press("u")
    second.wait_for("No unsaved draft was kept")
    open_form(second)
    assert field_text(second, "Provider Name") != "Mine"
    first.kill(signal.SIGKILL)
    first.wait_end()
    third = start_program("providers")
    third.wait_for("› Unsaved drafts")
    wait_row(third, "Provider Name +— +Mine")
