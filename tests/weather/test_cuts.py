"""The line breaks during a save, at every part of what is said on it: what is told of the save is true."""

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import LogEntry
from ftos_tui.studio.failures import NotFound, StoreUnreachable
from ftos_tui.studio.outcome import NotDone, OutcomeUnknown, outcome_of, written
from ftos_tui.studio.session import Session
from tests.screens.values import NAME
from tests.stores.making import next_version
from tests.team import Team
from tests.weather.bad_line import BadLine
from tests.weather.conftest import Opener
from tests.weather.making import Told, chain_is_whole, directly, edit, is_true, saved

POINTS = 13
"""Cuts in each direction."""


def write(session: Session) -> Told:
    """Writes a version, and gives back what is said of it."""
    current = session.store.by_name(NAME)
    count = current.number % 1000 + 1
    values = {"bulk_no": count, "from_display_name": f"Bank {count}"}
    new = next_version(current, values=values, author=session.author)
    try:
        return Told(new.operation_id, written(session, new).number)
    except Failure as failure:
        return Told(new.operation_id, 0, failure)


def test_a_save_cut_anywhere_is_told_as_what_it_became(team: Team, line: BadLine, open_over: Opener) -> None:
    session = open_over(line, pooler=True)  # prepares nothing: each save says the same on the line, on any connection
    assert write(session).number
    lengths = read_length, length = _lengths(session, line)
    line.halved = True
    outcomes = []
    with directly(team) as truth:
        for way in (0, 1):
            for point in range(POINTS):
                at = read_length[way] + (length[way] - read_length[way]) * point // (POINTS - 1)
                line.abrupt = point % 2 == 1
                setattr(line, ("cut_sent", "cut_answered")[way], max(1, at))
                told = write(session)
                line.cut_sent = line.cut_answered = None
                assert is_true(truth, told), (way, point, lengths, told)
                assert not isinstance(told.failure, OutcomeUnknown), "the server was there all the time"
                outcomes.append(type(told.failure))
        current = truth.store.by_name(NAME)
        for number in range(3, current.number + 1):
            values = truth.store.by_id(current.provider_id, number).values
            assert values["from_display_name"] == f"Bank {values['bulk_no']}"
        assert chain_is_whole(truth)
    # A cut between the first answer and the commit is told as a store out of reach: nothing was written, as `is_true`
    # has proven. Whether a cut falls there, or its news arrive only once the commit is sent, is up to the machine.
    assert {type(None), NotDone} <= set(outcomes) <= {type(None), NotDone, StoreUnreachable}, outcomes


def _lengths(session: Session, line: BadLine) -> tuple[tuple[int, int], tuple[int, int]]:
    """Bytes there and back until a version is read to be edited, and until it is saved."""
    line.count()
    session.store.by_name(NAME)
    read = line.sent, line.answered
    line.count()
    assert write(session).number
    return read, (line.sent, line.answered)


def test_a_save_whose_line_stays_away_is_not_claimed_to_be_anything(
    team: Team, line: BadLine, open_over: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_over(line)
    saved(session, edit(session))
    draft = edit(session)
    vault = session.vault
    sign = vault.sign

    def gone(message: bytes) -> bytes:
        line.cut_answered = 1  # of the answer to what is sent after this: the commit's
        line.down = True
        return sign(message)

    monkeypatch.setattr(type(vault), "sign", lambda _, message: gone(message))
    told = saved(session, draft, patience_s=0.5)
    monkeypatch.undo()
    assert isinstance(told.failure, OutcomeUnknown)
    assert f"Ask later: ftos-tui providers outcome {told.operation_id}" in str(told.failure)
    line.down = False
    with directly(team) as truth:
        assert outcome_of(session, told.operation_id) == truth.store.outcome(told.operation_id)


def test_an_outcome_is_asked_by_an_id_and_whoever_may_not_write_is_told_too(
    team: Team, line: BadLine, open_over: Opener
) -> None:
    session, reader = open_over(line), open_over(line, read_only=True)
    told = saved(session, edit(session))
    for asking in (session, reader):
        version = outcome_of(asking, told.operation_id)
        assert version is not None
        assert version.number == told.number
        assert outcome_of(asking, "0" * 32) is None
        with pytest.raises(NotFound, match="no id of a save"):
            outcome_of(asking, "x")


def test_a_line_that_swallows_the_answer_is_given_up_and_the_save_found_out(
    team: Team, line: BadLine, open_over: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.stores.sql.postgres_engine._BEYOND_STATEMENT_S", 0.3)
    session = open_over(line, statement_timeout=1.0)
    saved(session, edit(session))
    draft = edit(session)
    vault = session.vault
    sign = vault.sign

    def freezes(message: bytes) -> bytes:
        line.frozen = True
        return sign(message)

    def unfreezes(entry: LogEntry) -> None:
        line.frozen = False  # what was swallowed arrives after all, as it may

    session.listeners.append(unfreezes)
    monkeypatch.setattr(type(vault), "sign", lambda _, message: freezes(message))
    told = saved(session, draft)
    monkeypatch.undo()
    with directly(team) as truth:
        assert is_true(truth, told), told
        assert chain_is_whole(truth)
