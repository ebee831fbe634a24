"""What the settings are for, end to end: a gateway configured and tried, a hundred messages, the window, the events."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.message_protocol import MessageQuery
from tests.servers.sendgrid_events import EventSigner
from tests.servers.serving import in_thread
from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.post_office import (
    REFUSED,
    Gateway,
    post_events,
    reports,
    running,
    statements,
    values_for,
)
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    cursor_row,
    field_text,
    go,
    go_back,
    open_form,
    put_cursor_on,
    run_command,
    session_of,
    shown,
    wait_row,
)

BULK_NO = 25
STEP_S = 2
POOL_S = 5


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The server that the provider leads to."""
    with in_thread(Gateway()) as gateway:
        yield gateway


def configure_and_try(console: Console, values: Mapping[str, str]) -> None:
    """Fills in the form, tests the connection before anything is saved, and saves."""
    open_form(console)
    console.press("down", "down")
    for field_id, text in values.items():
        console.type(text)
        console.press("down")
        if field_id == "app_user":
            for secret in (PASSWORD, KEY):
                console.type(secret)
                console.press("down")
    console.press("y", "down", "y", "ctrl+n")
    console.wait_for("every step worked")
    console.press("f8", "f7")  # five seconds between tries are short for a provider, not for its stand-in
    console.wait_for("acknowledged")
    console.press("f2")
    console.wait_for(f"Saved {GATEWAY} version 2")


def open_the_window(console: Console) -> datetime:
    """Puts a window of the whole day on trial; right before it counts."""
    open_form(console)
    console.press(*["down"] * 11, "ctrl+u")
    console.type("00:00:00")
    console.press("down", "ctrl+u")
    console.type("23:59:59")
    console.wait_for(lambda console: field_text(console, "Interval Max") == "23:59:59")
    console.press("f4")
    console.wait_for("100 waiting leave by today")
    go_back(console, "Edit Channel Provider")
    console.press("f8", "f7")
    console.wait_for("acknowledged")
    console.press("ctrl+t")
    console.wait_for("Save on trial for how many minutes")
    before = datetime.now(UTC)
    console.press("enter")
    wait_row(console, r"On trial: reverts at \d\d:\d\d:\d\d UTC")
    go_back(console, "6 providers")
    return before


def count(console: Console, label: str) -> int:
    """How many messages the line above the list counts under a label; 0 for a label that is not there."""
    found = re.search(rf"\d {label} ([\d,]+)", console.screen[1])
    return int(found[1].replace(",", "")) if found else 0


def counted(console: Console, code: str) -> str:
    """What the list of statuses counts for a code."""
    for row in console.screen:
        if row[2:].startswith(f"{code} "):
            return row.split()[-1]
    return ""


def test_a_hundred_messages(start_program: Start, environ: dict[str, str], gateway: Gateway, tmp_path: Path) -> None:
    signer = EventSigner()

    # Configured in the console, and tried before it is trusted: nothing is sent by that.
    console = start_program("providers", rows=32)
    values = values_for(gateway, signer, f"00:00:{POOL_S:02}")
    configure_and_try(console, {**values, "retry_max_attempt": "5"})  # seen in Error, however slow the machine
    assert {request.target for request in gateway.requests} == {"/v3/scopes"}
    assert not gateway.accepted

    # A hundred messages, outside the window. A processor runs; they wait, and say why.
    statements(tmp_path / "statements.csv")
    queued = run_command(environ, "messages", "import", str(tmp_path / "statements.csv"), "--provider", GATEWAY)
    assert queued.returncode == 0, queued.stderr
    with (
        running(environ, "processor", "run", "--step-interval", str(STEP_S)),
        running(environ, "events", "serve", "--listen", "127.0.0.1:0") as endpoint,
    ):
        put_cursor_on(console, GATEWAY)
        go(console, "m", "1 Waiting 100")
        console.wait_for(lambda console: re.search(r"is closed: it\s+opens", console.text) is not None)
        assert not gateway.accepted
        go_back(console, "6 providers")

        # The window is opened on trial. They leave in steps of Bulk No.
        opened = open_the_window(console)
        go(console, "m", "All 100")
        console.wait_for(lambda console: count(console, "Waiting") < 100)

        # One is refused: it goes to Error, and leaves at its Pool Time once the gateway takes it.
        console.wait_for("3 Error, again 1")
        console.press("3")
        console.wait_for(lambda console: "Error, try" in cursor_row(console))
        go(console, "enter", f"Recipient: {REFUSED}")
        wait_row(console, r"Error, again at \d\d:\d\d:\d\d UTC, try \d of 6")
        gateway.refuses = False
        wait_row(console, "^ Accepted")
        go_back(console, "3 Error, again")
        console.press("0")
        console.wait_for(lambda console: count(console, "Accepted") == 100)
        go_back(console, "6 providers")

        # Its events come: signed, each counted once. The edit page counts them while it is looked at.
        open_form(console)
        console.press("f3")
        console.wait_for(lambda console: counted(console, "processed") == "0")
        sent = gateway.messages
        assert post_events(endpoint, signer, reports(sent)) == 200
        assert post_events(endpoint, signer, reports(sent)) == 200
        expected = {"processed": "100", "delivered": "99", "bounce": "1", "open": "60", "click": "20"}
        for code, number in expected.items():
            console.wait_for(lambda console, code=code, number=number: counted(console, code) == number)  # type: ignore[misc]

    check_the_books(environ, gateway, opened)


def check_the_books(environ: dict[str, str], gateway: Gateway, opened: datetime) -> None:
    """Each was taken once, in steps, the refused one at its time; counts, flags and versions say so."""
    assert sorted(gateway.recipients) == sorted(f"customer{place:03}@example.com" for place in range(1, 101))
    for place in range(99):
        taken = datetime.fromtimestamp(gateway.taken_at[place], UTC)
        assert taken >= opened + place // BULK_NO * timedelta(seconds=STEP_S), f"{place} before its step"
    session = session_of(environ)
    try:
        store = session.store.messages
        assert store.counts()[Dispatch.ACCEPTED] == 100
        [refused] = store.message_page(MessageQuery(filter=REFUSED))
        tries = store.message(refused.id).attempts
        assert [str(line.outcome) for line in tries][-2:] == ["refused_temporary", "accepted"]
        for before, after in pairwise(tries):
            assert after.started_at is not None
            assert after.started_at - before.ended_at >= timedelta(seconds=POOL_S)
        assert {line.provider_version for line in tries} == {3}
        first = store.message_row(gateway.messages[0]).reported
        assert (first.opens, first.machine_opens, first.clicks) == (1, 0, 1)
    finally:
        session.close()
    assert shown(environ)["version"] == 3
    verified = run_command(environ, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
