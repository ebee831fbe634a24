"""Testing a provider from its form, with what is typed and not saved; and the forecast beside it."""

import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.meaning import MeaningScreen
from ftos_tui.screens.review import ReviewScreen
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.studio.connection import last_recipient
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.messages import Counts
from ftos_tui.studio.providers import new_draft, open_provider
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, SECRETS
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import HANG, serving
from tests.servers.smtp import SmtpServer
from tests.stores.queueing import queue

ME = "me@bank.example.com"


async def lead_to(operator: Operator, server: SmtpServer, password: str = "typed-password") -> None:
    """Types an SMTP server of the test into the form."""
    await operator.type("provider_name", "SMTP")
    await operator.type("service_url", f"smtp://localhost:{server.port}")
    await operator.type("app_password", password)


async def test_the_connection_is_tested_with_what_is_typed(session: Session) -> None:
    async with serving(SmtpServer(users={"apikey": "typed-password"})) as server, at_console(session) as operator:
        form = await operator.open(NAME)
        await lead_to(operator, server)
        await operator.press("ctrl+n")
        await operator.until_logged("Connection test: every step worked.")
        told = [message.split(" ", 3)[:2] for message in operator.logged if " ms: " in message]
        assert told == [["Way", "ok,"], ["Resolve", "ok,"], ["Connect", "ok,"], ["Greeting", "ok,"], ["Sign", "in"]]
        assert operator.levels("every step worked") == [Level.SUCCESS]
        assert server.copies == []
        assert len(form.model.unsaved) == 3
        await operator.type("app_password", "wrong-password")
        await operator.press("ctrl+n")
        await operator.until_logged("Sign in failed")
        assert operator.levels("Sign in failed") == [Level.ERROR]
        assert "wrong-password" not in "".join(operator.logged)
    assert open_provider(session, name=NAME).number == 2
    actions = [entry.action for entry in session.store.audit_entries()]
    assert actions.count("test_connection") == 2


async def test_a_stored_key_does_not_follow_a_typed_destination(session: Session) -> None:
    async with serving(SendGridServer({SECRETS["app_key"]: Key.GOOD})) as server, at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("service_url", f"http://localhost:{server.port}")
        await operator.press("ctrl+n")
        await operator.until_logged("App Key: ")
        assert server.connections == 0


async def test_a_test_message_goes_to_whom_one_says_and_the_next_time_is_proposed(session: Session) -> None:
    async with serving(SmtpServer(users={"apikey": "typed-password"})) as server, at_console(session) as operator:
        await operator.open(NAME)
        await lead_to(operator, server)
        await operator.press("ctrl+o")
        await operator.until_asked(f"Send a test message from {NAME} to which address?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("ctrl+o")
        await operator.answer("nobody")
        await operator.until_logged("no @ sign")
        await operator.press("ctrl+o")
        await operator.answer(ME)
        await operator.until_logged(f"Test message to {ME}: every step worked.")
        assert [copy.recipients for copy in server.copies] == [(ME,)]
        await operator.press("ctrl+o")
        await operator.until_asked("to which address?")
        await operator.press("enter")
        await operator.until(lambda: len(server.copies) == 2)
    assert last_recipient(session, "email") == ME


@pytest.mark.parametrize("way", ["ctrl+o", "leave"])
async def test_a_test_that_hangs_is_stopped(session: Session, way: str) -> None:
    async with serving(SmtpServer()) as server, at_console(session) as operator:
        server.always("greeting", HANG)
        await operator.open(NAME)
        await lead_to(operator, server)
        await operator.press("ctrl+n")
        await operator.until(lambda: server.connections)
        if way == "leave":
            await operator.press("escape")
            await operator.until_asked("unsaved")
            await operator.press("x")
            await operator.listed()
        else:
            await operator.press(way)
        await operator.until_logged("Connection test: cancelled.")


async def test_nothing_is_tested_in_a_read_only_environment(open_with: Opener) -> None:
    session = open_with(Environment(name="local", read_only=True))
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("ctrl+n")
        await operator.until_logged("is read-only")


def waiting(session: Session, number: int) -> None:
    """Messages that are due and wait."""
    queue(session.store, open_provider(session, name=NAME).provider_id, number)


def sentence(operator: Operator) -> str:
    """What the forecast says; empty for none."""
    outlook = operator.form.forecast.outlook
    return outlook.sentence if outlook else ""


async def test_the_forecast_beside_the_form_follows_what_is_typed(session: Session) -> None:
    waiting(session, 300)
    async with at_console(session, size=(120, 60)) as operator:
        form = await operator.open(NAME)
        await operator.until(lambda: "300 waiting leave by today 12:05 UTC." in operator.text)
        assert "█·······················" in operator.text
        assert "A full block is 300 an hour" in operator.text
        assert "SendGrid's Web API with TLS at" in operator.text
        for typed in ("1", "10", "100"):
            await operator.type("bulk_no", typed)
        await operator.until(lambda: "12:02 UTC; as saved, today 12:05 UTC." in sentence(operator))
        await operator.type("bulk_no", "none")
        await operator.until(lambda: "No forecast yet: correct Bulk No." in operator.text)
        await operator.type("bulk_no", "1")
        await operator.type("interval_max", "13:00:00")
        await operator.until(lambda: "by tomorrow 12:58 UTC" in sentence(operator))
        assert "▂▁···················▂▂▂" in operator.text
        assert "and 59 later" in operator.text
        assert "As saved:" in operator.text
        waiting(session, 1)
        form._tick()
        await operator.until(lambda: sentence(operator).startswith("301 waiting"))
        assert "Reckoned" not in operator.text
        now = session.store.now(session.clock())
        session.store.messages.heartbeat(WorkerState("w", "jump1", 7, now, now, '{"step_s": 10}'), 60)
        form._tick()
        await operator.until(lambda: "Reckoned with a step every 10 s" in operator.text)


async def test_a_store_that_does_not_answer_leaves_the_forecast_as_it_is(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_console(session, size=(120, 60)) as operator:
        form = await operator.open(NAME)
        looks: list[str] = []

        def counts(provider_id: str) -> Counts:
            looks.append(provider_id)
            raise StoreUnreachable("The store does not answer.")

        monkeypatch.setattr(session.store.messages, "counts", counts)
        form._tick()
        await operator.until(lambda: looks)
        await operator.type("bulk_no", "100")
        assert form.forecast.outlook is None
        assert "The store does not answer." not in operator.logged


async def test_the_forecast_is_one_key_away_where_there_is_no_room(session: Session) -> None:
    waiting(session, 300)
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.type("bulk_no", "100")
        assert form.forecast.outlook is None
        await operator.press("f4")
        screen = await operator.until_on(MeaningScreen)
        await operator.until(lambda: "as saved, today 12:05 UTC." in operator.text)
        assert "300 waiting leave by today 12:02 UTC" in operator.text
        assert screen.is_mounted
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("shift+f2")
        await operator.until_on(ReviewScreen)
        await operator.press("tab")
        await operator.until(lambda: "→ 300 waiting leave by today 12:02 UTC" in operator.text)


async def test_a_new_provider_has_no_messages_and_no_forecast(session: Session) -> None:
    async with at_console(session, size=(120, 60)) as operator:
        await operator.listed()
        await operator.app.open_draft(new_draft())
        form = await operator.until_on(EditScreen)
        await operator.type("bulk_no", "100")
        await operator.until(lambda: not form.forecast._busy and not form.forecast._stale)
        assert form.forecast.outlook is None
        assert "Way out" not in operator.text
        await operator.type("service_url", "https://api.sendgrid.com")
        assert "Way out" in operator.text
