"""Review, history and rollback in a real terminal, by the bytes that terminals send for their keys."""

from tests.terminal.conftest import Start
from tests.terminal.program import GATEWAY, configure, field_text, go_back, open_form, run_command, shown, wait_row

SHIFT_F2 = b"\x1b[1;2Q"
SHIFT_F4 = b"\x1b[1;2S"


def test_a_change_is_reviewed_saved_and_rolled_back(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    console = start_program("providers")
    open_form(console)
    console.press(*["tab"] * 10, "ctrl+e", "ctrl+u")
    console.type("500")
    console.wait_for(lambda console: field_text(console, "Bulk No") == "500")
    console.send(SHIFT_F2)
    console.wait_for("› Review")
    wait_row(console, "^▸ Bulk No +changed +50 +500")
    wait_row(console, "→ 50 to 500 a step = at most 30,000 an hour instead of 3,000")
    go_back(console, "^ Edit Channel Provider v2 . 1 unsaved")
    console.send(SHIFT_F2)
    console.wait_for("› Review")
    console.press("enter")
    console.wait_for(f"✓ Saved {GATEWAY} version 3 (1 field)")
    open_form(console)
    console.send(SHIFT_F4)
    console.wait_for("› History")
    wait_row(console, "^▸ +3 .* save +Bulk No")
    console.press("down")
    wait_row(console, "^▸ +2 ")
    console.press("b")
    console.wait_for("Roll back to version 2?")
    console.press("y")
    wait_row(console, "^▸ +4 .* rollback +Bulk No +As in version 2")
    assert shown(environ)["values"]["bulk_no"] == 50
    newest = run_command(environ, "providers", "history", GATEWAY, "--limit", "1").stdout
    assert "rollback" in newest
