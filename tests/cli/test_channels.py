"""Communication channels by command."""

import pytest

from tests.cli.conftest import Run
from tests.cli.test_changing import Terminal

GOOD = ("name=Customer e-mail", "default_action_type=email", "communication_channel=email")


@pytest.fixture
def channel(run: Run, gateway: str) -> str:
    """The code of a channel that sends through the configured provider."""
    outcome = run("channels", "set", "EMAIL", *GOOD, f"provider={gateway}", "--new")
    assert (outcome.code, outcome.err, outcome.out) == (0, "", "Saved channel EMAIL version 1.\n")
    return "EMAIL"


def test_a_channel_is_listed_and_shown(run: Run, channel: str, gateway: str) -> None:
    shape = run("channels", "show", "email", "--json").json
    assert list(shape) == [
        "code",
        "name",
        "default_action_type",
        "communication_channel",
        "provider",
        "version",
        "saved_at",
        "saved_by",
    ]
    assert (shape["code"], shape["provider"], shape["version"]) == (channel, gateway, 1)
    assert run("channels", "list", "--json").json == [shape]
    assert run("channels", "list", "--filter", "nothing", "--json").json == []
    table = run("channels", "list").out
    assert table.splitlines()[0].split() == ["CODE", "NAME", "ACTION", "CHANNEL", "PROVIDER", "SAVED", "BY", "SAVED"]
    assert "Customer e-mail" in table
    shown = run("channels", "show", "EMAIL").out
    assert "Default Action Type    email" in shown
    assert "Channel Provider       FTOSEmailGateway" in shown
    assert "Serves                 1 channel: EMAIL" in run("providers", "show", gateway).out


def test_a_channel_is_changed(run: Run, channel: str) -> None:
    saved = run("channels", "set", channel, "name=Other", "--reason", "clearer", "--expect-version", "1", "--json")
    assert (saved.code, saved.json["version"], saved.json["name"]) == (0, 2, "Other")
    assert run("channels", "set", channel, "name=Other").out == "Channel EMAIL is so already: version 2 stays.\n"
    stale = run("channels", "set", channel, "name=Mine", "--expect-version", "1")
    assert stale.code == 4
    assert stale.err.startswith("Version 1 was expected, but ")
    fixed = run("channels", "set", channel, "name= Spaced ")
    assert (fixed.code, fixed.err) == (0, "Name: Spaces around Name were dropped. [outer_space]\n")


def test_a_refused_channel_says_why(run: Run, channel: str, gateway: str) -> None:
    refused = run("channels", "set", channel, "provider=FTOSEmailGatewa")
    assert refused.code == 3
    assert (
        "Channel Provider: There is no channel provider FTOSEmailGatewa: did you mean FTOSEmailGateway" in refused.err
    )
    as_json = run("channels", "set", channel, "communication_channel=sms", "--json")
    assert as_json.code == 3
    assert as_json.json["verdict"] == "refuse"
    assert [finding["code"] for finding in as_json.json["findings"]] == ["action_type_differs", "provider_channel"]
    warned = run("channels", "set", channel, "default_action_type=sms")
    assert warned.code == 3
    assert "acknowledge action_type_differs" in warned.err
    done = run("channels", "set", channel, "default_action_type=sms", "--acknowledge", "action_type_differs")
    assert done.code == 0
    assert run("channels", "set", "X", "--new").code == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("bulk_no=5",), "bulk_no is no id=value of a channel"),
        (("name",), "name is no id=value of a channel"),
        (("nmae=x",), "nmae is no id=value of a channel: did you mean name?"),
        (("name=a", "name=b"), "name is given twice: leave one out."),
        (("code=B", "--new"), "With --new the code is the first argument: leave code= out."),
    ],
)
def test_what_is_no_assignment(run: Run, channel: str, arguments: tuple[str, ...], sentence: str) -> None:
    outcome = run("channels", "set", channel, *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(sentence)


def test_names_that_are_there_or_not(run: Run, channel: str) -> None:
    there = run("channels", "set", "email", "--new")
    assert (there.code, there.err) == (4, "The channel EMAIL is there already: leave --new out to change it.\n")
    missing = run("channels", "set", "EMIAL", "name=x")
    assert missing.code == 1
    assert missing.err == "There is no channel EMIAL: did you mean EMAIL? Add --new to make a new channel.\n"


def test_a_channel_is_deleted_after_its_code(run: Run, channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = run("channels", "delete", channel)
    assert (unasked.code, unasked.err) == (2, "Not deleted: add --confirm EMAIL\n")
    assert run("channels", "delete", channel, "--confirm", "email").code == 2
    assert run("channels", "delete", channel, "--confirm", "EMAIL", "--json").json == {"code": "EMAIL", "deleted": True}
    assert run("channels", "list", "--json").json == []
    run("channels", "set", "B", *GOOD, "provider=FTOSEmailGateway", "--new")
    monkeypatch.setattr("io.TextIOWrapper", Terminal)
    asked = run("channels", "delete", "B", input="B\n")
    assert (asked.code, asked.err, asked.out) == (0, "Type the code B to delete the channel:\n", "Deleted channel B.\n")


def test_a_provider_in_use_is_not_deleted(run: Run, channel: str, gateway: str) -> None:
    outcome = run("providers", "delete", gateway, "--confirm", gateway)
    assert outcome.code == 3
    assert outcome.err == (
        "FTOSEmailGateway serves 1 channel: EMAIL. Give them another provider before it is deleted: nothing was "
        "changed.\n"
    )
    run("channels", "delete", channel, "--confirm", channel)
    assert run("providers", "delete", gateway, "--confirm", gateway).code == 0


def test_many_channels_are_read_page_by_page(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.cli.channels._PAGE", 2)
    for code in "CAB":
        run("channels", "set", code, *GOOD, f"provider={gateway}", "--new")
    assert [shape["code"] for shape in run("channels", "list", "--json").json] == ["A", "B", "C"]
