"""What the queue costs does not grow with it: each statement of a worker and of the list reads a range of an index.

The plans are taken from databases with 30,000 messages and their statistics, for a planner does as it likes with few.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.dispatch_protocol import Recorded
from ftos_tui.stores.message_protocol import MessageQuery
from ftos_tui.stores.protocol import ProviderStore
from tests.stores.queueing import claim, mark, provider_of, queue, recorded

NUMBER = 30_000

_FILL = """
INSERT INTO message SELECT {id}, 'g', CASE WHEN n % 3 = 0 THEN '{other}' ELSE '{own}' END,
    CASE WHEN n % 2 = 0 THEN 'accepted' ELSE 'queued' END, 1, 0, 0, 0, 0, NULL, NULL, n, NULL,
    'a@example.com', 'to', 's', NULL, '', '', '', '', 0, '', {false}, n, n, 'a@example.com' FROM {numbers}
"""
_NUMBERS = {
    "postgresql": f"generate_series(1, {NUMBER}) AS n",
    "sqlite": f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {NUMBER}) SELECT n FROM c)",
}
_ID = {"postgresql": "'f' || lpad(n::text, 35, '0')", "sqlite": "'f' || printf('%035d', n)"}


@pytest.fixture
def filled(store: ProviderStore) -> str:
    """The id of a provider with many messages, in a store that knows so."""
    own, other = provider_of(store), provider_of(store, "Other")
    with store.messages.database.dispatching() as connection:  # type: ignore[attr-defined]
        dialect = connection.dialect.name
        false = "false" if dialect == "postgresql" else "0"
        fill = _FILL.format(id=_ID[dialect], own=own, other=other, false=false, numbers=_NUMBERS[dialect])
        connection.execute(text(fill))
        for provider_id in (own, other):
            counted = "INSERT INTO message_count SELECT provider_id, state, 0, count(*) FROM message "
            counted += f"WHERE provider_id = '{provider_id}' GROUP BY provider_id, state"
            connection.execute(text(counted))
        connection.execute(text("ANALYZE"))
    return own


@pytest.fixture
def plans(store: ProviderStore) -> Iterator[list[str]]:
    """The plans of the statements about messages that the store carries out from now on."""
    seen: list[str] = []
    engine: Any = store.messages.database.engine  # type: ignore[attr-defined]

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if many or not re.match(r"(SELECT|UPDATE)", statement) or " message" not in statement:
            return
        prefix = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        own = connection.connection.cursor()
        own.execute(prefix + statement, parameters)
        seen.append("\n".join(str(row[-1]) for row in own.fetchall()))
        own.close()

    event.listen(engine, "before_cursor_execute", explain)
    yield seen
    event.remove(engine, "before_cursor_execute", explain)


_WHOLE = re.compile(r"Seq Scan on message\b|SCAN message\b(?! USING)|Bitmap Heap Scan on message\b")


def assert_ranges(plans: list[str]) -> None:
    assert plans
    for plan in plans:
        assert not _WHOLE.search(plan), plan


def test_a_worker_reads_ranges_of_indexes(store: ProviderStore, filled: str, plans: list[str]) -> None:
    queue(store, filled, 3, due=datetime(1970, 1, 1, tzinfo=UTC))
    step = claim(store.messages, filled, 3)
    assert len(step.messages) == 3
    mark(store.messages, step.messages)
    store.messages.record([recorded(one) for one in step.messages])
    store.messages.due_providers()
    store.messages.recover()
    assert_ranges(plans)
    assert any("message_by_due" in plan for plan in plans)


def test_pages_and_counts_read_ranges_of_indexes(store: ProviderStore, filled: str, plans: list[str]) -> None:
    messages = store.messages
    for states in ((), (Dispatch.QUEUED,), (Dispatch.ACCEPTED, Dispatch.HELD)):
        for provider_id in (None, filled):
            for oldest_first in (False, True):
                query = MessageQuery(states, provider_id, oldest_first=oldest_first, limit=10)
                page = messages.message_page(query)
                assert len(page) == 10
                behind = MessageQuery(states, provider_id, oldest_first=oldest_first, limit=10, after=page[-1].id)
                assert len(messages.message_page(behind)) == 10
    assert messages.counts(filled) == {Dispatch.QUEUED: NUMBER // 3, Dispatch.ACCEPTED: NUMBER // 3}
    assert messages.count_messages(MessageQuery()) == NUMBER
    messages.message_row(page[0].id)
    messages.ids_like(page[0].id[:20])
    found = [plan for plan in plans if "message_count" not in plan]
    for plan in found:
        assert not _WHOLE.search(plan), plan


def test_the_kept_counts_agree_with_the_messages(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id, 12)
    claimed = claim(store.messages, provider_id, 10).messages
    mark(store.messages, claimed[:8])
    doubt = Outcome(OutcomeKind.IN_DOUBT)
    ends: list[Recorded] = [recorded(one) for one in claimed[:5]]
    store.messages.record([*ends, recorded(claimed[5], Dispatch.IN_DOUBT, doubt)])
    with store.messages.database.reading() as connection:  # type: ignore[attr-defined]
        rows = connection.execute(text("SELECT state, count(*) FROM message GROUP BY state")).all()
    assert store.messages.counts() == {Dispatch(state): number for state, number in rows}
    assert sum(store.messages.counts().values()) == 12
