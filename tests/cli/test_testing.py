"""`providers test` against real servers."""

import pytest

from tests.cli.conftest import BOTH_SECRETS, GOOD, KEY, PASSWORD, SECRETS, Run
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer


def stored(run: Run, url: str, provider_name: str) -> None:
    """A provider that leads to a server of the test."""
    record = [assignment for assignment in GOOD if not assignment.startswith(("service_url", "provider_name"))]
    given = (*record, f"service_url={url}", f"provider_name={provider_name}")
    outcome = run("providers", "set", "FTOSEmailGateway", *given, *SECRETS, input=BOTH_SECRETS)
    assert outcome.code == 0, outcome.err


def test_each_step_is_told_and_nothing_is_sent(run: Run) -> None:
    with in_thread(SendGridServer({KEY: Key.NO_SCOPE})) as server:
        stored(run, f"http://localhost:{server.port}", "SendGrid")
        outcome = run("providers", "test", "FTOSEmailGateway")
        assert outcome.code == 1
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


@pytest.mark.parametrize(("address", "code", "copies"), [("me@bank.example.com", 0, 1), ("nobody", 1, 0)])
def test_a_test_message_goes_to_one_address(run: Run, address: str, code: int, copies: int) -> None:
    with in_thread(SmtpServer(users={"apikey": PASSWORD})) as server:
        stored(run, f"smtp://localhost:{server.port}", "SMTP")
        outcome = run("providers", "test", "FTOSEmailGateway", "--to", address)
        assert (outcome.code, len(server.copies)) == (code, copies)


def test_a_provider_that_is_not_there(run: Run) -> None:
    assert run("providers", "test", "Nobody").code == 1
