"""`providers test` against real servers."""

import pytest

from tests.cli.conftest import BOTH_SECRETS, GOOD, KEY, PASSWORD, SECRETS, Run
from tests.servers.http import HttpServer
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer

CLOSED = "smtp://localhost:9"
"""Nobody listens there."""


def stored(run: Run, url: str, provider_name: str, name: str = "FTOSEmailGateway", *changed: str) -> None:
    """A provider that leads to a server of the test."""
    given = {"service_url": url, "provider_name": provider_name}
    record = [assignment for assignment in GOOD if assignment.partition("=")[0] not in given]
    assignments = (*record, *(f"{field}={text}" for field, text in given.items()), *changed)
    last = {assignment.partition("=")[0]: assignment for assignment in assignments}
    outcome = run("providers", "set", name, *last.values(), *SECRETS, input=BOTH_SECRETS)
    assert outcome.code == 0, outcome.err


def audited(run: Run) -> list[tuple[str, str]]:
    """What the audit tells of tests, the newest first."""
    entries = run("audit", "list", "--json").json
    return [(entry["action"], str(entry["detail"])) for entry in entries if entry["action"].startswith("test_")]


def test_each_step_is_told_and_nothing_is_sent(run: Run) -> None:
    with in_thread(SendGridServer({KEY: Key.NO_SCOPE})) as server:
        stored(run, f"http://localhost:{server.port}", "SendGrid")
        outcome = run("providers", "test", "FTOSEmailGateway")
        assert outcome.code == 6
        lines = outcome.out.splitlines()
        assert [line.split()[:2] for line in lines] == [
            ["ok", "Way"], ["ok", "Resolve"], ["ok", "Connect"], ["ok", "Key"], ["failed", "Permission"]
        ]  # fmt: skip
        assert "give it the Mail Send scope" in lines[-1]
        server.keys[KEY] = Key.GOOD
        outcome = run("providers", "test", "FTOSEmailGateway", "--json")
        assert outcome.code == 0
        assert [step["step"] for step in outcome.json][-1] == "Permission"
        assert KEY not in outcome.out
        assert not server.accepted
    log = run("log", "-n", "50").out
    assert "Permission failed" in log
    assert "Connection test: every step worked. Messages can leave this way; none was sent." in log
    [(action, detail), _] = audited(run)
    assert action == "test_connection"
    assert "SendGrid's Web API without encryption at localhost" in detail
    assert KEY not in f"{log}{detail}"


@pytest.mark.parametrize(("address", "code", "copies"), [("Me@BANK.example.com", 0, 1), ("nobody", 3, 0), ("", 3, 0)])
def test_a_test_message_goes_to_one_address(run: Run, address: str, code: int, copies: int) -> None:
    with in_thread(SmtpServer(users={"apikey": PASSWORD})) as server:
        stored(run, f"smtp://localhost:{server.port}", "SMTP")
        outcome = run("providers", "test", "FTOSEmailGateway", "--to", address)
        assert (outcome.code, len(server.copies)) == (code, copies)
        assert [action for action, _ in audited(run)] == ["test_message"] * copies


def test_what_is_not_saved_is_tested_with_secrets_that_are_typed(run: Run) -> None:
    with in_thread(SmtpServer(users={"other": "typed-password"})) as server:
        stored(run, CLOSED, "SMTP")
        unsaved = (f"service_url=smtp://localhost:{server.port}", "app_user=other")
        outcome = run("providers", "test", "FTOSEmailGateway", *unsaved)
        assert outcome.code == 3
        assert "App Password" in outcome.err
        assert server.connections == 0
        typed = ("--secret", "app_password")
        outcome = run("providers", "test", "FTOSEmailGateway", *unsaved, *typed, input="typed-password\n")
        assert outcome.code == 0, outcome.out
        outcome = run("providers", "test", "FTOSEmailGateway", *unsaved, *typed, input="wrong-password\n")
        assert outcome.code == 6, outcome.out
        assert "wrong-password" not in outcome.out
    assert run("providers", "show", "FTOSEmailGateway", "--json").json["version"] == 2


def test_a_provider_that_cannot_be_reached_nor_found(run: Run) -> None:
    assert run("providers", "test", "Nobody").code == 1
    stored(run, CLOSED, "SMTP")
    outcome = run("providers", "test", "FTOSEmailGateway", "--json")
    assert outcome.code == 5
    assert (outcome.json[-1]["step"], outcome.json[-1]["cause"]) == ("Connect", "network")


def test_a_test_message_on_the_sms_channel_goes_to_a_number(run: Run) -> None:
    with in_thread(HttpServer()) as server:
        config = 'app_config={"body": {"to": "{to}", "text": "{text}"}}'
        stored(run, f"http://localhost:{server.port}", "Gateway", "GatewaySMS", "communication_channel=sms", config)
        outcome = run("providers", "test", "GatewaySMS", "--to", "me@bank.example.com")
        assert outcome.code == 3
        assert "country code" in outcome.err
        outcome = run("providers", "test", "GatewaySMS", "--to", "0040 721 000 000")
        assert outcome.code == 0, outcome.out
        assert b"+40721000000" in server.requests[-1].body
