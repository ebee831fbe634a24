"""A worker on SendGrid: every row of the outcomes, and what events lead back by."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ftos_tui.domain.delivery.breaker import Position
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.processor.breakers import stored_breaker
from tests.processor.post import QUICK, Post, local_session
from tests.servers.http import Action, Response
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import DROP, in_thread
from tests.studio.making import KEY

ONE_STEP = replace(QUICK, step_s=STEP_SECONDS)


@pytest.fixture
def grid(tmp_path: Path) -> Iterator[Post]:
    """A local store with a provider that leads to the stand-in."""
    with in_thread(SendGridServer({KEY: Key.GOOD})) as server:
        session = local_session(tmp_path, allow_http=True)
        post = Post(tmp_path, session, cast(Any, server))
        url = f"http://localhost:{server.port}"
        yield post.open(provider_name="SendGrid", service_url=url, click_setting="on", open_setting="off")
        session.close()


def server_of(post: Post) -> SendGridServer:
    """The stand-in."""
    return cast(SendGridServer, post.server)


def test_messages_leave_with_what_events_lead_back_by(grid: Post) -> None:
    ids = grid.queue(5)
    grid.work()
    assert grid.states() == {"accepted": 5}
    assert server_of(grid).by_message() == dict.fromkeys(ids, 1)
    mail = server_of(grid).accepted[0]
    assert mail["personalizations"][0]["custom_args"]["ftos_env"] == "local"
    assert mail["tracking_settings"]["click_tracking"]["enable"] is True
    assert mail["tracking_settings"]["open_tracking"]["enable"] is False
    [line] = grid.session.store.messages.message(ids[0]).attempts
    assert line.provider_message_id
    assert grid.session.store.status_counts(grid.provider.provider_id) == {}


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        (Key.REVOKED, Cause.AUTHENTICATION),
        (Key.NO_CREDITS, Cause.CREDITS),
        (Key.UNVERIFIED_FROM, Cause.SENDER_IDENTITY),
    ],
)
def test_a_key_that_is_no_good_stops_the_provider(grid: Post, key: Key, cause: Cause) -> None:
    server_of(grid).keys[KEY] = key
    grid.queue(12)
    grid.work(ONE_STEP)
    assert grid.states() == {"queued": 12}
    assert sum(row.attempt for row in grid.rows()) == 0
    kept = stored_breaker(grid.session.store.messages.step_state(grid.provider.provider_id).breaker)
    assert (kept.position, kept.cause) == (Position.OPEN, cause)
    assert KEY not in grid.log()
    assert server_of(grid).accepted == []


@pytest.mark.parametrize(
    ("answer", "state", "tries", "copies"),
    [
        (Response(429, headers={"Retry-After": "120"}), "queued", 0, 0),
        (Response(500), "retry_wait", 1, 0),
        (Response(400, b'{"errors":[{"message":"no","field":"subject"}]}'), "failed", 1, 0),
        (Response(404), "queued", 0, 0),
        (Response(302, headers={"Location": "http://localhost:1/"}), "queued", 0, 0),
        (Response(502), "in_doubt", 1, 0),
        (DROP, "in_doubt", 1, 0),
    ],
)
def test_each_answer_has_its_consequence(grid: Post, answer: Action, state: str, tries: int, copies: int) -> None:
    server_of(grid).once(answer)
    [message_id] = grid.queue()
    grid.work(ONE_STEP)
    [row] = grid.rows()
    assert (row.state, row.attempt) == (state, tries)
    assert server_of(grid).by_message()[message_id] == copies
    if isinstance(answer, Response) and answer.status == 429:
        assert 115 <= (row.due - row.changed_at).total_seconds() <= 121
    grid.check_history()
