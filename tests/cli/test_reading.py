"""`providers list`, `show`, `fields`, `statuses`."""

import pytest

from ftos_tui.domain.fields import FIELD_IDS
from tests.cli.conftest import BOTH_SECRETS, GOOD, SECRETS, Run


def test_the_list(run: Run, gateway: str) -> None:
    rows = run("providers", "list", "--json").json
    assert len(rows) == 6
    assert rows[1] == {
        "name": gateway,
        "communication_channel": "email",
        "provider_name": "SendGrid",
        "version": 2,
        "ready": True,
        "missing": [],
    }
    assert rows[0]["missing"][0] == "provider_name"
    lines = run("providers", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "CHANNEL", "PROVIDER", "WINDOW", "BULK", "READINESS", "SAVED", "BY", "SAVED"]
    assert "09:00:00–18:00:00" in lines[2]
    assert "14 missing" in lines[1]
    assert lines[0].index("CHANNEL") == lines[1].index("sms")


def test_without_a_terminal_the_menu_entry_is_the_list(run: Run) -> None:
    assert run("providers").out == run("providers", "list").out


def test_the_list_is_filtered_sorted_and_cut(run: Run, gateway: str) -> None:
    def names(*options: str) -> list[str]:
        return [row["name"] for row in run("providers", "list", "--json", *options).json]

    assert names("--filter", "OTP") == ["GatewayEmailOTP", "GatewaySMSOTP"]
    assert names("--filter", "nobody") == []
    assert names("--sort", "readiness")[0] == gateway
    assert names("--sort", "communication_channel", "--descending")[-1] in names("--filter", "email")
    assert names("--limit", "2") == names()[:2]


def test_a_long_list_is_read_page_by_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("providers", "list", "--json").json
    monkeypatch.setattr("ftos_tui.cli.reading._PAGE", 2)
    monkeypatch.setattr("ftos_tui.cli.output.MEASURED_ROWS", 3)
    assert run("providers", "list", "--json").json == whole
    assert run("providers", "list", "--json", "--limit", "5").json == whole[:5]
    assert len(run("providers", "list").out.splitlines()) == 7


def test_an_unknown_column_is_told_with_the_nearest(run: Run) -> None:
    outcome = run("providers", "list", "--sort", "nam\x1be")
    assert outcome.code == 2
    assert outcome.err == "There is no column nam␛e: did you mean name?\n"


def test_show(run: Run, gateway: str) -> None:
    shown = run("providers", "show", gateway, "--json").json
    assert list(shown) == ["name", "version", "saved_at", "saved_by", "ready", "missing", "values", "trial"]
    assert shown["trial"] is None
    assert (shown["name"], shown["version"], shown["ready"], shown["missing"]) == (gateway, 2, True, [])
    assert shown["saved_at"].endswith("Z")
    assert list(shown["values"]) == list(FIELD_IDS)
    assert shown["values"]["app_key"] == {"set": True, "version": 1}
    assert shown["values"]["bulk_no"] == 50
    assert shown["values"]["open_setting"] is True
    assert shown["values"]["from_display_name"] is None


def test_the_short_way_to_show_prints_what_the_parsed_one_does(run: Run, gateway: str) -> None:
    for options in ((), ("--json",)):
        short = run("providers", "show", gateway, *options)
        assert short == run("providers", "show", *options, "--", gateway)
        assert short.code == 0


def test_show_in_words(run: Run, gateway: str) -> None:
    words = run("providers", "show", gateway).out
    assert "App Key                set, version 1, " in words
    assert "Readiness              ready" in words
    assert "missing: Provider Name, Service Url" in run("providers", "show", "GatewaySMS").out
    assert "Reason                 Shipped with" in run("providers", "show", "GatewaySMS").out


