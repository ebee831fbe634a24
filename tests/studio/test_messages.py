"""Messages as operators queue, stop and settle them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.message import Attachment
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.record import Author
from ftos_tui.domain.route import NoRoute
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.studio import messages
from ftos_tui.studio.failures import FileProblem, MessageRefused, NotFound, NotPermitted
from ftos_tui.studio.message_files import import_messages, read_attachment, time_of
from ftos_tui.studio.messages import MessageQuery, NewMessage
from ftos_tui.studio.session import Session
from ftos_tui.transports.mime import NotRenderable
from tests.stores.queueing import REFUSED, claim, mark, recorded
from tests.studio.conftest import OpenSession
from tests.studio.making import NOON, saved

HELLO = NewMessage(to="a@example.com", subject="Hello", text="Good day")


def one(session: Session, new: NewMessage = HELLO) -> str:
    """The id of a queued message."""
    [provider] = list(session.store.by_names(["Gateway"]).values()) or [saved(session)]
    return messages.add(session, provider, new).ids[0]


def tried(session: Session, message_id: str, after: Dispatch, outcome: Outcome = REFUSED) -> None:
    """Sends a message; this is what came of it."""
    row = session.store.messages.message_row(message_id)
    step = claim(session.store.messages, row.provider_id)
    mark(session.store.messages, step.messages)
    session.store.messages.record([recorded(found, after, outcome) for found in step.messages])


def test_each_recipient_gets_a_message_of_its_own(session: Session) -> None:
    provider = saved(session)
    new = NewMessage(
        to="a@example.com; b@example.com",
        cc="c@example.com",
        bcc="A@EXAMPLE.COM",
        subject="Hello",
        text="x",
        attachments=(Attachment("a.txt", "text/plain", b"a"),),
        dedupe_key="k",
    )
    added = messages.add(session, provider, new)
    assert (len(added.ids), added.known, added.held) == (3, (), "")
    detail = messages.open_message(session, added.ids[2])
    assert (detail.row.recipient, detail.row.role, detail.cc) == ("c@example.com", "cc", ("c@example.com",))
    assert detail.wire_size > 100
    assert detail.row.due == NOON
    assert list(added.ids) == sorted(added.ids)
    again = messages.add(session, provider, new)
    assert again.ids == again.known == added.ids
    assert messages.message_counts(session) == {Dispatch.QUEUED: 3}
    assert messages.count_messages(session, MessageQuery(filter="hello")) == 3
    [claimed] = claim(session.store.messages, provider.provider_id, 1).messages
    [body] = session.store.messages.bodies([claimed.id]).values()
    assert b"Hello" in body.wire
    assert body.envelope


def test_a_message_the_check_refuses_is_not_queued(session: Session) -> None:
    provider = saved(session)
    with pytest.raises(MessageRefused, match="Not queued") as refused:
        messages.add(session, provider, NewMessage(to="a@example.com\r\nBcc: x@y.z", subject="x", text="x"))
    assert refused.value.findings
    bare = NewMessage(to="a@example.com", subject="", text="x")
    with pytest.raises(MessageRefused, match="Not queued: acknowledge subject_missing"):
        messages.add(session, provider, bare)
    assert not messages.message_counts(session)
    assert messages.add(session, provider, bare, acknowledged=["subject_missing"]).ids


def test_what_cannot_be_rendered_is_held_or_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = saved(session)

    def nowhere(message: object, values: object) -> None:
        raise NoRoute("Correct the Service Url.")

    def unfit(message: object, values: object) -> None:
        raise NotRenderable("Shorten the address.")

    monkeypatch.setattr("ftos_tui.transports.rendering.render", nowhere)
    assert messages.add(session, provider, HELLO).held == "Gateway leads nowhere: Correct the Service Url."
    monkeypatch.setattr("ftos_tui.transports.rendering.render", unfit)
    with pytest.raises(MessageRefused, match="Not queued: Shorten the address"):
        messages.add(session, provider, HELLO)
    line = '{"provider": "Gateway", "to": "a@example.com", "subject": "s", "text": "t"}'
    [fault] = import_messages(session, line, folder=Path()).faults
    assert fault.finding.code == "message_not_renderable"


def test_a_provider_that_is_not_ready_holds_its_messages(session: Session) -> None:
    provider = session.store.by_name("FTOSEmailGateway")
    added = messages.add(session, provider, HELLO)
    assert added.held.startswith("FTOSEmailGateway is not ready: ")
    row = messages.open_message(session, added.ids[0]).row
    assert (row.state, row.reason) == (Dispatch.HELD, added.held)
    assert "Held since" in messages.why_waiting_in_words(session, row)
    assert messages.act(session, "release", added.ids).done == added.ids
    row = messages.open_message(session, added.ids[0]).row
    assert "FTOSEmailGateway" in messages.why_waiting_in_words(session, row)
    assert messages.tries_in_all(session, [provider.provider_id]) == {provider.provider_id: 1}


def test_a_read_only_environment_takes_none(open_session: OpenSession) -> None:
    provider = saved(open_session())
    reader = open_session(read_only=True)
    with pytest.raises(NotPermitted):
        messages.add(reader, provider, HELLO)
    for change in (
        lambda: messages.act(reader, "hold", ["x"]),
        lambda: messages.act_on_all(reader, "hold", MessageQuery()),
        lambda: messages.resolve(reader, ["x"], "retry"),
        lambda: import_messages(reader, "{}", folder=Path()),
    ):
        with pytest.raises(NotPermitted):
            change()


def test_the_beginning_of_an_id_will_do(session: Session) -> None:
    message_id = one(session)
    other = one(session)
    assert messages.full_id(session, f" {message_id.upper()} ") == message_id
    common = next(place for place, (a, b) in enumerate(zip(message_id, other, strict=True)) if a != b)
    assert messages.full_id(session, message_id[: common + 1]) == message_id
    with pytest.raises(NotFound, match="Several" if common >= 8 else "too short"):
        messages.full_id(session, message_id[: max(common, 1)])
    for missing in ("", "ffffffff-ffff"):
        with pytest.raises(NotFound, match="There is no message"):
            messages.full_id(session, missing)
    with pytest.raises(NotFound, match="too short for an id"):
        messages.full_id(session, message_id[:7])
    with pytest.raises(NotFound):
        messages.open_message(session, "x")


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [messages.new_message_id() for _ in range(3)]
    assert all(message_id[14] == "7" and message_id[19] in "89ab" for message_id in ids)
    made = int(ids[0].replace("-", "")[:12], 16) / 1000
    assert abs(made - datetime.now(UTC).timestamp()) < 600


def test_operators_stop_and_settle_messages(session: Session) -> None:
    message_id = one(session)
    assert messages.act(session, "hold", [message_id], "why").done == (message_id,)
    assert messages.act(session, "hold", [message_id]).refused == {message_id: Dispatch.HELD}
    assert messages.act(session, "release", [message_id]).done
    tried(session, message_id, Dispatch.FAILED)
    row = session.store.messages.message_row(message_id)
    assert messages.status_in_words(row, 4) == "Error, 1 of 4 tries used, not tried again"
    assert messages.act(session, "retry", [message_id]).done
    assert session.store.messages.message_row(message_id).generation == 2
    tried(session, message_id, Dispatch.IN_DOUBT)
    assert messages.resolve(session, [message_id, "x"], "retry", "not in their log").missing == ("x",)
    row = session.store.messages.message_row(message_id)
    assert (row.state, row.generation, row.attempt) == (Dispatch.RETRY_WAIT, 2, 1)
    for _ in range(3):
        tried(session, message_id, Dispatch.IN_DOUBT)
        messages.resolve(session, [message_id], "retry")
    row = session.store.messages.message_row(message_id)
    assert (row.state, row.generation, row.attempt) == (Dispatch.RETRY_WAIT, 3, 0)
    tried(session, message_id, Dispatch.IN_DOUBT)
    assert messages.resolve(session, [message_id], "accepted").done == (message_id,)
    assert messages.resolve(session, [message_id], "failed").refused == {message_id: Dispatch.ACCEPTED}


def test_all_that_match_are_moved(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_CHUNK", 2)
    for _ in range(5):
        one(session)
    held = MessageQuery(states=(Dispatch.HELD,))
    assert messages.act_on_all(session, "hold", held) == 0
    assert messages.act_on_all(session, "hold", MessageQuery(), "stop") == 5
    assert messages.act_on_all(session, "cancel", held) == 5
    assert messages.message_counts(session) == {Dispatch.CANCELED: 5}


def test_why_a_message_is_not_moving(open_session: OpenSession) -> None:
    session = open_session()
    provider = saved(session)
    queue = session.store.messages
    message_id = messages.add(session, provider, HELLO).ids[0]

    def why() -> str:
        return messages.why_waiting_in_words(session, queue.message_row(message_id))

    assert why() == "No processor is running: start one by `ftos-tui processor run`."
    queue.heartbeat(WorkerState("w", "h", 1, NOON, NOON), 60)
    assert "Nothing holds it" in why()
    queue.change_pause(provider.provider_id, "moving house", Author("ana", "h"), session.vault.sign)
    assert "moving house" in why()
    queue.change_pause(provider.provider_id, "", Author("ana", "h"), session.vault.sign)
    opened = Breaker(Position.OPEN, Cause.AUTHENTICATION, "535 no", NOON, version=provider.number)
    queue.change_breaker(provider.provider_id, lambda breaker, now: opened.to_json())
    assert "sign-in was refused" in why()
    queue.change_breaker(provider.provider_id, lambda breaker, now: "{damaged")
    assert "Nothing holds it" in why()
    tried(session, message_id, Dispatch.IN_DOUBT, Outcome(OutcomeKind.IN_DOUBT, said="timed out"))
    assert why().startswith("In doubt since")


def test_a_file_is_queued_whole(session: Session, tmp_path: Path) -> None:
    saved(session)
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    lines = [
        {
            "provider": "Gateway",
            "to": ["a@example.com", "b@example.com"],
            "subject": "s",
            "text": "t",
            "attach": ["a.pdf"],
        },
        {
            "to": "c@example.com",
            "subject": "s",
            "html": "<p>",
            "text": "t",
            "due": "2026-01-02T13:00:00Z",
            "params": {},
        },
        {"to": "c@example.com", "subject": "s", "text": "t", "dedupe_key": "k", "params": "", "attach": None},
        {"to": "c@example.com", "subject": "s", "text": "t", "dedupe_key": "k"},
    ]
    text = "\n".join(map(json.dumps, lines)) + "\n\n"
    dry = import_messages(session, text, folder=tmp_path, provider="Gateway", dry_run=True)
    assert (dry.lines, dry.queued, dry.refused) == (4, 0, False)
    assert not messages.message_counts(session)
    done = import_messages(session, text, folder=tmp_path, provider="Gateway")
    assert (done.lines, done.queued, done.held, done.known) == (4, 4, 0, 1)
    rows = messages.list_messages(session, MessageQuery(oldest_first=True))
    assert messages.open_message(session, rows[0].id).attachments[0].name == "a.pdf"
    assert rows[2].due == NOON + timedelta(hours=1)
    sheet = 'to,subject,text,due\r\nd@example.com,"a, b","two\nlines",\r\n\r\ne@example.com,s,t\r\n'
    assert import_messages(session, sheet, folder=tmp_path, provider="Gateway").queued == 2


def test_a_file_with_a_mistake_queues_nothing(session: Session, tmp_path: Path) -> None:
    saved(session)
    lines = [
        {"to": "a@example.com", "subject": "s", "text": "t"},
        {"to": "a@", "subject": "s", "text": "t"},
        {"provider": "Nobody", "to": "a@example.com", "subject": "s", "text": "t"},
        {"to": 5},
        {"to": "a@example.com", "due": "tomorrow"},
        {"to": "a@example.com", "subject": "s", "text": "t", "attach": "missing.pdf"},
        {"to": "a@example.com", "attach": [1]},
    ]
    result = import_messages(session, "\n".join(map(json.dumps, lines)), folder=tmp_path, provider="Gateway")
    assert result.refused
    assert [fault.line for fault in result.faults] == [2, 3, 4, 5, 6, 7]
    assert [fault.finding.code for fault in result.faults][1:] == [
        "provider_unknown",
        "value_type",
        "time_format",
        "attachment_unreadable",
        "value_type",
    ]
    assert import_messages(session, '{"to": "a@example.com"}', folder=tmp_path).faults[0].finding.code == "required"
    assert not messages.message_counts(session)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ('{"to": 1}\nnothing', "Line 2 is no JSON object"),
        ('{"a": 1', "Line 1 is no JSON object"),
        ('{"to": "x"}\n[]', "Line 2 is no JSON object"),
        ('{"form": "x"}', "Line 1: there is no form"),
        ("to,form\nx,y", "Line 1: there is no form"),
        ("to,text\nx,y,z", "Line 2 has more cells"),
        ('to,text\n"x"y,z', "Line 2 is no CSV"),
    ],
)
def test_what_is_no_file_of_messages(session: Session, text: str, sentence: str) -> None:
    with pytest.raises(FileProblem, match=sentence):
        import_messages(session, text, folder=Path(), provider="Gateway")


def test_a_file_too_long_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(session)
    monkeypatch.setattr("ftos_tui.studio.message_files.MOST_LINES", 1)
    line = '{"to": "a@example.com", "subject": "s", "text": "t"}\n'
    with pytest.raises(FileProblem, match="more than 1 messages"):
        import_messages(session, line * 2, folder=Path(), provider="Gateway")


def test_attachments_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"1")
    assert read_attachment(tmp_path / "a.tar.gz") == Attachment("a.tar.gz", "application/octet-stream", b"1")
    monkeypatch.setattr("ftos_tui.studio.message_files.LARGEST_ATTACHMENT", 0)
    with pytest.raises(FileProblem, match="larger than 25 MB"):
        read_attachment(tmp_path / "a.tar.gz")
    with pytest.raises(FileProblem, match="cannot be read"):
        read_attachment(tmp_path / "\0")
    assert time_of(" ") is None
    with pytest.raises(ValueError, match="zone"):
        time_of("2026-01-02T09:00:00")
