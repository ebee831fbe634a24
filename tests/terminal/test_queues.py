"""Message Queues in a real terminal: quiet while nothing happens, and soon after another process moved a message."""

from tests.terminal.conftest import Start
from tests.terminal.program import GATEWAY, configure, put_cursor_on, run_command


def test_the_queues_are_quiet_until_something_happens(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    added = run_command(
        environ, "messages", "add", GATEWAY, "--to", "ana@example.com", "--subject", "Statement", "--text", "Hello"
    )
    assert added.returncode == 0, added.stderr
    console = start_program("providers", columns=60, rows=16, NO_COLOR="1")
    put_cursor_on(console, GATEWAY)
    console.press("m")
    console.wait_for("ana@example.com")
    console.wait_for(" · ")
    console.wait_quiet(4.5)  # two looks at the counts, and not a byte
    held = run_command(environ, "messages", "hold", "--all", "--provider", GATEWAY, "--reason", "look first")
    assert held.returncode == 0, held.stderr
    console.wait_for("6 Held 1")
    console.wait_for("look first")
    console.press("l")
    console.wait_for("Release the message to ana@example.com?")
    console.press("y")
    console.wait_for("1 Waiting 1")
    console.press("escape")
    console.wait_for("Channel Providers")
