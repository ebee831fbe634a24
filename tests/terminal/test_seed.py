"""The vendor's procedure "Edit the FTOSEmailGateway channel provider", word for word, from the first start on."""

from collections.abc import Callable

import pytest

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    KEY,
    PASSWORD,
    click,
    field_text,
    go_back,
    open_form,
    put_cursor_on,
    row_of,
    run_command,
    shown,
    wait_form,
)

MENU = ("Admin", "Omnichannel Communication Automation", "Channel Providers")

# The vendor's table (SysPack 22.1.1000): label and data type in its order, and what is typed here.
TABLE = (
    ("Communication Channel", "Option set", "email"),
    ("Name", "Text", "FTOSEmailGateway"),
    ("Provider Name", "Text", "FtosProvider"),
    ("Service Url", "Text", "https://omnichannel.fintechos.example.com/email"),
    ("App user", "Text", "gateway"),
    ("App Password", "Text", PASSWORD),
    ("App Key", "Text", KEY),
    ("appConfig", "Text", '{"timeout": 30}'),
    ("From Address", "Text", "office@bank.example.com"),
    ("Bulk No", "Whole Number", "50"),
    ("Interval Min", "Text", "09:00:00"),
    ("Interval Max", "Text", "18:00:00"),
    ("Retry Max Attempt", "Whole number", "3"),
    ("Pool Time Retry", "Text", "00:30:00"),
    ("Open Setting", "Bool", "on"),
    ("Click Setting", "Bool", "off"),
)
SECRETS = ("App Password", "App Key")


def open_list(console: Console) -> None:
    """From the menu, Admin > Omnichannel Communication Automation > Channel Providers."""
    for name in MENU:
        console.wait_for(f"▸ {name}")
        console.press("enter")
    put_cursor_on(console, GATEWAY)


def fill_in(console: Console) -> None:
    """Fills in the fields in the table's order; each one explains itself."""
    for label, data_type, text in TABLE:
        console.press("f1")
        console.wait_for(f"Help: {label}")
        go_back(console, "^ Edit Channel Provider")
        if data_type == "Bool":
            console.press("y" if text == "on" else "n")
            console.wait_for(lambda console, label=label, text=text: field_text(console, label).endswith(text))  # type: ignore[misc]
        elif label == "Name":  # as shipped; the screen may still be on its way
            console.wait_for(lambda console, label=label, text=text: field_text(console, label) == text)  # type: ignore[misc]
        elif data_type == "Text":
            console.type(text)
            seen = "••••••••" if label in SECRETS else text
            console.wait_for(lambda console, label=label, seen=seen: field_text(console, label) == seen)  # type: ignore[misc]
        elif data_type.startswith("Whole"):
            console.type(text)
            console.wait_for(lambda console, label=label, text=text: field_text(console, label) == text)  # type: ignore[misc]
        console.press("tab")
        if label == "From Address":
            console.press("tab")  # From Display Name, which came later and is optional


def see_statuses(console: Console) -> None:
    """The list of channel provider statuses of the edit page."""
    console.press("f3")
    console.wait_for("› Statuses")
    for word in ("Code", "Label", "Count", "delivered", "bounced"):
        console.wait_for(word)
    go_back(console, "^ Edit Channel Provider")


def by_double_click(console: Console) -> None:
    """Opens the record as the page says."""
    click(console, GATEWAY, times=2)


def by_enter(console: Console) -> None:
    """Opens the record without a mouse."""
    console.press("enter")


def by_icon(console: Console) -> None:
    """At the top-right corner of the page, click the Save and close icon."""
    assert row_of(console, "Save and close") == 1
    assert console.screen[1].index("Save and close") >= 40
    click(console, "Save and close")


def by_key(console: Console) -> None:
    """Saves without a mouse."""
    console.press("ctrl+s")


@pytest.mark.parametrize(("open_record", "save"), [(by_double_click, by_icon), (by_enter, by_key)])
def test_the_page_word_for_word(
    start_program: Start,
    environ: dict[str, str],
    open_record: Callable[[Console], None],
    save: Callable[[Console], None],
) -> None:
    console = start_program()
    open_list(console)
    open_record(console)
    console.wait_for("Edit Channel Provider")
    wait_form(console)
    labels = [row[2:26].rstrip() for row in console.screen[2:19]]
    assert [label for label in labels if label != "From Display Name"] == [label for label, _type, _text in TABLE]
    fill_in(console)
    console.wait_for(lambda console: not any(row.startswith(("●", "✗", "!")) for row in console.screen[2:]))
    see_statuses(console)
    save(console)
    console.wait_for(f"✓ Saved {GATEWAY} version 2 (14 fields)")
    console.wait_for(lambda console: any(f"▸ {GATEWAY}" in row and " ready " in row for row in console.screen))
    console.press("q")
    assert console.wait_end() == 0
    record = shown(environ)
    assert (record["name"], record["version"], record["ready"], record["missing"]) == (GATEWAY, 2, True, [])
    assert record["values"] == {
        "communication_channel": "email",
        "name": GATEWAY,
        "provider_name": "FtosProvider",
        "service_url": "https://omnichannel.fintechos.example.com/email",
        "app_user": "gateway",
        "app_password": {"set": True, "version": 1},
        "app_key": {"set": True, "version": 1},
        "app_config": '{"timeout": 30}',
        "from_address": "office@bank.example.com",
        "from_display_name": None,
        "bulk_no": 50,
        "interval_min": "09:00:00",
        "interval_max": "18:00:00",
        "retry_max_attempt": 3,
        "pool_time_retry": "00:30:00",
        "open_setting": True,
        "click_setting": False,
    }
    assert f"Saved {GATEWAY} version 2" in run_command(environ, "log").stdout


def test_keys_that_arrive_at_once_go_where_they_were_meant(start_program: Start, environ: dict[str, str]) -> None:
    # A slow line delivers what was typed in one piece: a password must not land in the field before it.
    console = start_program("providers")
    open_form(console)
    texts = [text for _label, _type, text in TABLE[2:14]]
    texts.insert(7, "Example Bank")
    console.send(("\t\t" + "\t".join(texts) + "\ty\tn").encode())
    console.wait_for(lambda console: field_text(console, "Click Setting") == "[ ] off")
    console.press("ctrl+s")
    console.wait_for(f"✓ Saved {GATEWAY} version 2 (15 fields)")
    assert PASSWORD not in console.raw.decode()
    assert shown(environ)["values"]["from_display_name"] == "Example Bank"
