"""Sizes, colours and quiet: everything is reachable from 60x16 to 250x60, whatever the terminal can do."""

import random
import re
import sys

import pytest
from rich.cells import cell_len

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    VALUES,
    configure,
    field_text,
    go,
    go_back,
    open_form,
    put_cursor_on,
    run_command,
    wait_row,
)

LABELS = (
    *("Communication Channel", "Name", "Provider Name", "Service Url", "App user", "App Password", "App Key"),
    *("appConfig", "From Address", "From Display Name", "Bulk No", "Interval Min", "Interval Max"),
    *("Retry Max Attempt", "Pool Time Retry", "Open Setting", "Click Setting"),
)


def fits(console: Console, columns: int) -> bool:
    """Whether no row is longer than the screen, and the frame stands: top line first, status log, hints last."""
    rows = console.screen
    return (
        all(cell_len(row) <= columns for row in rows)
        and rows[0].endswith("LOCAL")
        and len(rows[0]) >= columns - 2
        and any("── Status log" in row for row in rows)
        and rows[-1].startswith((" Enter", " Esc", " ^S", " type"))
    )


def wait_fits(console: Console, columns: int) -> None:
    """Waits until the frame stands."""
    console.wait_for(lambda console: fits(console, columns))


@pytest.mark.parametrize(
    ("columns", "rows"), [(60, 16), pytest.param(80, 24, marks=pytest.mark.measured), (110, 40), (250, 60)]
)
def test_everything_is_reachable(start_program: Start, environ: dict[str, str], columns: int, rows: int) -> None:
    configure(environ)
    console = start_program(columns=columns, rows=rows)
    for name in ("Admin", "Omnichannel Communication Automation", "Channel Providers"):
        wait_row(console, f"^▸ {name[:20]}")
        wait_fits(console, columns)
        console.press("enter")
    put_cursor_on(console, GATEWAY)
    wait_fits(console, columns)
    console.press("enter")
    console.wait_for("Save and reload")
    seen = []
    for label in LABELS:
        console.wait_for(lambda console, label=label: field_text(console, label) != "")  # type: ignore[misc]
        wait_fits(console, columns)
        seen.append(field_text(console, label))
        console.press("down")
    assert [text.split(" ")[0] for text in seen[:3]] == ["email", GATEWAY, VALUES["provider_name"]]
    assert "Save and close" in console.text
    if columns >= 110:
        console.wait_for("Readiness")
    for key, title in (("f3", "› Statuses"), ("f4", "› Meaning"), ("f1", "Help: "), ("f10", "› Keys")):
        go(console, key, title)
        wait_fits(console, columns)
        go_back(console, "Save and reload")
    go(console, "f9", "Screen, provider, field or action")
    assert all(cell_len(row) <= columns for row in console.screen)
    console.press("esc")
    console.wait_for(lambda console: "Screen, provider" not in console.text)
    wait_fits(console, columns)
    console.press("ctrl+q")
    assert console.wait_end() == 0


def test_a_resize_storm_leaves_a_right_screen(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    console = start_program("providers")
    open_form(console)
    console.press("tab", "tab", "end")
    console.type("X")
    console.wait_for(lambda console: field_text(console, "Provider Name") == "FtosProviderX")
    console.wait_quiet()
    before = console.screen
    chance = random.Random(5)
    for _ in range(50):
        console.resize(chance.randint(20, 250), chance.randint(5, 70))
    console.resize(80, 24)
    console.wait_for(lambda console: console.screen == before)
    console.type("Y")
    console.wait_for(lambda console: field_text(console, "Provider Name") == "FtosProviderXY")
    for columns, rows in ((60, 16), (250, 60), (80, 24)):
        console.resize(columns, rows)
        wait_fits(console, columns)


RESIZED_WHILE_READING = """
import sys, termios
from textual.drivers.linux_driver import LinuxDriver
from ftos_tui.__main__ import main
read = LinuxDriver._get_terminal_size
def reading(self):
    size = read(self)
    if size == (100, 30):
        termios.tcsetwinsize(0, (20, 70))
    return size
LinuxDriver._get_terminal_size = reading
sys.exit(main())
"""
"""The program in a terminal that changes its size once more just when the program has read it."""


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)], ids=["later", "at the start"])
def test_a_resize_while_the_size_is_read_is_not_lost(environ: dict[str, str], columns: int, rows: int) -> None:
    command = [sys.executable, "-c", RESIZED_WHILE_READING, "providers"]
    with Console(command, environ, columns=columns, rows=rows) as console:
        if columns != 100:
            console.wait_for("6 providers")
            console.resize(100, 30)
        # The emulator keeps its own size, so the program's frame stands in its upper left corner.
        console.wait_for(
            lambda console: (
                console.screen[0][:70].rstrip().endswith("LOCAL") and console.screen[19].startswith(" Enter")
            )
        )


