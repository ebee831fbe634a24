"""The last place and the status log."""

import threading

from ftos_tui.domain.log import LogEntry
from ftos_tui.studio.log import Level, follow_log, note, read_log
from ftos_tui.studio.place import PROVIDERS, Place, last_place, remember_place
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession


def test_the_place_is_remembered_by_environment(session: Session, open_session: OpenSession) -> None:
    assert last_place(session) == Place()
    remember_place(session, Place(PROVIDERS, "id1"))
    assert last_place(open_session()) == Place(PROVIDERS, "id1")
    assert last_place(open_session(name="other")) == Place()
    remember_place(open_session(name="other"), Place(PROVIDERS))
    assert last_place(session) == Place(PROVIDERS, "id1")


def test_a_damaged_place_is_no_place(session: Session) -> None:
    path = session.places.state / "place.json"
    path.parent.mkdir(parents=True)
    for text in ("{", "[]", '{"local": 3}', '{"local": {"screen": "x", "provider_id": ""}}', "\ud800"):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        assert last_place(session) == Place()
        remember_place(session, Place(PROVIDERS))
        assert last_place(session) == Place(PROVIDERS)


def test_a_place_that_cannot_be_kept_is_said_in_the_log(session: Session) -> None:
    (session.places.state / "place.json").mkdir(parents=True)
    remember_place(session, Place(PROVIDERS))
    assert read_log(session)[-1].level is Level.WARNING


def test_a_note_is_visible_and_told_to_listeners(session: Session) -> None:
    heard: list[LogEntry] = []
    session.listeners.append(heard.append)
    entry = note(session, Level.ERROR, "a\x1b[31m\nb", "\x9b")
    assert (entry.message, entry.provider, entry.user) == ("a␛[31m␊b", "�", "ana")
    assert heard == [entry]
    assert read_log(session, level=Level.ERROR)[-1] == entry
    assert read_log(session, limit=0) == []


def test_the_log_is_followed_as_others_write(session: Session, open_session: OpenSession) -> None:
    other = open_session(user="bob")
    note(session, Level.INFO, "one")
    note(session, Level.ERROR, "two")
    waits: list[int] = []

    def wait() -> None:
        waits.append(len(waits))
        note(other, Level.INFO, f"quiet {len(waits)}")
        note(other, Level.WARNING, f"loud {len(waits)}")

    lines = follow_log(session, 1, Level.WARNING, wait)
    assert [next(lines).message for _ in range(3)] == ["two", "loud 1", "loud 2"]


def test_following_looks_again_by_itself(session: Session, open_session: OpenSession) -> None:
    note(session, Level.INFO, "one")
    lines = follow_log(session, 1)
    assert next(lines).message == "one"
    writer = threading.Timer(0.1, note, (open_session(), Level.INFO, "two"))
    writer.start()
    assert next(lines).message == "two"
    writer.join()
