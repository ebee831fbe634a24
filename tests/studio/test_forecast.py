"""How waiting messages would leave, from what the store holds and what a draft says."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.message import NewMessage
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.studio import messages
from ftos_tui.studio.forecast import (
    Outlook,
    _intervals,
    consequences_for_queue,
    edited_state,
    look_ahead,
    queue_of,
)
from ftos_tui.studio.providers import base_of, check, clear_secret, new_draft, save
from ftos_tui.studio.session import Session
from tests.stores.queueing import queue
from tests.studio.making import NOON, saved

IN_A_WEEK = NOON + timedelta(days=7)


def draft_of(session: Session, waiting: int = 120) -> Draft:
    """A draft of a provider for which messages wait, one of them due in a week."""
    provider = saved(session)
    queue(session.store, provider.provider_id, waiting)
    later = NewMessage(to="late@example.com", subject="Later", text="x", due=IN_A_WEEK)
    messages.add(session, provider, later, acknowledged=["due_far"])
    return Draft(base_of(provider))


def ahead(session: Session, draft: Draft) -> Outlook:
    """What the forecast says of a draft."""
    assert draft.base.provider_id is not None
    checked, waiting = check(session, draft), queue_of(session, draft.base.provider_id)
    return look_ahead(waiting, edited_state(draft, checked, waiting.saved), checked)


def test_the_waiting_messages_leave_by_the_saved_settings(session: Session) -> None:
    outlook = ahead(session, draft_of(session))
    assert outlook.sentence == "121 waiting leave by Fri 2026-01-09 12:00 UTC."
    assert outlook.saved is None
    assert outlook.warnings == ()
    assert outlook.ahead is not None
    assert outlook.ahead.hours == ((NOON, 120), (IN_A_WEEK, 1))


def test_an_edit_is_told_beside_what_is_saved(session: Session) -> None:
    draft = draft_of(session).with_text("interval_max", "11:00:00")
    outlook = ahead(session, draft)
    assert outlook.sentence == "121 waiting leave by Sat 2026-01-10 09:00 UTC; as saved, Fri 2026-01-09 12:00 UTC."
    assert outlook.saved is not None
    assert outlook.ahead is not None
    assert outlook.ahead.hours[0] == (NOON + timedelta(hours=21), 120)
    assert consequences_for_queue(session, draft, check(session, draft)) == (outlook.sentence,)
    renamed = draft.with_text("interval_max", "18:00:00").with_text("from_display_name", "Bank")
    assert consequences_for_queue(session, renamed, check(session, renamed)) == ()


def test_nothing_is_said_where_nothing_waits(session: Session) -> None:
    draft = Draft(base_of(saved(session))).with_text("bulk_no", "1")
    assert ahead(session, draft).sentence == "No messages wait."
    assert consequences_for_queue(session, draft, check(session, draft)) == ()
    new = new_draft()
    assert consequences_for_queue(session, new, check(session, new)) == ()


def test_a_forecast_can_be_made_for_any_number(session: Session) -> None:
    provider = saved(session)
    waiting = queue_of(session, provider.provider_id, 12_400)
    assert look_ahead(waiting, waiting.saved).sentence == "12,400 waiting leave by today 16:07 UTC."
    assert queue_of(session, provider.provider_id, 0).waiting == ()


@pytest.mark.parametrize(
    ("told", "end", "said"),
    [
        ((10,), "12:04:00", "a step every 10 s, as the processor runs."),
        ((10, 7200), "60:00:00", "a step every 7,200 s, as the slowest of the processors runs."),
        ((0,), "12:00:24", "one step after another, as the processor runs."),
        ((60,), "12:24:00", "a step every 60 s, as the processor runs."),
        ((None,), "12:24:00", "a step every 60 s, as no processor runs."),
    ],
)
def test_steps_are_as_the_processors_that_run_make_them(
    session: Session, told: tuple[int | None, ...], end: str, said: str
) -> None:
    provider = saved(session, interval_min="00:00:00", interval_max="23:59:59")
    for at, step_s in enumerate((*told, None)):
        detail = json.dumps({"step_s": step_s}) if step_s is not None else "[]" if at else "damaged"
        session.store.messages.heartbeat(WorkerState(f"w{at}", "jump1", at, NOON, NOON, detail), 60)
    waiting = queue_of(session, provider.provider_id, 25 * 50)
    outlook = look_ahead(waiting, waiting.saved)
    assert outlook.reckoned == f"Reckoned with {said}"
    assert outlook.unusual_pace == (() if outlook.step_s == 60 else (outlook.reckoned,))
    assert outlook.ahead is not None
    assert outlook.ahead.end is not None
    hours, minutes, seconds = map(int, end.split(":"))
    assert outlook.ahead.end == NOON.replace(hour=0) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    assert outlook.saved is None
    silent = WorkerState("w", "jump1", 1, NOON, NOON - timedelta(seconds=61), '{"step_s": 10}')
    assert _intervals([silent], NOON) == ()


def test_settings_that_make_no_sense_give_no_forecast(session: Session) -> None:
    outlook = ahead(session, draft_of(session, 1).with_text("bulk_no", "none"))
    assert (outlook.sentence, outlook.ahead) == ("No forecast yet: correct Bulk No.", None)


def test_what_keeps_messages_for_ever_is_named(session: Session) -> None:
    draft = draft_of(session, 1)
    bare = clear_secret(session, saved(session, name="Bare"), "app_key")
    queue(session.store, bare.provider_id)
    outlook = ahead(session, Draft(base_of(bare)))
    assert outlook.sentence == "1 waiting does not leave."
    assert outlook.warnings == ("It is not ready to send, for want of App Key.",)
    typed = Draft(base_of(bare)).with_secret("app_key", Secret("k"))
    assert ahead(session, typed).sentence == "1 waiting leaves by today 12:00 UTC; as saved, never."
    provider_id = draft.base.provider_id
    assert provider_id is not None
    session.store.messages.change_pause(provider_id, "ticket 7", session.author, session.vault.sign)
    assert ahead(session, draft).warnings == ("It is paused: ticket 7.",)
    waiting = queue_of(session, provider_id)
    outlook = look_ahead(waiting, replace(waiting.saved, deleted=True))
    assert outlook.warnings == ("The provider is deleted.",)
    assert look_ahead(waiting, replace(waiting.saved, rules=None)).warnings == ("Its settings make no sense together.",)


def test_sending_that_stopped_goes_on_with_an_edit(session: Session) -> None:
    draft = draft_of(session, 1)
    provider_id = draft.base.provider_id
    assert provider_id is not None
    broken = Breaker(Position.OPEN, Cause.AUTHENTICATION, "535 no", NOON, version=draft.base.version)
    session.store.messages.change_breaker(provider_id, lambda *_: broken.to_json())
    outlook = ahead(session, draft)
    assert outlook.sentence == "2 waiting do not leave."
    assert outlook.warnings == ("Sending stopped until somebody sees to it: 535 no",)
    edited = ahead(session, draft.with_text("app_user", "other"))
    assert edited.sentence.endswith("; as saved, never.")
    session.store.messages.change_breaker(provider_id, lambda *_: "[]")
    assert ahead(session, draft).warnings == ()


def test_a_saved_edit_is_what_is_saved(session: Session) -> None:
    draft = draft_of(session, 1).with_text("bulk_no", "1")
    assert ahead(session, draft).saved is not None
    assert ahead(session, Draft(base_of(save(session, draft)))).saved is None
