"""Test before trust, from a draft: which secrets it goes with, where it never leads, and what is told of it."""

import asyncio
import json
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.sql.roles import Role
from ftos_tui.studio.connection import ReadyTest, last_recipient, parts_of, ready_test, steps_of
from ftos_tui.studio.failures import NotPermitted, NotTestable
from ftos_tui.studio.forecast import look_ahead, queue_of
from ftos_tui.studio.log import read_log
from ftos_tui.studio.providers import base_of, new_draft
from ftos_tui.studio.session import Session
from tests.postgres import PostgresServer
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import HANG, in_thread, serving
from tests.servers.smtp import SmtpServer
from tests.stores.queueing import queue
from tests.studio.conftest import OpenSession
from tests.studio.making import KEY, PASSWORD, filled, saved
from tests.team import new_team

ME = "me@bank.example.com"


def draft_of(session: Session, url: str, **changed: str) -> Draft:
    """An edit of a provider that is stored with both secrets."""
    return Draft(base_of(saved(session, service_url=url, **changed)))


async def steps(session: Session, test: ReadyTest) -> list[Step]:
    """All steps of a test."""
    return [step async for step in steps_of(session, test)]


def logged(session: Session) -> list[tuple[Level, str]]:
    """The status log behind the save."""
    entries = [(entry.level, entry.message) for entry in read_log(session)]
    saves = [place for place, (_, message) in enumerate(entries) if message.startswith("Saved")]
    return entries[(saves or [-1])[-1] + 1 :]


async def test_a_stored_provider_is_tested_with_its_stored_key(session: Session) -> None:
    async with serving(SendGridServer({KEY: Key.GOOD})) as server:
        test = ready_test(session, draft_of(session, f"http://localhost:{server.port}"))
        assert {field: secret.reveal() for field, secret in test.secrets.items()} == {"app_key": KEY}
        done = await steps(session, test)
        assert [step.name for step in done] == ["Way", "Resolve", "Connect", "Key", "Permission"]
        assert all(step.ok for step in done)
    told = logged(session)
    assert told[0] == (Level.INFO, "Connection test with Gateway")
    assert [message.split()[:2] for _, message in told[1:-1]] == [[step.name, "ok,"] for step in done]
    assert told[-1][0] is Level.SUCCESS
    [*_, entry] = session.store.audit_entries()
    assert (entry.action, entry.provider_name, entry.version) == ("test_connection", "Gateway", 0)
    assert KEY not in f"{entry.detail}{told}"


def test_a_stored_secret_goes_to_no_other_destination(session: Session) -> None:
    with in_thread(SendGridServer({KEY: Key.GOOD})) as server:
        draft = draft_of(session, "https://api.sendgrid.com")
        moved = draft.with_text("service_url", f"http://localhost:{server.port}")
        with pytest.raises(NotTestable, match="App Key"):
            ready_test(session, moved)
        test = ready_test(session, moved.with_secret("app_key", Secret("SG.new")))
        assert test.secrets == {"app_key": Secret("SG.new")}
        assert (test.unsaved, server.connections) == (2, 0)
        [*_, entry] = session.store.audit_entries()
        assert json.loads(entry.detail)["unsaved"] == ["service_url", "app_key"]


def test_a_refused_destination_is_not_tested(session: Session) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    entries = len(session.store.audit_entries())
    with pytest.raises(NotTestable, match=r"Service Url: .*reserved for the network"):
        ready_test(session, draft.with_text("service_url", "https://169.254.169.254"))
    with pytest.raises(NotTestable, match="appConfig: Write a port"):
        ready_test(session, draft.with_text("app_config", '{"port": 0}'))
    with pytest.raises(NotTestable, match="From Address: "):
        ready_test(session, draft.with_text("from_address", "nobody"), ME)
    with pytest.raises(NotTestable, match="Provider Name: "):
        ready_test(session, new_draft())
    with pytest.raises(NotTestable, match="Service Url: Use smtp://"):
        ready_test(session, draft.with_text("provider_name", "SMTP"))
    assert len(session.store.audit_entries()) == entries
    ready_test(session, draft.with_text("from_address", "nobody").with_text("bulk_no", "none"))


@pytest.mark.parametrize(
    ("written", "words"), [("me", "no @ sign"), ("", "one recipient"), (f"{ME};you@bank.example.com", "one recipient")]
)
def test_a_test_message_needs_one_recipient(session: Session, written: str, words: str) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    with pytest.raises(NotTestable, match=words):
        ready_test(session, draft, written)
    assert last_recipient(session, "email") == ""


