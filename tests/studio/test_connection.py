"""Test before trust, from a draft: which secrets it goes with, and where it never leads."""

from dataclasses import replace

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.connection import connection_steps, message_steps, parts_of
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.providers import base_of
from ftos_tui.studio.session import Session
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import in_thread, serving
from tests.servers.smtp import SmtpServer
from tests.studio.conftest import OpenSession
from tests.studio.making import KEY, PASSWORD, saved


def draft_of(session: Session, url: str, **changed: str) -> Draft:
    """An edit of a provider that is stored with both secrets."""
    return Draft(base_of(saved(session, service_url=url, **changed)))


async def test_a_stored_provider_is_tested_with_its_stored_secrets(session: Session) -> None:
    async with serving(SendGridServer({KEY: Key.GOOD})) as server:
        draft = draft_of(session, f"http://localhost:{server.port}")
        values, secrets = parts_of(session, draft)
        assert {field: secret.reveal() for field, secret in secrets.items()} == {
            "app_password": PASSWORD,
            "app_key": KEY,
        }
        steps = [step async for step in connection_steps(session, values, secrets)]
        assert [step.name for step in steps] == ["Way", "Resolve", "Connect", "Key", "Permission"]
        assert all(step.ok for step in steps)


def test_a_stored_secret_goes_to_no_other_destination(session: Session) -> None:
    with in_thread(SendGridServer({KEY: Key.GOOD})) as server:
        draft = draft_of(session, "https://api.sendgrid.com")
        moved = draft.with_text("service_url", f"http://localhost:{server.port}")
        assert parts_of(session, moved)[1] == {}
        typed = replace(moved, secrets={"app_key": Secret("SG.new")})
        assert parts_of(session, typed)[1] == {"app_key": Secret("SG.new")}
        assert server.connections == 0


def test_a_refused_destination_is_not_tested(session: Session) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    with pytest.raises(NotPermitted, match="reserved for the network"):
        parts_of(session, draft.with_text("service_url", "https://169.254.169.254"))
    parts_of(session, draft.with_text("bulk_no", "none"))  # it has nothing to do with the connection


async def test_a_test_message_is_sent_but_not_from_a_read_only_environment(
    session: Session, open_session: OpenSession
) -> None:
    async with serving(SmtpServer(users={"apikey": PASSWORD})) as server:
        draft = draft_of(session, f"smtp://localhost:{server.port}", provider_name="SMTP")
        values, secrets = parts_of(session, draft)
        steps = [step async for step in message_steps(session, values, secrets, "me@bank.example.com")]
        assert steps[-1].ok
        assert server.copies[0].user == "apikey"
        with pytest.raises(NotPermitted, match="read-only"):
            message_steps(open_session(read_only=True), values, secrets, "me@bank.example.com")
        assert len(server.copies) == 1
