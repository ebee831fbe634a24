"""`providers compare` and `providers promote` at the shell."""

from pathlib import Path

import pytest

from tests.cli.conftest import BOTH_SECRETS, GOOD, KEY, PASSWORD, SECRETS, Run

OWN = (
    "--set",
    "service_url=https://eu.sendgrid.com",
    "--set",
    "app_user=apikey",
    "--set",
    "from_address=office@bank.example",
)


@pytest.fixture
def both(run: Run, home: Path) -> str:
    """A gateway configured in test; production as shipped."""
    folder = home / ".config" / "ftos-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        'environment = "test"\n[environments.test]\n[environments.production]\ncolour = "red"\n'
        '[environments.locked]\nread_only = true\nstore = "~/locked.sqlite3"\n'
    )
    outcome = run("providers", "set", "FTOSEmailGateway", *GOOD, *SECRETS, input=BOTH_SECRETS)
    assert (outcome.code, outcome.err) == (0, "")
    return "FTOSEmailGateway"


def test_compare_one_and_all(run: Run, both: str) -> None:
    one = run("providers", "compare", "test", "production", both)
    assert one.code == 0
    assert "App Key" in one.out
    assert "not set" in one.out
    every = run("providers", "compare", "test", "production", "--json").json
    assert [row["state"] for row in every].count("same") == 5
    [row] = [row for row in every if row["name"] == both]
    assert (row["state"], row["here"], row["there"]) == ("differs", 2, 1)
    assert {"field": "app_key", "label": "App Key", "here": "set", "there": "not set"} in row["fields"]


def test_compare_says_when_nothing_differs(run: Run, both: str) -> None:
    outcome = run("providers", "compare", "test", "production", "GatewaySMS")
    assert outcome.out.splitlines()[1].split() == ["GatewaySMS", "same"]


def test_compare_wants_two_environments(run: Run, both: str) -> None:
    assert run("providers", "compare", "test", "test").code == 2
    assert run("providers", "compare", "test", "prodution").code == 2


def test_promote_with_secrets_entered_there(run: Run, both: str) -> None:
    arguments = ("providers", "promote", both, "--from", "test", "--to", "production")
    refused = run(*arguments)
    assert refused.code == 3
    assert "[required]" in refused.err
    stale = run(*arguments, *OWN, *SECRETS, "--expect-version", "7", input=BOTH_SECRETS)
    assert stale.code == 4
    done = run(*arguments, *OWN, *SECRETS, "--expect-version", "1", "--json", input=BOTH_SECRETS)
    assert done.code == 0
    assert done.json["values"]["service_url"] == "https://eu.sendgrid.com"
    assert PASSWORD not in done.out + done.err
    assert KEY not in done.out + done.err
    again = run("providers", "compare", "test", "production", both, "--json").json
    assert [field["field"] for field in again[0]["fields"]] == ["service_url", "from_address"]


def test_promote_dry_shows_and_stores_nothing(run: Run, both: str) -> None:
    arguments = ("providers", "promote", both, "--from", "test", "--to", "production", "--dry-run")
    refused = run(*arguments)
    assert refused.code == 3
    shown = run(*arguments, *OWN, *SECRETS, input=BOTH_SECRETS)
    assert shown.code == 0
    assert "Bulk No" in shown.out
    assert PASSWORD not in shown.out + shown.err
    assert run("--env", "production", "providers", "show", both, "--json").json["version"] == 1


def test_promote_one_field(run: Run, both: str) -> None:
    run("providers", "promote", both, "--from", "test", "--to", "production", *OWN, *SECRETS, input=BOTH_SECRETS)
    run("providers", "set", both, "bulk_no=77", "retry_max_attempt=5")
    outcome = run("providers", "promote", both, "--from", "test", "--to", "production", "--fields", "bulk_no")
    assert outcome.code == 0
    values = run("--env", "production", "providers", "show", both, "--json").json["values"]
    assert (values["bulk_no"], values["retry_max_attempt"]) == (77, 3)
    assert run("providers", "promote", both, "--from", "test", "--to", "production", "--fields", "app_key").code == 1


def test_promote_into_a_read_only_environment_is_not_permitted(run: Run, both: str) -> None:
    outcome = run("providers", "promote", both, "--from", "test", "--to", "locked")
    assert outcome.code == 6
    assert len(outcome.err.splitlines()) == 1