async def test_a_test_message_is_sent_and_its_recipient_remembered(session: Session) -> None:
    async with serving(SmtpServer(users={"apikey": PASSWORD})) as server:
        draft = draft_of(session, f"smtp://localhost:{server.port}", provider_name="SMTP")
        done = await steps(session, ready_test(session, draft, "me@BANK.example.com"))
        assert [step.name for step in done] == ["Way", "Send"]
        assert server.copies[0].recipients == (ME,)
        assert server.copies[0].user == "apikey"
    assert logged(session)[-1][1] == f"Test message to {ME}: every step worked. The provider took it."
    [*_, entry] = session.store.audit_entries()
    assert entry.action == "test_message"
    assert json.loads(entry.detail)["to"] == ME
    assert last_recipient(session, "email") == ME
    assert last_recipient(session, "sms") == ""


def test_a_recipient_that_cannot_be_remembered_is_no_obstacle(session: Session) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    (session.places.state / "test_recipients.json").mkdir(parents=True)
    assert ready_test(session, draft, ME).recipient == ME
    assert "could not be kept" in logged(session)[-1][1]


async def test_a_new_provider_is_tested_before_it_is_saved(session: Session) -> None:
    async with serving(SendGridServer({KEY: Key.REVOKED})) as server:
        draft = filled(new_draft(), service_url=f"http://localhost:{server.port}")
        done = await steps(session, ready_test(session, draft))
        assert (done[-1].name, done[-1].ok) == ("Key", False)
    assert logged(session)[-1][0] is Level.ERROR
    [*_, entry] = session.store.audit_entries()
    assert (entry.provider_id, entry.provider_name) == ("", "Gateway")


@pytest.mark.parametrize("recipient", [None, ME])
async def test_a_test_can_be_cancelled(session: Session, recipient: str | None) -> None:
    async with serving(SmtpServer()) as server:
        server.always("greeting", HANG)
        draft = draft_of(session, f"smtp://localhost:{server.port}", provider_name="SMTP")
        test = ready_test(session, draft, recipient)
        task = asyncio.create_task(steps(session, test))
        while not server.connections:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    level, message = logged(session)[-1]
    assert level is Level.WARNING
    assert ": cancelled." in message
    assert ("may have left" in message) is (recipient is not None)


async def test_a_test_that_nobody_listens_to_any_more_ends(session: Session) -> None:
    async with serving(SendGridServer({KEY: Key.GOOD})) as server:
        test = ready_test(session, draft_of(session, f"http://localhost:{server.port}"))
        async with aclosing(steps_of(session, test)) as going:
            assert (await anext(going)).name == "Way"
        assert server.connections == 0
    assert "cancelled" in logged(session)[-1][1]


def test_nothing_is_tested_where_nothing_may_be_changed(session: Session, open_session: OpenSession) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    with pytest.raises(NotPermitted, match="read-only"):
        ready_test(open_session(read_only=True), draft)


def test_who_may_not_read_a_stored_secret_types_it(session: Session) -> None:
    draft = draft_of(session, "https://api.sendgrid.com")
    session.rights = frozenset()
    with pytest.raises(NotTestable, match="Type App Key for the test"):
        parts_of(session, draft)
    session.rights = None
    session.store.sealed_secret = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(NotTestable, match="entered for another destination"):
        parts_of(session, draft)
    typed = draft.with_secret("app_key", Secret("SG.typed"))
    assert parts_of(session, typed)[1] == {"app_key": Secret("SG.typed")}


async def test_in_a_shared_store_whoever_may_change_may_test_and_all_may_look_ahead(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    team = new_team(postgres_server, tmp_path / "owner")
    folder = tmp_path / "developer"
    team.give_key(folder / "data")
    writer = team.session(folder, user=team.person(Role.DEVELOPER))
    reader = team.session(tmp_path / "consultant", user=team.person(Role.CONSULTANT))
    with closing(writer), closing(reader), closing(team.session()) as owner:
        async with serving(SendGridServer({KEY: Key.GOOD})) as server:
            draft = draft_of(writer, f"http://localhost:{server.port}")
            assert all(step.ok for step in await steps(writer, ready_test(writer, draft)))
        [*_, entry] = writer.store.audit_entries()
        assert (entry.action, entry.author.user) == ("test_connection", writer.author.user)
        with pytest.raises(NotPermitted, match="not change"):
            ready_test(reader, draft)
        assert draft.base.provider_id is not None
        queue(owner.store, draft.base.provider_id, 3)
        ahead = queue_of(reader, draft.base.provider_id)
        assert look_ahead(ahead, ahead.saved).sentence.startswith("3 waiting leave by ")
