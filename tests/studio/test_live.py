"""What a session is told of what others do, on a local and on a shared store."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.stores.live_protocol import Present, Signal
from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.protocol import StoreDamaged, StoreForbidden, StoreUnreachable
from ftos_tui.stores.sql import live as live_rows
from ftos_tui.stores.sql import postgres_listen, signals
from ftos_tui.stores.sql.postgres_engine import connect
from ftos_tui.stores.sql.postgres_listen import PostgresSignal, open_signal
from ftos_tui.stores.sql.roles import Role
from ftos_tui.stores.sql.signals import PollSignal
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.studio import live
from ftos_tui.studio.live import Change, News, Watch
from ftos_tui.studio.live_words import all_in_words, also_open, in_words, who_short
from ftos_tui.studio.providers import save
from ftos_tui.studio.reading import base_of, open_provider
from ftos_tui.studio.session import Session
from tests.postgres import PostgresServer
from tests.studio.making import NOON, saved, session_in
from tests.team import new_team

PATIENCE_S = 30.0

Open = Callable[[], Session]


class Heard:
    """Follows a store and keeps what is told.

    Args:
        session: Whose store.
    """

    def __init__(self, session: Session) -> None:
        self.news: list[News] = []
        self._more = threading.Condition()
        self.watch = Watch(session, self._take)

    def _take(self, news: News) -> None:
        with self._more:
            self.news.append(news)
            self._more.notify_all()

    def until(self, condition: Callable[[], Any]) -> None:
        """Waits until a condition of what was told holds."""
        with self._more:
            assert self._more.wait_for(condition, PATIENCE_S), self.news

    @property
    def changes(self) -> list[Change]:
        """All changes that were told."""
        return [change for news in self.news for change in news.changes]

    @property
    def present(self) -> list[Present]:
        """Who was last told to be there."""
        told = [news.present for news in self.news if news.present is not None]
        return [one for those in told[-1].values() for one in those] if told else []


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks and tries again more often than an operator needs."""
    monkeypatch.setattr(signals, "POLL_EVERY_S", 0.05)
    monkeypatch.setattr(live, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(live, "LONGEST_PAUSE_S", 0.4)


@pytest.fixture(params=["sqlite", "postgres"])
def open_session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a session on the test's store, as often as it is called."""
    with ExitStack() as stack:
        if request.param == "sqlite":

            def opened() -> Session:
                return session_in(tmp_path)
        else:
            team = new_team(request.getfixturevalue("postgres_server"), tmp_path)
            opened = team.session

        yield lambda: stack.enter_context(closing(opened()))


def follow(session: Session, stack: ExitStack) -> Heard:
    """Follows the store of a session from now on."""
    assert session.store
    heard = Heard(session)
    heard.watch.start()
    stack.callback(heard.watch.stop)
    heard.until(lambda: heard.news)
    return heard


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Ends what a test began."""
    with ExitStack() as ends:
        yield ends


def change_bulk_no(session: Session, bulk_no: str, name: str = "Gateway") -> ProviderVersion:
    """Saves another Bulk No."""
    version = open_provider(session, name=name)
    return save(session, Draft(base_of(version)).with_text("bulk_no", bulk_no))


def alive(name: str = "store-watch") -> list[threading.Thread]:
    """The threads that follow a store."""
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_a_session_is_told_what_others_do_and_not_what_it_does(open_session: Open, stack: ExitStack) -> None:
    mine, other = open_session(), open_session()
    heard = follow(mine, stack)
    assert heard.news[0].first
    saved(mine)
    change_bulk_no(mine, "60")
    version = change_bulk_no(other, "70")
    heard.until(lambda: heard.changes)
    [change] = heard.changes
    assert (change.action, change.name, change.version, change.fields) == ("save", "Gateway", 3, ("bulk_no",))
    assert (change.user, change.host) == (version.saved_by.user, "jump1")
    assert in_words(change) == f"{change.user} saved Gateway version 3: Bulk No."
    change_bulk_no(other, "80")
    heard.until(lambda: len(heard.changes) == 2)
    assert len([news for news in heard.news if news.changes]) == 2


def test_forms_that_are_open_are_told_until_they_are_closed(open_session: Open, stack: ExitStack) -> None:
    mine, other = open_session(), open_session()
    heard, there = follow(mine, stack), follow(other, stack)
    there.watch.enter("p1")
    there.watch.enter("p1")
    there.watch.enter("p2")
    heard.until(lambda: len(heard.present) == 2)
    there.watch.leave("p1")
    there.watch.leave("p2")
    heard.until(lambda: [one.provider_id for one in heard.present] == ["p1"])
    assert heard.present[0].user == other.author.user
    assert there.present == []
    there.watch.stop()
    heard.until(lambda: heard.present == [])


def test_nothing_is_left_of_a_session_that_is_closed(open_session: Open, stack: ExitStack) -> None:
    mine, other = open_session(), open_session()
    before = alive()
    heard = follow(mine, stack)
    heard.watch.enter("p1")
    seen = follow(other, stack)
    seen.until(lambda: seen.present)
    mine.close()
    until = time.monotonic() + PATIENCE_S
    while len(alive()) > len(before) + 1:
        assert time.monotonic() < until
        time.sleep(0.01)
    seen.until(lambda: not seen.present)


def test_a_store_that_nobody_opened_is_not_opened_to_be_followed(open_session: Open, stack: ExitStack) -> None:
    session = open_session()
    heard = Heard(session)
    heard.watch.start()
    stack.callback(heard.watch.stop)
    heard.watch.enter("p1")
    assert not session.is_open
    assert session.store
    heard.until(lambda: heard.news)
    other = open_session()
    until = time.monotonic() + PATIENCE_S
    while not other.store.present():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_sign_of_life_is_given_again_and_again(
    open_session: Open, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STAY_EVERY_S", 0.1)
    monkeypatch.setattr(live_rows, "SEEN_WITHIN_S", 1.0)
    mine, other = open_session(), open_session()
    there = follow(other, stack)
    there.watch.enter("p1")
    heard = follow(mine, stack)
    heard.until(lambda: heard.present)
    since = heard.present[0].since
    mine.store.enter("killed", "p2", mine.author)
    heard.until(lambda: len(heard.present) == 2)
    heard.until(lambda: [one.provider_id for one in heard.present] == ["p1"])  # the killed one gives none
    assert heard.present[0].since == since


def test_what_only_reads_tells_nobody_of_itself(tmp_path: Path, stack: ExitStack) -> None:
    writer = stack.enter_context(closing(session_in(tmp_path)))
    heard = follow(writer, stack)
    reader = stack.enter_context(closing(session_in(tmp_path, read_only=True)))
    there = follow(reader, stack)
    there.watch.enter("p1")
    saved(writer)
    there.until(lambda: there.changes)
    assert heard.present == []


def test_who_may_not_be_shown_follows_all_the_same(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = (stack.enter_context(closing(session_in(tmp_path))) for _ in range(2))

    def refuse(*_: object) -> None:
        raise StoreForbidden("not permitted")

    heard = follow(mine, stack)
    monkeypatch.setattr(mine.store, "enter", refuse)
    heard.watch.enter("p1")
    saved(other)
    heard.until(lambda: heard.changes)
    assert not any(news.trouble for news in heard.news)


def test_who_could_not_be_shown_is_shown_later(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_TRY_AGAIN_S", 0.05)
    mine, other = (stack.enter_context(closing(session_in(tmp_path))) for _ in range(2))
    there = follow(other, stack)
    heard = follow(mine, stack)
    refusals = iter(range(3))
    enter = mine.store.enter

    def busy(session_id: str, provider_id: str, author: Author) -> None:
        if next(refusals, None) is not None:
            raise StoreUnreachable("in use")
        enter(session_id, provider_id, author)

    monkeypatch.setattr(mine.store, "enter", busy)
    heard.watch.enter("p1")
    there.until(lambda: there.present)
    assert not any(news.trouble for news in heard.news)


def test_many_changes_are_told_at_once_and_the_first_of_them_counted(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PAGE", 2)
    monkeypatch.setattr(live, "_MOST_KEPT", 3)
    mine, other = (stack.enter_context(closing(session_in(tmp_path))) for _ in range(2))
    saved(other)
    assert mine.store
    heard = Heard(mine)
    heard.watch._head = 0
    heard.watch.start()
    stack.callback(heard.watch.stop)
    heard.until(lambda: heard.news)
    assert heard.news[0].left_out == 4
    assert [change.name for change in heard.changes][-1] == "Gateway"
    assert len(heard.changes) == 3


def test_a_store_that_goes_away_is_told_once_and_caught_up_with_when_it_is_back(
    tmp_path: Path, stack: ExitStack
) -> None:
    with PostgresServer(durable=True) as server:
        team = new_team(server, tmp_path)
        mine, other = (stack.enter_context(closing(team.session())) for _ in range(2))
        saved(other)
        heard = follow(mine, stack)
        heard.watch.enter("p1")
        there = follow(other, stack)
        there.until(lambda: there.present)
        server.kill()
        heard.until(lambda: any(news.trouble for news in heard.news))
        there.watch.stop()
        heard.watch.leave("p1")  # closed while nobody could be told
        heard.watch.enter("p2")
        server.start()
        there = follow(other, stack)
        there.until(lambda: [one.provider_id for one in there.present] == ["p2"])
        change_bulk_no(other, "70")
        heard.until(lambda: any(news.back for news in heard.news))
        heard.until(lambda: heard.changes)
        assert [change.version for change in heard.changes] == [2]
        assert len([news for news in heard.news if news.trouble]) == 1
        change_bulk_no(other, "80")
        heard.until(lambda: len(heard.changes) == 2)
        server.stop()
        heard.until(lambda: len([news for news in heard.news if news.trouble]) == 2)
        mine.close()


def test_a_consultant_follows_and_is_seen(postgres_server: PostgresServer, tmp_path: Path, stack: ExitStack) -> None:
    team = new_team(postgres_server, tmp_path / "owner")
    owner = stack.enter_context(closing(team.session()))
    consultant = team.person(Role.CONSULTANT)
    mine = stack.enter_context(closing(team.session(tmp_path / "mine", user=consultant)))
    heard, there = follow(mine, stack), follow(owner, stack)
    saved(owner)
    heard.until(lambda: heard.changes)
    heard.watch.enter("p1")
    there.until(lambda: there.present)
    assert there.present[0].user == consultant


def target_of(server: PostgresServer, **changes: Any) -> PostgresTarget:
    """A store of the server."""
    return server.target(server.new_database(), **changes)


def test_listening_is_tried_out_and_looking_takes_its_place(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> None:
    target, elsewhere = target_of(postgres_server), postgres_server.target()

    def opened(given: PostgresTarget, mode: str) -> Signal:
        return stack.enter_context(closing(open_signal(given, mode)))

    assert isinstance(opened(target, "auto"), PostgresSignal)
    assert isinstance(opened(target, "poll"), PollSignal)
    assert isinstance(opened(target_of(postgres_server, pooler=True), "auto"), PollSignal)
    given = iter([target, elsewhere, target])
    monkeypatch.setattr(postgres_listen, "HEARD_WITHIN_S", 0.2)
    # As with a pooler: what the other connection notifies does not arrive.
    monkeypatch.setattr(postgres_listen, "connect", lambda _: connect(next(given)))
    assert isinstance(opened(target, "auto"), PollSignal)
    assert isinstance(opened(target, "listen"), PostgresSignal)


def test_a_server_that_cannot_be_listened_to_is_told_in_words(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from psycopg.errors import FeatureNotSupported, OperationalError

    target = target_of(postgres_server)
    nowhere = postgres_server.target("no_such_database")
    with pytest.raises(StoreUnreachable):
        open_signal(nowhere, "auto")
    connection = connect(target)
    for error, expected in ((FeatureNotSupported("no LISTEN here"), None), (OperationalError("gone"), "reached")):

        def refuse(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(postgres_listen.PostgresSignal, "hears", refuse)
        if expected is None:
            assert isinstance(open_signal(target, "auto"), PollSignal)
        else:
            with pytest.raises(StoreUnreachable, match=expected):
                open_signal(target, "auto")
    connection.close()
    monkeypatch.undo()
    with pytest.raises(StoreDamaged):
        open_signal(target, "auto", "")
    signal = open_signal(target, "listen")
    with closing(signal):
        postgres_server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (target.database,)
        )
        with pytest.raises(StoreUnreachable):
            any(signal.wait(PATIENCE_S) is None for _ in range(100))


def test_a_file_that_is_no_store_is_told_in_words(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "local.sqlite3")
    with closing(store), closing(store.signal()) as signal:
        assert not signal.wait(0.06)
    (tmp_path / "local.sqlite3").unlink()
    (tmp_path / "local.sqlite3").mkdir()
    with pytest.raises(StoreUnreachable, match="cannot be used"):
        store.signal()
    (tmp_path / "local.sqlite3").rmdir()
    (tmp_path / "local.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamaged):
        store.signal()


def test_a_damaged_row_is_told_as_damage(tmp_path: Path) -> None:
    with closing(session_in(tmp_path)) as session:
        session.store.enter("one", "p1", session.author)
        with closing(sqlite3.connect(session.store_path)) as raw:
            raw.execute("UPDATE audit SET at = 'never' WHERE sequence = 2")
            raw.execute("UPDATE presence SET opened_at = 'never'")
            raw.commit()
        with pytest.raises(StoreDamaged, match="audit entry 2"):
            session.store.changes(0)
        with pytest.raises(StoreDamaged, match="presence"):
            session.store.present()


def change(action: str, **changed: Any) -> Change:
    """A change."""
    given: dict[str, Any] = {
        "sequence": 1,
        "action": action,
        "provider_id": "p",
        "name": "Gateway",
        "version": 5,
        "user": "ana",
        "host": "jump1",
        "at": NOON,
    }
    return Change(**{**given, **changed})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (change("save", fields=("bulk_no", "interval_max")), "ana saved Gateway version 5: Bulk No, Interval Max."),
        (change("create", version=1, fields=("name",)), "ana made Gateway."),
        (change("shipped", version=1), "ana shipped Gateway."),
        (change("import", fields=("statuses",)), "ana imported Gateway version 5: Statuses."),
        (change("rollback"), "ana rolled Gateway back, as version 5."),
        (change("clear_secret", fields=("app_key",)), "ana cleared a secret of Gateway, as version 5: App Key."),
        (change("trial_reverted"), "ana reverted Gateway, whose trial was over, as version 5."),
        (change("trial_confirmed", version=0), "ana confirmed the trial of Gateway: it stays."),
        (change("delete"), "ana deleted Gateway."),
        (change("rotate_key", version=0, name="", provider_id=""), "ana replaced the master key."),
        (change("store_copied", version=0, name="", provider_id=""), "ana copied the store here."),
        (change("odd_thing", version=0, name="", provider_id=""), "ana odd thing."),
        (change("sent_again", version=0), "ana sent again: Gateway."),
        (change("odd", name="x\x1b[31m"), "ana odd: x␛[31m version 5."),
    ],
)
def test_a_change_in_words(told: Change, words: str) -> None:
    assert in_words(told) == words


def test_of_many_fields_the_first_are_named() -> None:
    fields = ("name", "bulk_no", "interval_min", "interval_max", "app_user", "app_config")
    assert in_words(change("save", fields=fields)).endswith(": Name, Bulk No, Interval Min, Interval Max, 2 more.")


def test_many_changes_in_words() -> None:
    few = [change("delete")] * 5
    assert all_in_words(few) == ["ana deleted Gateway."] * 5
    many = [*few, change("delete", user="bo", name="Other"), change("rotate_key", user="bo", provider_id="", name="")]
    assert all_in_words(many, 3) == [
        "ana made 5 changes to 1 provider.",
        "bo made 2 changes to 1 provider.",
        "3 changes before that: the audit tells them.",
    ]
    keys = [change("rotate_key", provider_id="", name="")] * 6
    assert all_in_words(keys) == ["ana made 6 changes."]


def test_who_is_there_in_words() -> None:
    there = [Present(str(n), "p", user, f"jump{n}", NOON) for n, user in enumerate(("ana", "bo", "ana", "cy"))]
    assert also_open(there) == "ana on jump0, bo on jump1, ana on jump2, cy on jump3"
    assert who_short(there) == "ana, bo +1"
    assert who_short(there[:1]) == "ana"
