"""Changes of many kinds whose commit is not answered: each is told as done or as not done, whichever it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftos_tui.domain.channel import ChannelDraft
from ftos_tui.domain.delivery.message import NewMessage
from ftos_tui.domain.log import LogEntry
from ftos_tui.studio.audit import in_words
from ftos_tui.studio.channels import delete, open_channel, save
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.files.applying import apply_plan
from ftos_tui.studio.message_files import import_messages
from ftos_tui.studio.messages import add
from ftos_tui.studio.outcome import NotDone, OutcomeUnknown, outcome_of
from ftos_tui.studio.reading import ListQuery, list_providers, open_provider
from ftos_tui.studio.session import Session
from tests.line import Line
from tests.postgres import PostgresServer
from tests.studio.files.making import document, planned, provider
from tests.team import Team, new_team

COMMIT = b"COMMIT\0"
NAME = "FTOSEmailGateway"

Breaks = Callable[[bool], None]
"""Takes whether the next commit of a change arrives."""


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """One store for all: each test changes something of its own."""
    return new_team(postgres_server, tmp_path_factory.mktemp("team"))


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[Line]:
    """The line to it."""
    with Line(postgres_server.host, postgres_server.port) as line:
        yield line


@pytest.fixture
def session(team: Team, line: Line) -> Iterator[Session]:
    """A session over the line, which works again once it is told that it broke."""
    session = team.session(port=(line.port,))

    def mends(entry: LogEntry) -> None:
        line.losing, line.lose_at, line.cut_at = False, b"", b""

    session.listeners.append(mends)
    yield session
    session.close()


@pytest.fixture
def breaks(session: Session, line: Line) -> Breaks:
    """Has the next commit be cut off on its way there, or its answer on the way back."""

    def at_commit(arrives: bool) -> None:
        line.once_said = b"INSERT INTO "  # reading ends with a commit as well
        if arrives:
            line.lose_at = COMMIT
        else:
            line.cut_at = COMMIT

    return at_commit


def channel_draft(code: str) -> ChannelDraft:
    """A channel that can be saved."""
    draft = ChannelDraft()
    texts = {"code": code, "name": code, "default_action_type": "email", "communication_channel": "email"}
    for field_id, text in {**texts, "provider": NAME}.items():
        draft = draft.with_text(field_id, text)
    return draft


def test_a_channel(session: Session, breaks: Breaks) -> None:
    acknowledged = ["provider_not_ready"]
    breaks(False)
    with pytest.raises(NotDone, match=r"Not saved: the line dropped before channel ONE version 1 was written\. Save"):
        save(session, channel_draft("ONE"), acknowledged=acknowledged)
    with pytest.raises(NotFound):
        open_channel(session, code="ONE")
    breaks(True)
    saved = save(session, channel_draft("ONE"), acknowledged=acknowledged)
    assert saved == open_channel(session, code="ONE")
    changed = ChannelDraft(saved).with_text("name", "Renamed")
    breaks(True)
    assert save(session, changed, acknowledged=acknowledged, reason='"operation":"x"').version == 2
    second = open_channel(session, code="ONE")
    assert "operation " not in in_words(session.store.audit_entries()[-1]), "an id that tells nobody anything"
    breaks(False)
    with pytest.raises(NotDone, match=r"Not deleted: the line dropped before channel ONE was deleted. Delete it again"):
        delete(session, second, "ONE")
    assert open_channel(session, code="ONE") == second
    breaks(True)
    delete(session, second, "ONE")
    with pytest.raises(NotFound):
        open_channel(session, code="ONE")


def test_messages(session: Session, breaks: Breaks, tmp_path: Path) -> None:
    gateway = open_provider(session, name=NAME)
    message = NewMessage(to="a@example.com; b@example.com", subject="One", text="Two", dedupe_key="k")

    def queued() -> int:
        return sum(session.store.messages.counts(gateway.provider_id).values())

    breaks(False)
    with pytest.raises(NotDone, match=r"Not queued: the line dropped before 2 messages were queued. Queue them again"):
        add(session, gateway, message)
    assert queued() == 0
    breaks(True)
    added = add(session, gateway, message)
    assert (len(added.ids), added.known, queued()) == (2, (), 2)
    lines = '{"to": "a@example.com", "subject": "S", "text": "T", "dedupe_key": "k"}\n' + (
        '{"to": "c@example.com", "subject": "S", "text": "T"}\n'
    )
    breaks(False)
    with pytest.raises(NotDone):
        import_messages(session, lines, folder=tmp_path, provider=NAME)
    assert queued() == 2
    breaks(True)
    done = import_messages(session, lines, folder=tmp_path, provider=NAME)
    assert (done.queued, done.known, queued()) == (1, 1, 3)


def test_a_plan(session: Session, breaks: Breaks) -> None:
    plan = planned(session, document(provider("First"), provider("Second")))

    def names() -> set[str]:
        return {row.name for row in list_providers(session, ListQuery())} & {"First", "Second"}

    breaks(False)
    with pytest.raises(NotDone, match=r"Not applied: .* before gateways.json with 2 providers was applied. Apply it"):
        apply_plan(session, plan)
    assert names() == set()
    breaks(True)
    assert apply_plan(session, plan) == 2
    assert names() == {"First", "Second"}


def test_a_store_that_stays_away_leaves_open_what_became_of_it(
    session: Session, breaks: Breaks, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.listeners.clear()
    monkeypatch.setattr("ftos_tui.studio.outcome.find_out.__defaults__", (0.2, None))
    gateway = open_provider(session, name=NAME)
    message = NewMessage(to="z@example.com", subject="One", text="Two")
    plan = planned(session, document(provider("Third")))
    breaks(True)
    with pytest.raises(OutcomeUnknown, match=r"not known yet whether 1 message was queued, .* messages show ") as told:
        add(session, gateway, message)
    line.losing, line.lose_at = False, b""
    message_id = str(told.value).rpartition(" ")[2]
    assert session.store.messages.message_row(message_id).recipient == "z@example.com"
    breaks(True)
    with pytest.raises(OutcomeUnknown, match=r"whether gateways.json with 1 provider was applied") as told:
        apply_plan(session, plan)
    line.losing, line.lose_at = False, b""
    version = outcome_of(session, str(told.value).rpartition(" ")[2])
    assert version is not None
    assert version.name == "Third"
