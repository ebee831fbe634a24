"""The first start: the store is made and filled once, whoever comes first."""

import threading
from pathlib import Path

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.shipped import SHIPPED
from ftos_tui.studio.failures import StoreDamaged, StoreUnreachable, VaultError
from ftos_tui.studio.providers import ListQuery, delete, list_providers, open_provider
from ftos_tui.studio.session import Session
from ftos_tui.studio.session import open_session as open_in
from tests.studio.conftest import OpenSession
from tests.studio.making import session_in


def test_consoles_that_start_at_once_ship_each_provider_once(tmp_path: Path) -> None:
    sessions = [session_in(tmp_path, user=f"user{number}") for number in range(4)]
    errors: list[BaseException] = []
    line = threading.Barrier(len(sessions))

    def start(session: Session) -> None:
        line.wait()
        try:
            assert len(list_providers(session, ListQuery())) == 6
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    entries = sessions[0].store.audit_entries()
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert {session.vault.key_id for session in sessions} == {sessions[0].store.fact("key_id")}
    for session in sessions:
        session.close()


def test_a_deleted_shipped_provider_does_not_come_back(session: Session, open_session: OpenSession) -> None:
    delete(session, open_provider(session, name="GatewaySMS"), "GatewaySMS")
    assert len(list_providers(open_session(), ListQuery())) == 5


def test_a_first_start_that_was_cut_is_finished_by_the_next(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ftos_tui.studio.first_start.SHIPPED", (*SHIPPED[:2], None))
        with pytest.raises(AttributeError):
            list_providers(session, ListQuery())
    assert session._store is None
    assert len(list_providers(session, ListQuery())) == 6


def test_a_read_only_environment_makes_no_store(open_session: OpenSession, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable):
        list_providers(open_session(read_only=True), ListQuery())
    assert not list((tmp_path / "data").glob("*")) if (tmp_path / "data").exists() else True


def test_a_key_file_that_others_can_read_stops_the_first_start(session: Session) -> None:
    session.key_path.parent.mkdir(mode=0o700)
    session.key_path.write_text("x")
    session.key_path.chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        list_providers(session, ListQuery())
    session.key_path.unlink()
    assert len(list_providers(session, ListQuery())) == 6


def test_the_settings_may_name_store_and_key(tmp_path: Path) -> None:
    session = session_in(tmp_path, store=str(tmp_path / "s" / "x.db"), key_file=str(tmp_path / "k" / "x.key"))
    list_providers(session, ListQuery())
    session.close()
    assert (tmp_path / "s" / "x.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "k" / "x.key").stat().st_mode & 0o777 == 0o600


def test_a_passphrase_opens_the_same_vault_again(tmp_path: Path) -> None:
    from ftos_tui.domain.secret import Secret

    ids = set()
    for _ in range(2):
        session = session_in(tmp_path, key="passphrase")
        session.ask_passphrase = lambda prompt: Secret("correct horse battery staple")
        ids.add(session.vault.key_id)
        session.close()
    assert len(ids) == 1
    assert not session.key_path.exists()


def test_an_unknown_environment_is_told(session: Session) -> None:
    assert open_in(session.settings, session.places).environment.name == "local"
    with pytest.raises(Failure, match="no environment nope: the settings know local"):
        open_in(session.settings, session.places, "nope")


def test_a_store_cut_to_nothing_is_no_first_start(tmp_path: Path) -> None:
    session = session_in(tmp_path)
    assert session.store.count() == 6
    session.close()
    session.store_path.write_bytes(b"")
    with pytest.raises(StoreDamaged, match="restore the store from a backup"):
        session_in(tmp_path).store  # noqa: B018 (opening it is the act)
    assert session.store_path.read_bytes() == b""