def test_wide_and_combining_characters_keep_the_columns(start_program: Start, environ: dict[str, str]) -> None:
    names = ("漢字の名前", "Ünïcödé", "e\u0301le\u0300ve", "한국어", "ｶﾞｽ", "👍🏽🇷🇴", "plain")
    values = {"communication_channel": "email", **VALUES}
    command = ("--new", "--secret", "app_password", "--secret", "app_key", "--acknowledge", "name_mixed_scripts")
    plain = tuple(f"{field_id}={text}" for field_id, text in values.items())
    for name in names:
        done = run_command(environ, "providers", "set", name, *command, *plain, typed="a-password\na-key\n")
        assert done.returncode == 0, done.stderr
    console = start_program("providers")
    console.wait_for(f"{6 + len(names)} providers")
    wait_row(console, "plain")
    console.wait_quiet()
    header = "".join(cell or " " for cell in console.cells(1))
    for number in range(2, 2 + 6 + len(names)):
        cells = console.cells(number)
        assert "".join(cells[header.index("Chan") :][:6]).rstrip() in ("email", "sms"), console.screen[number]
        assert re.match(r"\d\d:\d\d$", "".join(cells[header.index("Saved") :][:5])), console.screen[number]


SGR = re.compile(r"\x1b\[([0-9;]*)m")


@pytest.mark.parametrize(
    ("variables", "wanted", "unwanted"),
    [
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, None, (r"[34]8;", r"(^|;)(3|4|9|10)[0-7](;|$)")),
        ({"TERM": "vt100"}, None, (r"[34]8;", r"(^|;)(3|4|9|10)[0-7](;|$)")),
        ({"TERM": "xterm-16color"}, r"(^|;)[349][0-7](;|$)", (r"[34]8;[25];",)),
        ({"TERM": "xterm-256color"}, r"[34]8;5;", (r"[34]8;2;",)),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, r"[34]8;2;", (r"[34]8;5;",)),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, r"[34]8;2;", (r"[34]8;5;",)),
    ],
)
def test_colours_are_what_the_terminal_can_show(
    start_program: Start, variables: dict[str, str], wanted: str | None, unwanted: tuple[str, ...]
) -> None:
    console = start_program("providers", **variables)
    open_form(console)
    console.press("f2")
    wait_row(console, "✗ Enter Provider Name")
    styles = SGR.findall(console.raw.decode())
    if wanted is not None:
        assert any(re.search(wanted, style) for style in styles)
    for pattern in unwanted:
        assert not [style for style in styles if re.search(pattern, style)]


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_one_sentence(start_program: Start, term: str) -> None:
    console = start_program(TERM=term)
    assert console.wait_end() == 2
    assert b"\x1b" not in console.raw
    said = console.raw.decode().strip()
    assert said.endswith(".")
    assert len(said.splitlines()) <= 2
    assert "Traceback" not in said


def test_no_terminal_gets_one_sentence(environ: dict[str, str]) -> None:
    done = run_command(environ)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr


def test_idle_writes_nothing(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    console = start_program("providers", columns=120, rows=40)
    open_form(console)
    console.press("tab", "tab")
    console.wait_quiet(3)
