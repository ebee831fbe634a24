"""What every store tells of what others do."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from ftos_tui.domain.record import Author
from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.protocol import ProviderStore, StoreReadOnly
from ftos_tui.stores.trial_protocol import TrialEnd
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, AT, new_version, next_version, sign

BO = Author("bo", "jump2")
WHILE = 20.0
"""Seconds at most for what should take one."""


@pytest.fixture
def signals() -> Iterator[ExitStack]:
    """Closes what is opened in a test."""
    with ExitStack() as stack:
        yield stack


def heard(signal: Signal) -> bool:
    """Whether the signal says that the store may have changed."""
    return any(signal.wait(WHILE) for _ in range(3))


def test_an_empty_store_tells_nothing(store: ProviderStore) -> None:
    assert store.head() == 0
    assert store.changes(0) == []
    assert store.present() == []


def test_changes_tell_who_did_what(store: ProviderStore, open_store: OpenStore) -> None:
    first = store.write(new_version(), sign)
    second = store.write(next_version(first, author=BO, changed=("bulk_no", "interval_max")), sign)
    store.write(next_version(second, author=BO, action="delete", changed=()), sign)
    told = open_store().changes(0)
    assert [(change.sequence, change.action, change.version) for change in told] == [
        (1, "create", 1),
        (2, "save", 2),
        (3, "delete", 3),
    ]
    change = told[1]
    assert (change.user, change.host, change.name) == ("bo", "jump2", first.name)
    assert (change.provider_id, change.at) == (first.provider_id, second.saved_at)
    assert (change.fields, told[2].fields) == (("bulk_no", "interval_max"), ())
    assert store.head() == 3
    assert [change.sequence for change in store.changes(1, limit=1)] == [2]
    assert store.changes(3) == []


def test_a_store_knows_its_own_changes(store: ProviderStore, open_store: OpenStore) -> None:
    other = open_store()
    first = store.write(new_version(), sign)
    other.write(next_version(first, author=BO), sign)
    store.write_many([new_version("A"), new_version("B")], sign)
    assert [change.own for change in store.changes(0)] == [True, False, True, True]
    assert [change.own for change in other.changes(0)] == [False, True, False, False]


def test_a_change_that_was_not_made_is_not_anybodys(store: ProviderStore, open_store: OpenStore) -> None:
    def refuse(message: bytes) -> bytes:
        raise PermissionError("no key")

    with pytest.raises(PermissionError):
        store.write(new_version("Refused"), refuse)
    open_store().write(new_version("Made"), sign)
    assert [(change.name, change.own) for change in store.changes(0)] == [("Made", False)]


def test_what_has_no_fields_is_told_as_well(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    second = store.write(next_version(first, trial_until=AT.replace(year=2100)), sign)
    store.end_trial(TrialEnd(first.provider_id, second.number, "trial_confirmed", BO, AT), sign)
    change = store.changes(2)[0]
    assert (change.action, change.fields, change.version) == ("trial_confirmed", (), 0)


def test_who_has_a_form_open_is_told_to_the_others(store: ProviderStore, open_store: OpenStore) -> None:
    other = open_store()
    store.enter("one", "p1", ANA)
    other.enter("two", "p1", BO)
    other.enter("two", "p2", BO)
    other.enter("two", "p2", BO)
    assert [(one.user, one.host, one.provider_id) for one in store.present("one")] == [
        ("bo", "jump2", "p1"),
        ("bo", "jump2", "p2"),
    ]
    assert [one.session_id for one in other.present("two")] == ["one"]
    assert len(store.present()) == 3
    assert len(store.present(limit=1)) == 1
    other.stay("two")
    other.leave("two", "p1")
    assert [one.provider_id for one in store.present("one")] == ["p2"]
    other.leave("two")
    assert store.present("one") == []


def test_who_gave_no_sign_of_life_is_not_there(store: ProviderStore) -> None:
    store.enter("gone", "p1", BO)
    _let_pass(store, 61)
    assert store.present() == []
    store.stay("gone")
    assert [one.session_id for one in store.present()] == ["gone"]
    _let_pass(store, 3700)
    store.enter("new", "p1", BO)
    store.stay("gone")
    assert [one.session_id for one in store.present()] == ["new"], "what was left behind is cleared away"


def _let_pass(store: ProviderStore, seconds: int) -> None:
    """Makes everybody have been seen so long ago."""
    from datetime import UTC, datetime, timedelta

    from sqlalchemy import update

    from ftos_tui.stores.plain_json import time_to_text
    from ftos_tui.stores.sql.schema import presence
    from ftos_tui.stores.sql.store import SqlStore

    assert isinstance(store, SqlStore)
    with store.database.writing() as connection:
        before = time_to_text(datetime.now(UTC) - timedelta(seconds=seconds))
        connection.execute(update(presence).values(seen_at=before))


def test_a_store_opened_for_reading_shows_who_is_there_and_tells_nobody(
    store: ProviderStore, open_store: OpenStore
) -> None:
    store.enter("one", "p1", ANA)
    reader = open_store(read_only=True)
    assert len(reader.present()) == 1
    with pytest.raises(StoreReadOnly):
        reader.enter("two", "p1", BO)


@pytest.mark.parametrize("mode", ["auto", "listen", "poll"])
def test_a_signal_says_when_another_saved(
    store: ProviderStore, open_store: OpenStore, signals: ExitStack, mode: str
) -> None:
    signal = signals.enter_context(closing(store.signal(mode)))
    open_store().write(new_version(), sign)
    assert heard(signal)
    assert store.head() == 1


def test_a_signal_says_when_another_opened_a_form(
    store: ProviderStore, open_store: OpenStore, signals: ExitStack
) -> None:
    signal = signals.enter_context(closing(store.signal()))
    other = open_store()
    other.enter("two", "p1", BO)
    assert heard(signal)
    other.leave("two")
    assert heard(signal)


@pytest.mark.parametrize("mode", ["auto", "poll"])
def test_a_wait_ends_when_somebody_wakes_it(store: ProviderStore, signals: ExitStack, mode: str) -> None:
    signal = signals.enter_context(closing(store.signal(mode)))
    waiting = threading.Thread(target=lambda: [signal.wait(100 * WHILE) for _ in range(2)], daemon=True)
    waiting.start()
    while waiting.is_alive():
        signal.wake()
        waiting.join(0.01)


def test_a_wake_after_the_end_does_no_harm(store: ProviderStore) -> None:
    signal = store.signal()
    signal.close()
    signal.wake()


def test_a_hostile_name_is_told_as_it_is(store: ProviderStore) -> None:
    name = 'x","changed":["app_key"],"\x1b[31m'
    first = store.write(new_version(name, changed=("name",), reason='"changed":["app_key"]'), sign)
    store.write(replace(next_version(first), changed=()), sign)
    assert [(change.name, change.fields) for change in store.changes(0)] == [(name, ("name",)), (name, ())]
