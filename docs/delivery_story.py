"""Makes the pictures of the story told in docs/delivery-story.md. Run by `make pictures`; takes about two minutes."""

import re
import tempfile
from pathlib import Path

from docs.pictures import operators_home, shoot
from tests.servers.sendgrid_events import EventSigner
from tests.servers.serving import in_thread
from tests.terminal.harness import Console
from tests.terminal.post_office import REFUSED, Gateway, post_events, reports, running, statements, values_for
from tests.terminal.program import GATEWAY, KEY, PASSWORD, PROGRAM, go, put_cursor_on, run_command

STEP_S = "10"


def leave(console: Console) -> None:
    """Ends the console from the list."""
    console.wait_for("6 providers")
    console.press("ctrl+q")
    console.wait_end()


def configure(console: Console, gateway: Gateway, signer: EventSigner) -> None:
    """Fills in the form and tests the connection before it is saved."""
    put_cursor_on(console, GATEWAY)
    go(console, "enter", "Edit Channel Provider")
    console.press("down", "down")
    for field_id, text in values_for(gateway, signer, "00:01:00").items():
        console.type(text)
        console.press("down")
        if field_id == "app_user":
            for secret in (PASSWORD, KEY):
                console.type(secret)
                console.press("down")
    console.press("y", "down", "y", "ctrl+n")
    console.wait_for("every step worked")
    console.press("f6", *["+"] * 6)
    shoot(console, "delivery-tested")
    console.press("f6")
    go(console, "f2", f"Saved {GATEWAY} version 2")
    leave(console)


def open_the_window(console: Console) -> None:
    """Puts a window of the whole day on trial, once the forecast was looked at."""
    put_cursor_on(console, GATEWAY)
    go(console, "enter", "Edit Channel Provider")
    console.press(*["down"] * 11, "ctrl+u")
    console.type("00:00:00")
    console.press("down", "ctrl+u")
    console.type("23:59:59")
    console.wait_for("100 waiting leave by today")
    shoot(console, "delivery-forecast")
    go(console, "ctrl+t", "Save on trial for how many minutes")
    go(console, "enter", "On trial: reverts at")
    console.press("escape")
    leave(console)


def watch(console: Console, gateway: Gateway) -> None:
    """The messages leave, and one of them only after an error."""
    put_cursor_on(console, GATEWAY)
    console.press("m")
    console.wait_for(lambda console: re.search(r"Waiting (75|50|25)\b", console.screen[1]) is not None)
    shoot(console, "delivery-leaving")
    console.wait_for("3 Error, again 1")
    go(console, "3", "[3 Error, again 1]")
    console.wait_for("Error, try 2 of 4")
    go(console, "enter", f"Recipient: {REFUSED}")
    console.resize(80, 30)
    console.wait_for("History")
    shoot(console, "delivery-error")
    gateway.refuses = False
    console.wait_for("The provider accepted it", timeout=90)
    console.press("escape")
    console.wait_for("[3 Error, again")
    console.press("escape")
    leave(console)


def main() -> None:
    """Plays the story and takes the pictures on the way."""
    with tempfile.TemporaryDirectory() as folder, in_thread(Gateway()) as gateway:
        environ, signer = operators_home(Path(folder)), EventSigner()
        file = Path(folder) / "statements.csv"
        command = [*PROGRAM, "providers"]
        with Console(command, environ, columns=80, rows=30) as console:
            configure(console, gateway, signer)
        statements(file)
        queued = run_command(environ, "messages", "import", str(file), "--provider", GATEWAY)
        if queued.returncode != 0:
            raise RuntimeError(queued.stderr)
        with (
            running(environ, "processor", "run", "--step-interval", STEP_S),
            running(environ, "events", "serve", "--listen", "127.0.0.1:0") as endpoint,
        ):
            with Console(command, environ, columns=80, rows=24) as console:
                put_cursor_on(console, GATEWAY)
                console.press("m")
                console.wait_for(lambda console: re.search(r"is closed: it\s+opens", console.text) is not None)
                shoot(console, "delivery-waiting")
                console.press("escape")
                leave(console)
            with Console(command, environ, columns=120, rows=34) as console:
                open_the_window(console)
            with Console(command, environ, columns=80, rows=24) as console:
                watch(console, gateway)
            with Console(command, environ, columns=120, rows=34) as console:
                put_cursor_on(console, GATEWAY)
                go(console, "enter", "Edit Channel Provider")
                post_events(endpoint, signer, reports(gateway.messages))
                go(console, "f3", "Code")
                console.wait_for(lambda console: re.search(r"delivered.* 99 ", console.text) is not None)
                console.resize(120, 24)
                shoot(console, "delivery-counted")


if __name__ == "__main__":
    main()
