"""Hostile records, drafts and log lines on every screen: nothing of them reaches the terminal, and nothing crashes."""

import json
import re

import pytest

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.hostile import NEVER, TEXTS, put_everything
from tests.terminal.program import go, go_back, run_command, wait_row

# Beside CSI, the console sets the window's title and nothing else that begins with ESC.
FOREIGN = re.compile("\x1b(?!\\[|\\]2;|\\\\)")


@pytest.fixture
def hostile(environ: dict[str, str]) -> dict[str, str]:
    """An environment whose store, drafts and log are full of payloads."""
    put_everything(environ)
    return environ


def assert_harmless(output: str) -> None:
    """No payload in what was written, in whole or in part."""
    for text in NEVER:
        at = output.find(text)
        assert at < 0, f"{text!r} after {output[max(0, at - 60) : at]!r}"
    foreign = FOREIGN.search(output)
    assert foreign is None, f"{output[foreign.start() : foreign.start() + 40]!r}"
    assert "evil.example" not in re.findall("\x1b\\]8;[^\x1b]*", output)


FORM = r"^ Edit Channel Provider|^ New Channel Provider"


def walk_form(console: Console) -> None:
    """Every screen that a form leads to, and back."""
    go(console, "f1", "Help: ")
    go_back(console, FORM)
    go(console, "f3", "› Statuses")
    console.wait_for("clip ␛")
    console.press("down", "down", "down")
    wait_row(console, "^▸ bidi")
    go(console, "enter", "✗ Meaning")
    go(console, "f1", "Help: ")
    go_back(console, "^✗ Meaning")
    go_back(console, "^▸ bidi")
    go(console, "d", "Removed bidi")
    go_back(console, FORM)
    go(console, "f4", "› Meaning")
    go_back(console, FORM)
    go(console, "ctrl+s", "✗ Not saved")
    go(console, "f8", "✗")
    go(console, "f12", "Why this change?")
    console.press("esc")
    console.wait_for(lambda console: "Why this change?" not in console.text)
    go(console, "f9", "Screen, provider, field or action")
    console.type("markup")
    console.wait_for("Provider: bidi")
    console.press("esc")
    wait_row(console, FORM)


def test_drafts_and_the_form_of_one(start_program: Start, hostile: dict[str, str]) -> None:
    console = start_program("providers")
    console.wait_for("› Unsaved drafts")
    console.wait_for("Enter Go on editing")  # the last row: all of it is painted
    console.wait_for("enter it again")
    go(console, "f1", "Help: ")
    go_back(console, "^▸ clip")
    console.press("enter")
    wait_row(console, FORM)
    walk_form(console)
    go(console, "esc", "k keep as draft")
    go(console, "x", "Name▲")
    console.press("q")
    assert console.wait_end() == 0
    assert_harmless(console.raw.decode())


def test_list_and_the_forms_of_records(start_program: Start, hostile: dict[str, str]) -> None:
    console = start_program("providers")
    console.wait_for("› Unsaved drafts")
    console.wait_for("Enter Go on editing")  # the last row: all of it is painted
    console.wait_for("enter it again")  # what lies beside it has been read, too
    console.press("esc")
    console.wait_for("17 providers")
    console.press("G")
    wait_row(console, "^▸ zero")
    console.press("g")
    wait_row(console, "^▸ bidi")
    for word in sorted([*TEXTS, "FTOS", "FTOS", "Gateway", "Gateway", "Gateway", "Gateway"], key=str.casefold)[1:]:
        console.press("down")
        wait_row(console, f"^▸ {word}")
    go(console, "s", "Chan▲")
    go(console, "S", "Chan▼")
    console.press("s", "s", "s", "s", "s", "s", "s")
    console.wait_for("Name▲")
    console.press("g")
    go(console, "f10", "› Keys")
    console.type("delete")
    wait_row(console, "^▸ d Del")
    go_back(console, "Name▲")
    go(console, "d", "? Delete bidi")
    console.press("esc")
    console.wait_for(lambda console: "? Delete" not in console.text)
    go(console, "/", "Filter by name")
    console.type("nul")
    console.press("backspace", "backspace", "backspace")
    console.type("[/]")
    console.wait_for("10 providers")
    wait_row(console, "^▸ bidi")
    console.press("enter", "enter")
    wait_row(console, FORM)
    walk_form(console)
    go(console, "esc", "k keep as draft")
    go(console, "k", "Kept the draft of")
    console.press("esc")  # the filter
    wait_row(console, r"FTOSEmailGateway +email")
    go(console, "c", "New Channel Provider")
    console.press(*["tab"] * 7)
    go(console, "enter", "› appConfig")
    console.wait_for("✗")
    go_back(console, FORM)
    go(console, "ctrl+q", "k keep as draft")
    console.press("x")
    assert console.wait_end() == 0
    assert_harmless(console.raw.decode())


def test_columns_stay(start_program: Start, hostile: dict[str, str]) -> None:
    console = start_program("providers", columns=110, rows=40)
    console.wait_for("› Unsaved drafts")
    console.wait_for("Enter Go on editing")  # the last row: all of it is painted
    console.wait_for("enter it again")  # what lies beside it has been read, too
    console.press("esc")
    wait_row(console, "^ +zero")
    console.wait_quiet()
    header = console.cells(next(row for row, text in enumerate(console.screen) if "Name▲" in text))
    places = {title: "".join(cell or " " for cell in header).index(title) for title in ("Chan", "Window", "Saved")}
    checked = 0
    for number, text in enumerate(console.screen):
        word = text[2:].split(" ")[0]
        if word in TEXTS:
            cells = console.cells(number)
            assert "".join(cells[places["Chan"] :][:6]) == "email ", text
            assert "".join(cells[places["Window"] :][:4]) == "clip", text
            assert "".join(cells[places["Saved"] :][:5]) == "01-02", text
            checked += 1
    assert checked == len(TEXTS)


def test_command_line(hostile: dict[str, str]) -> None:
    names = [entry["name"] for entry in json.loads(run_command(hostile, "providers", "list", "--json").stdout)]
    assert set(TEXTS.values()) <= set(names)
    for arguments in (
        ("providers", "list"),
        ("providers", "list", "--json"),
        ("providers", "show", TEXTS["clip"]),
        ("providers", "show", TEXTS["ceeone"], "--json"),
        ("providers", "statuses", TEXTS["zero"]),
        ("providers", "statuses", TEXTS["zero"], "--json"),
        ("providers", "show", TEXTS["bidi"] + TEXTS["clip"]),
        ("providers", "set", TEXTS["link"], "bulk_no=" + TEXTS["clip"]),
        ("log",),
        ("log", "--json"),
        ("doctor",),
    ):
        done = run_command(hostile, *arguments)
        assert "Traceback" not in done.stderr
        assert_harmless(done.stdout + done.stderr)
