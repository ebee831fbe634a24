"""What goes on at a provider, and what a face shows of messages."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.checks.context import CheckContext
from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.stores.message_protocol import KeptEvent
from ftos_tui.studio import message_views as views
from ftos_tui.studio import messages
from ftos_tui.studio.activity import Load, activity, loads, pause, paused_because, resume
from ftos_tui.studio.failures import MessageRefused, NotFound, NotPermitted
from ftos_tui.studio.messages import MessageQuery, NewMessage
from ftos_tui.studio.providers import base_of, check_context
from ftos_tui.studio.session import Session
from tests.stores.queueing import ACCEPTED, REFUSED, claim, mark, recorded
from tests.studio.conftest import OpenSession
from tests.studio.making import saved

LATER = datetime(2099, 1, 1, tzinfo=UTC)
TEXTS = {"to": "a@example.com", "subject": "Hello", "text": "Good day"}


@pytest.fixture
def provider(session: Session) -> ProviderVersion:
    """A provider with six messages: four tried, two of them alike."""
    session.clock = lambda: datetime.now(UTC)
    gateway = saved(session)
    for at in range(6):
        messages.add(session, gateway, NewMessage(to=f"c{at}@example.com", subject="Hello", text="x"))
    _try(session, gateway, 2, Dispatch.RETRY_WAIT, due=LATER, status_code="4xx")
    _try(session, gateway, 1, Dispatch.ACCEPTED, ACCEPTED, status_code="2xx")
    _try(session, gateway, 1, Dispatch.IN_DOUBT, Outcome(OutcomeKind.IN_DOUBT, "", "cut off."))
    return gateway


def _try(
    session: Session,
    provider: ProviderVersion,
    number: int,
    after: Dispatch,
    outcome: Outcome = REFUSED,
    **more: object,
) -> None:
    step = claim(session.store.messages, provider.provider_id, number)
    mark(session.store.messages, step.messages)
    session.store.messages.record([recorded(one, after, outcome, **more) for one in step.messages])


def test_activity_tells_counts_curves_and_errors_once(session: Session, provider: ProviderVersion) -> None:
    found = activity(session, provider.provider_id)
    assert found.load == Load(waiting=2, errors=2, in_doubt=1)
    assert found.load.in_words == "2 waiting, 2 in error, 1 in doubt"
    assert found.counts == {"4xx": 2, "2xx": 1}
    assert (found.hours["4xx"][-1], sum(found.hours["4xx"]), sum(found.accepted)) in ((2, 2, 1), (0, 2, 1))
    assert [(one.code, one.times) for one in found.troubles] == [("", 1), ("451", 2)]
    [doubt, refused] = [one.in_words(found.now) for one in found.troubles]
    assert doubt.endswith("UTC: cut off. Look at the provider whether it has the message, then resolve it.")
    assert "451 4.3.0 later (2 times). It goes again by itself while tries are left" in refused
    assert found.stopped == ""
    assert loads(session) == {provider.provider_id: found.load}
    assert Load().in_words == ""


def test_a_stopped_provider_says_why_and_what_to_do(session: Session, provider: ProviderVersion) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    breaker = Breaker(Position.OPEN, Cause.AUTHENTICATION, "535 bad", at, version=provider.number)
    store = session.store.messages
    store.change_breaker(provider.provider_id, lambda _, __: breaker.to_json())
    told = activity(session, provider.provider_id).stopped
    assert (
        f"Stopped since {at:%Y-%m-%d %H:%M:%S} UTC because its sign-in was refused (535 bad). Enter the right" in told
    )
    store.change_breaker(provider.provider_id, lambda _, __: "{not json")
    assert activity(session, provider.provider_id).stopped == ""


def test_a_pause_is_audited_and_messages_say_it(session: Session, provider: ProviderVersion) -> None:
    assert not resume(session, provider)
    assert pause(session, provider, "the bank's night")
    assert not pause(session, provider)
    assert paused_because(session, provider.provider_id) == "by ana"
    assert activity(session, provider.provider_id).stopped.startswith("Paused: by ana. Resume it")
    [waiting, *_] = messages.list_messages(session, MessageQuery(states=(Dispatch.QUEUED,)))
    assert "is paused: by ana" in views.why(session, waiting.id)
    assert resume(session, provider)
    assert paused_because(session, provider.provider_id) == ""
    actions = [entry.action for entry in session.store.audit_entries(limit=1000)]
    assert actions[-3:] == ["delivery_pause", "delivery_pause", "delivery_resume"]
    with pytest.raises(NotFound):
        views.why(session, "nobody")


def test_nothing_is_paused_in_a_read_only_environment(open_session: OpenSession) -> None:
    gateway = saved(open_session())
    session = open_session(read_only=True)
    for act in (pause, resume):
        with pytest.raises(NotPermitted):
            act(session, gateway)
    with pytest.raises(NotPermitted):
        views.add_typed(session, gateway, TEXTS)


def test_the_check_of_a_provider_is_told_how_many_messages_wait(session: Session, provider: ProviderVersion) -> None:
    context = check_context(session, Draft(base_of(provider)))
    assert isinstance(context, CheckContext)
    assert context.waiting == 4  # two for their first try, two for their next one
    assert check_context(session, Draft(base_of(provider)), ask_store=False).waiting == 0


def test_rows_bear_their_status_in_words(session: Session, provider: ProviderVersion) -> None:
    listed = views.listed(session, MessageQuery(oldest_first=True))
    assert [views.short_status(one.row, one.tries) for one in listed] == [
        "Error, try 2 of 4",
        "Error, try 2 of 4",
        "Accepted",
        "In doubt",
        "Waiting",
        "Waiting",
    ]
    assert listed[0].status == "Error, again at 00:00:00 UTC, try 2 of 4"
    view = views.message_view(session, listed[0].row.id)
    assert (view.status, view.detail.row.recipient) == (listed[0].status, "c0@example.com")
    assert view.why.startswith("Error at try 1 of 4")
    messages.resolve(session, [listed[3].row.id], "failed")
    [failed] = views.listed(session, MessageQuery((Dispatch.FAILED,)))
    assert views.short_status(failed.row, failed.tries) == "Error, final"


def test_what_was_not_tracked_is_said_by_the_version_it_was_sent_with(
    session: Session, provider: ProviderVersion
) -> None:
    _try(session, provider, 1, Dispatch.ACCEPTED, ACCEPTED, provider_version=provider.number)
    [sent, *_] = views.listed(session, MessageQuery((Dispatch.ACCEPTED,)))
    view = views.message_view(session, sent.row.id)
    assert view.reported == ("clicks: tracking off at send time",)


@pytest.mark.parametrize(
    ("code", "canonical", "raw", "told"),
    [
        ("click", "clicked", {"url": "https://bank.example.com/a?b"}, "click (clicked) to bank.example.com"),
        ("click", "clicked", {"url": "mailto:"}, "click (clicked) to a link"),
        ("click", "clicked", {"url": "http://[x"}, "click (clicked) to a link"),
        ("open", "opened", {"sg_machine_open": True}, "open (opened) by a machine"),
        ("bounce", "bounced", {"reason": "550 \x1b no"}, "bounce (bounced): 550 ␛ no"),
        ("odd", "", [], "odd (unknown here, changes nothing)"),
        ("odd", "", None, "odd (unknown here, changes nothing)"),
    ],
)
def test_an_event_is_a_line_and_never_a_link(code: str, canonical: str, raw: object, told: str) -> None:
    stored = "{broken" if raw is None else json.dumps(raw)
    event = KeptEvent(1, "m", code, canonical, None, LATER, stored)
    assert views.event_in_words(event) == told


def test_what_was_typed_becomes_a_message(session: Session, provider: ProviderVersion, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    texts = {**TEXTS, "attachments": f"{tmp_path / 'a.txt'};", "due": "2099-01-02T09:00:00Z", "dedupe_key": "k"}
    new, findings = views.typed_message(texts)
    assert (findings, [file.name for file in new.attachments], new.params) == ((), ["a.txt"], "{}")
    added = views.add_typed(session, provider, texts, ["due_far"])
    assert messages.open_message(session, added.ids[0]).row.due == datetime(2099, 1, 2, 9, tzinfo=UTC)


def test_what_is_no_time_or_no_file_is_said_at_its_field(session: Session, provider: ProviderVersion) -> None:
    texts = {**TEXTS, "due": "tomorrow", "not_after": "2026-01-02 09:00", "attachments": "/nowhere/x"}
    found = views.check_typed(session, provider, texts)
    assert [finding.field for finding in found.findings][:3] == ["due", "not_after", "attachments"]
    assert found.refused
    with pytest.raises(MessageRefused, match="Write a time with its zone"):
        views.add_typed(session, provider, texts)
    assert not views.check_typed(session, provider, TEXTS).refused


def test_one_line_tells_of_an_act_on_many(session: Session, provider: ProviderVersion) -> None:
    told: list[str] = []
    session.listeners.append(lambda entry: told.append(entry.message))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "_CHUNK", 1)
        assert messages.act_on_all(session, "hold", MessageQuery(), "look") == 4
    assert told == ["4 messages: hold, now held"]
