"""Two consoles on one store: each sees what the other does, and nothing that is typed is taken away."""

import json
import signal

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import GATEWAY, configure, field_text, go_back, open_form, wait_row, wait_until


def type_bulk_no(console: Console, text: str) -> None:
    """Replaces Bulk No in the open form."""
    console.press(*["tab"] * 10, "ctrl+e", "ctrl+u")
    console.type(text)
    console.wait_for(lambda console: field_text(console, "Bulk No") == text)


def test_two_consoles_see_each_other(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    ana = start_program("providers", LOGNAME="ana", USER="ana")
    bo = start_program("providers", LOGNAME="bo", USER="bo")
    open_form(bo)
    wait_row(ana, f"^[ ▸]@{GATEWAY} ")
    open_form(ana)
    wait_row(ana, f"{GATEWAY} +also open: .* on .* LOCAL")
    wait_row(bo, f"{GATEWAY} +also open: .* on .* LOCAL")

    # Nobody typed into it: it shows what is saved.
    type_bulk_no(bo, "70")
    bo.press("ctrl+r")
    bo.wait_for(f"Saved {GATEWAY} version 3 (1 field)")
    ana.wait_for("The form shows version 3 now")
    ana.wait_for(lambda console: field_text(console, "Bulk No") == "70")

    # It is edited: it is marked, and what was typed stays where it is.
    ana.press(*["tab"] * 9, "ctrl+e")
    ana.type("!")
    ana.wait_for(lambda console: field_text(console, "From Display Name") == "Example Bank!")
    rows = [row for row in ana.screen if row.startswith(("  Bulk No", "  Name"))]
    bo.press("ctrl+e", "ctrl+u")
    bo.type("80")
    bo.wait_for(lambda console: field_text(console, "Bulk No") == "80")
    bo.press("ctrl+s")
    bo.wait_for(f"Saved {GATEWAY} version 4 (1 field)")
    wait_row(ana, r"^ v3 ! .* saved v4: \^G shows it . 1 unsaved")
    wait_row(ana, f"saved {GATEWAY} version 4: Bulk No. You are editing it")
    ana.type("?")
    ana.wait_for(lambda console: field_text(console, "From Display Name") == "Example Bank!?")
    assert [row for row in ana.screen if row.startswith(("  Bulk No", "  Name"))] == rows
    ana.wait_for(lambda console: "also open" not in console.screen[0])
    ana.press("ctrl+g")
    ana.wait_for("› Conflict")
    go_back(ana, "^ v3 ! .* saved v4")
    ana.wait_for(lambda console: field_text(console, "From Display Name") == "Example Bank!?")


def test_nothing_is_sent_while_nobody_does_anything(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    first, second = start_program("providers"), start_program("providers")
    open_form(second)
    wait_row(first, f"^[ ▸]@{GATEWAY} ")

    def both_quiet() -> bool:
        second.wait_quiet(0.1)
        before = len(second.raw)
        first.wait_quiet(2.5)
        second.wait_quiet(0.1)
        return len(second.raw) == before

    wait_until(first, both_quiet)


def test_changes_are_printed_as_they_come(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    watching = start_program("providers", "watch", "--json", columns=300)
    watching.wait_for("Following the store; Ctrl+C ends it.")
    configure(environ, bulk_no="70")
    watching.wait_for('"changed": ["bulk_no", "app_password", "app_key"]')
    line = next(row for row in watching.screen if row.startswith("{"))
    told = json.loads(line)
    assert (told["name"], told["version"], told["action"]) == (GATEWAY, 3, "save")
    watching.kill(signal.SIGINT)
    assert watching.wait_end() == 130
    plain = start_program("providers", "watch")
    plain.wait_for("Following the store; Ctrl+C ends it.")
    configure(environ, bulk_no="80")
    plain.wait_for(f"saved {GATEWAY} version 4: ")
