"""What keys cost the line; the times are for `make bench`, but bytes are the same on every machine."""

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import field_text, open_form


def cost(console: Console, *keys: str) -> int:
    """The bytes that the program writes upon keys."""
    before = len(console.raw)
    console.press(*keys)
    console.wait_for(lambda console: len(console.raw) > before)
    console.wait_quiet()
    return len(console.raw) - before


def test_the_focus_moves_without_painting_the_screen_again(start_program: Start) -> None:
    console = start_program("providers")
    open_form(console)
    console.wait_quiet()
    assert cost(console, "down") < 500
    assert cost(console, "tab") < 500
    assert cost(console, "up") < 500


def test_a_key_in_a_field_costs_the_line_little(start_program: Start) -> None:
    console = start_program("providers")
    open_form(console)
    console.press("down", "down")
    console.wait_quiet()
    cost(console, "a")  # marks the field as unsaved
    assert cost(console, "b") <= 200
    assert cost(console, "backspace") <= 200
    assert field_text(console, "Provider Name") == "a"