def test_an_unreadable_secret_is_said_to_be_unreadable(run: Run, gateway: str) -> None:
    places = run("config", "path", "--json").json
    from pathlib import Path

    key = Path(places["data"]) / "local.key"
    key.unlink()
    shown = run("providers", "show", gateway, "--json").json
    assert shown["values"]["app_key"] == {"set": True, "version": 1, "readable": False}
    assert "unreadable, version 1" in run("providers", "show", gateway).out
    outcome = run("providers", "set", gateway, "bulk_no=51", "--acknowledge", "secret_unreadable")
    assert outcome.code == 5
    assert "missing" in outcome.err


def test_a_missing_provider_is_told_with_the_nearest(run: Run) -> None:
    outcome = run("providers", "show", "FTOSEmailGatewy")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "There is no provider FTOSEmailGatewy: did you mean FTOSEmailGateway?\n"
    assert "`ftos-tui providers list`" in run("providers", "show", "zzzzzzzzzzzzzzzz").err


def test_fields(run: Run) -> None:
    fields = run("providers", "fields", "--json").json
    assert [field["id"] for field in fields] == list(FIELD_IDS)
    assert fields[0]["options"] == ["email", "sms"]
    words = run("providers", "fields").out
    assert "communication_channel  Communication Channel (option set: email, sms)" in words
    assert "from_display_name  From Display Name (text, optional)" in words


def test_statuses_are_shown_with_their_counts(run: Run, gateway: str) -> None:
    rows = run("providers", "statuses", gateway, "--json").json
    assert rows[0] == {
        "code": "processed",
        "label": "Processed",
        "canonical": "processed",
        "terminal": False,
        "retryable": False,
        "count": 0,
    }
    assert run("providers", "statuses", gateway).out.splitlines()[0].split()[:3] == ["CODE", "LABEL", "MEANING"]


def test_statuses_are_edited(run: Run, gateway: str) -> None:
    def codes() -> list[str]:
        return [row["code"] for row in run("providers", "statuses", gateway, "--json").json]

    before = codes()
    row = 'code=zz,"label=Zed, at last",canonical=delivered,terminal,retryable=no'
    assert run("providers", "statuses", gateway, "--add", row, "--remove", before[0]).code == 0
    assert codes() == [*before[1:], "zz"]
    assert run("providers", "statuses", gateway, "--json").json[-1]["label"] == "Zed, at last"
    outcome = run("providers", "statuses", gateway, "--add", row, "--json")
    assert outcome.code == 3
    assert outcome.json["findings"][0]["code"] == "status_duplicate"
    assert run("providers", "statuses", gateway, "--preset", "smtp").code == 0
    assert "4xx" in codes()


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--remove", "procesed"), 1, "did you mean processed?"),
        (("--preset", "x"), 1, "take smtp, sendgrid, smpp"),
        (("--add", "code=a,label=b"), 2, "needs canonical"),
        (("--add", ""), 2, "needs code, label, canonical"),
        (("--add", "code=a,code=b"), 2, "stands twice"),
        (("--add", "cod=a"), 2, "did you mean code?"),
        (("--add", "code=a,label=b,canonical=opened,terminal=maybe"), 2, "A status has no terminal=maybe"),
    ],
)
def test_a_wrong_edit_of_statuses_is_told(
    run: Run, gateway: str, options: tuple[str, str], code: int, told: str
) -> None:
    outcome = run("providers", "statuses", gateway, *options)
    assert outcome.code == code
    assert told in outcome.err


def test_wide_and_hostile_names_keep_the_columns(run: Run) -> None:
    for name in ("漢字ゲートウェイ", "[/] [red]x", "=HYPERLINK(1)", "é́́"):
        outcome = run(
            "providers", "set", name, "--new", "communication_channel=email", *GOOD, *SECRETS,
            "--acknowledge", "mixed_scripts", input=BOTH_SECRETS,
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
        assert run("providers", "show", name, "--json").json["name"] == name
    from ftos_tui.cli.output import cell_width

    lines = run("providers", "list").out.splitlines()
    column = lines[0].index("CHANNEL")
    for line in lines[1:]:
        name, _, _ = line.partition("  ")
        cells = cell_width(line[: line.index("email")]) if "email" in line else cell_width(line[: line.index("sms")])
        assert cells == column, name
