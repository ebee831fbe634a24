"""The line drops, or the program is killed, at bad moments: nothing typed is lost, and it is offered again."""

import json
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    configure,
    every_file,
    field_text,
    open_form,
    places_of,
    shown,
    wait_form,
    wait_row,
    wait_until,
)

SOON = 10.0
"""Seconds in which the program must be gone; it promises half a second, on a machine that does nothing else.

Shorter than whatever it could wait for instead, and long enough for a machine that does much else.
"""

TYPED = "typed-and-not-saved"


def drafts(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the drafts on disk hold."""
    folder = places_of(environ).data / "drafts"
    return [json.loads(path.read_bytes()) for path in folder.glob("*.draft.json")]


def kept_texts(environ: Mapping[str, str]) -> list[str]:
    """The Provider Names of the drafts on disk."""
    return [str(draft["edits"].get("provider_name")) for draft in drafts(environ)]


def in_form(console: Console) -> None:
    """While a field is being typed into."""
    open_form(console)
    console.press("tab", "tab")
    console.type(TYPED)
    console.wait_for(lambda console: field_text(console, "Provider Name") == TYPED)


def in_secret(console: Console) -> None:
    """While a secret is being typed."""
    in_form(console)
    console.press("tab", "tab", "tab")
    console.type(PASSWORD)
    console.wait_for(lambda console: field_text(console, "App Password") == "••••••••")


def in_question(console: Console) -> None:
    """While the form asks whether it may be left."""
    in_form(console)
    console.press("esc")
    console.wait_for("k keep as draft")


def in_statuses(console: Console) -> None:
    """On another screen above the form."""
    in_form(console)
    console.press("f3")
    console.wait_for("› Statuses")


def in_palette(console: Console) -> None:
    """While the palette lies over the form."""
    in_form(console)
    console.press("f9")
    console.wait_for("Screen, provider, field or action")


def in_list(console: Console) -> None:
    """In the list, nothing typed."""
    console.wait_for(GATEWAY)


def at_start(console: Console) -> None:
    """As soon as the program talks to the terminal."""
    console.wait_for(lambda console: b"\x1b[?1049h" in console.raw)


Moment = Callable[[Console], None]

WITH_TEXT = (in_form, in_secret, in_question, in_statuses, in_palette)


def hangup(console: Console) -> None:
    """The terminal is gone; the kernel sends SIGHUP."""
    console.hangup()


def sighup(console: Console) -> None:
    """As sent by sshd to what it started."""
    console.kill(signal.SIGHUP)


def sigterm(console: Console) -> None:
    """As sent at shutdown."""
    console.kill(signal.SIGTERM)


@pytest.mark.parametrize(
    ("moment", "drop"),
    [
        pytest.param(in_form, sighup, marks=pytest.mark.measured),
        (in_form, sigterm),
        pytest.param(in_form, hangup, marks=pytest.mark.measured),
        (in_secret, hangup),
        (in_question, hangup),
        (in_question, sigterm),
        (in_statuses, sighup),
        (in_palette, hangup),
        (in_list, hangup),
        (in_list, sigterm),
        (at_start, sighup),
        (at_start, hangup),
    ],
)
def test_gone_at_once_with_the_draft_on_disk(
    start_program: Start,
    environ: dict[str, str],
    record_property: Callable[[str, object], None],
    moment: Moment,
    drop: Callable[[Console], None],
) -> None:
    console = start_program("providers")
    moment(console)
    began = time.monotonic()
    drop(console)
    code = console.wait_end()
    took = time.monotonic() - began
    record_property("seconds", round(took, 3))
    assert took < SOON
    assert code == (143 if drop is sigterm else 129)
    assert kept_texts(environ) == ([TYPED] if moment in WITH_TEXT else [])
    if drop is not hangup:
        assert console.raw.rindex(b"\x1b[?1049l") > console.raw.rindex(b"\x1b[?1049h")
    everything = b"".join(every_file(Path(environ["HOME"])).values())
    assert PASSWORD.encode() not in everything


@pytest.mark.parametrize("moment", [in_form, in_question])
def test_killed_soon_after_the_last_key(start_program: Start, environ: dict[str, str], moment: Moment) -> None:
    console = start_program("providers")
    moment(console)
    wait_until(console, lambda: kept_texts(environ) == [TYPED])
    console.kill(signal.SIGKILL)
    assert console.wait_end() == -signal.SIGKILL
    assert kept_texts(environ) == [TYPED]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_text_in_the_small_editor_is_in_the_draft(
    start_program: Start, environ: dict[str, str], signum: signal.Signals
) -> None:
    console = start_program("providers")
    open_form(console)
    console.press(*["tab"] * 7, "enter")
    console.wait_for("› appConfig")
    console.type('{"timeout": 3')
    console.wait_for('{"timeout": 3')
    if signum == signal.SIGKILL:
        wait_until(
            console, lambda: any('"timeout": 3' in draft["edits"].get("app_config", "") for draft in drafts(environ))
        )
    console.kill(signum)
    console.wait_end()
    assert [draft["edits"] for draft in drafts(environ)] == [{"app_config": '{"timeout": 3'}]


def test_a_message_typed_so_far_is_in_a_draft(start_program: Start, environ: dict[str, str]) -> None:
    console = start_program("providers")
    console.wait_for(GATEWAY)
    console.press("m")
    console.wait_for("› Message Queues")
    console.press("n")
    console.wait_for("› New message")
    console.type(TYPED)
    console.wait_for(TYPED)
    console.hangup()
    assert console.wait_end() == 129
    [draft] = drafts(environ)
    assert (draft["form"], TYPED in draft["edits"].values()) == ("message", True)


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGKILL])
def test_next_start_offers_the_draft_and_saves_it(
    start_program: Start, environ: dict[str, str], signum: signal.Signals
) -> None:
    configure(environ)
    console = start_program("providers")
    open_form(console)
    console.press("tab", "tab", "tab", "end")
    console.type("/v3")
    console.wait_for(lambda console: field_text(console, "Service Url") == "https://api.sendgrid.com/v3")
    console.press("tab", "tab")
    console.type("another-password")
    console.wait_for(lambda console: field_text(console, "App Password") == "••••••••")
    wait_until(console, lambda: any("app_password" in draft["secrets_entered"] for draft in drafts(environ)))
    console.kill(signum)
    console.wait_end()

    console = start_program()
    console.wait_for("› Unsaved drafts")
    wait_row(console, r"▸ FTOSEmailGateway +version 2 ")
    wait_row(console, r"Service Url +https://api\.sendgrid\.com +https://api\.sendgrid\.com/v3")
    wait_row(console, r"App Password +typed, never kept +enter it again")
    console.press("enter")
    wait_form(console)
    assert field_text(console, "Service Url") == "https://api.sendgrid.com/v3"
    assert field_text(console, "App Password").startswith("set, version 1")
    console.wait_for("Enter App Password again")
    console.press(*["tab"] * 5)
    console.type("another-password\t" + KEY)
    console.wait_for(lambda console: field_text(console, "App Key") == "••••••••")
    console.press("ctrl+s")
    console.wait_for(f"✓ Saved {GATEWAY} version 3 (3 fields)")
    wait_until(console, lambda: not drafts(environ))
    record = shown(environ)
    assert record["values"]["service_url"] == "https://api.sendgrid.com/v3"
    assert record["values"]["app_password"] == {"set": True, "version": 2}
    assert b"another-password" not in b"".join(every_file(Path(environ["HOME"])).values())
