"""`providers forecast`, and what `show` and `set --dry-run` say of messages that wait."""

import pytest

from tests.cli.conftest import Run


def queued(run: Run, gateway: str, number: int = 3) -> None:
    """Messages that wait, due far ahead, so that the time of day does not matter."""
    for place in range(number):
        given = ("--to", f"c{place}@example.com", "--subject", "S", "--text", "T", "--acknowledge", "due_far")
        outcome = run("messages", "add", gateway, *given, "--due", "2099-01-02T12:00:00Z")
        assert outcome.code == 0, outcome.err


def test_a_number_of_messages_by_the_hour(run: Run, gateway: str) -> None:
    always = ("interval_min=00:00:00", "interval_max=23:59:59", "bulk_no=1000")
    outcome = run("providers", "forecast", gateway, *always, "--waiting", "3000", "--json")
    assert outcome.code == 0
    shape = outcome.json
    assert shape["sentence"].startswith("3,000 waiting leave by ")
    assert "; as saved, " in shape["sentence"]
    assert sum(hour["messages"] for hour in shape["forecast"]["hours"]) == 3000
    assert shape["forecast"]["left"] == 0
    assert shape["saved"]["waiting"] == 3000
    assert run("providers", "show", gateway, "--json").json["version"] == 2
    outcome = run("providers", "forecast", gateway, *always, "--waiting", "3000")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("3,000 waiting leave by ")
    assert lines[1].split() == ["HOUR", "(UTC)", "LEAVE", "AS", "SAVED"]
    assert sum(int(line.split()[2].replace(",", "")) for line in lines[2:-1]) == 3000
    assert lines[-1] == "Reckoned with a step every 60 s, as no processor runs."
    assert shape["step_s"] == 60
    assert "#" in outcome.out


def test_what_waits_is_told_in_each_place(run: Run, gateway: str) -> None:
    assert run("providers", "forecast", gateway).out == "No messages wait.\n"
    assert "waiting" not in run("providers", "show", gateway).out
    queued(run, gateway)
    outcome = run("providers", "forecast", gateway)
    assert outcome.out.splitlines()[0] == "3 waiting do not all leave within a year."
    assert outcome.out.splitlines()[1].startswith("! ")
    assert "3 waiting do not all leave within a year." in run("providers", "show", gateway).out
    assert "waiting" not in run("providers", "show", gateway, "--version", "2").out
    dry = run("providers", "set", gateway, "bulk_no=1", "--dry-run", "--json")
    assert any(sentence.startswith("3 waiting") for sentence in dry.json["consequences"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("bulk_no",), 2, "no assignment"),
        (("app_key=x",), 2, "never an argument"),
        (("--waiting", "-1"), 2, "greater than or equal to 0"),
        (("bulk_no=none", "--waiting", "5"), 0, "No forecast yet: correct Bulk No."),
        (("app_user=", "--waiting", "5"), 0, "for want of App user."),
        (("bulk_no=1", "--waiting", "9000"), 0, "hours more, until"),
    ],
)
def test_what_is_asked_for_wrongly_or_leads_nowhere(
    run: Run, gateway: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    outcome = run("providers", "forecast", gateway, *arguments)
    assert outcome.code == code
    assert said in outcome.out + outcome.err
    assert run("providers", "forecast", "Nobody").code == 1
