"""The master key is replaced: nothing stored is lost, whoever writes or dies meanwhile."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.protocol import ProviderStore, StaleKey
from ftos_tui.studio import master_key
from ftos_tui.studio.audit import list_entries, verify
from ftos_tui.studio.doctor import State, Terminal, examine
from ftos_tui.studio.failures import Failure, NotPermitted, VaultError
from ftos_tui.studio.master_key import with_current_key
from ftos_tui.studio.providers import base_of, clear_secret, delete, open_provider, save
from ftos_tui.studio.rotation import NewKey, Rotated, RotationBusy, _alone, in_words, key_status, rotate_key
from ftos_tui.studio.session import Session
from ftos_tui.vault import Binding
from ftos_tui.vault.key_file import make_key_file, next_to, read_key_file
from ftos_tui.vault.master_key import MasterKey
from tests.processes import unmeasured
from tests.studio.conftest import OpenSession
from tests.studio.making import KEY, PASSWORD, saved

ROOT = Path(__file__).parents[2]
TERMINAL = Terminal(True, 80, 24, "utf-8")


def secret_of(session: Session, version: ProviderVersion, field_id: str) -> str:
    """What is stored, opened as a sender of messages would."""
    sealed = session.store.sealed_secret(version.provider_id, field_id, version.secrets[field_id].version)
    assert sealed is not None
    binding = Binding(session.environment.name, version.provider_id, field_id, sealed.version, sealed.destination)
    return session.vault.unseal(sealed.sealed, binding, sealed.key_id).reveal()


def enter_key(session: Session, name: str, key: str) -> ProviderVersion:
    """Saves a provider with another App Key."""
    draft = Draft(base_of(open_provider(session, name=name))).with_secret("app_key", Secret(key))
    return save(session, draft)


def assert_whole(session: Session, *names: str) -> None:
    """Every secret opens under the key in force, and the audit chain verifies."""
    status = key_status(session)
    assert (status.waiting, status.retiring, status.lost) == (0, None, ())
    for name in names:
        version = open_provider(session, name=name)
        assert all(state.readable for state in version.secrets.values())
        assert secret_of(session, version, "app_password") == PASSWORD
    assert verify(session).problem is None


def test_every_secret_opens_under_the_new_key_and_the_old_key_is_kept_aside(
    session: Session, open_session: OpenSession
) -> None:
    saved(session, name="One")
    enter_key(session, "One", "second-key")
    saved(session, name="Two")
    old = session.vault.key_id
    told: list[tuple[int, int]] = []
    done = rotate_key(session, reason="yearly", progress=lambda number, total: told.append((number, total)))
    assert (done.old, done.rewrapped, done.lost, done.resumed) == (old, 5, 0, False)
    assert told == [(number, 5) for number in range(1, 6)]
    assert done.key_id != old
    assert session.key_path.read_bytes() != b""
    kept = session.key_path.with_name(f"local.key.{old}.old")
    assert done.kept == kept
    assert str(kept) in in_words(done)
    key = read_key_file(kept)
    assert key is not None
    assert key.key_id == old
    assert not next_to(session.key_path).exists()
    for any_session in (session, open_session()):
        assert any_session.vault.key_id == done.key_id
        assert any_session.vault.source == f"file {session.key_path}"
        assert_whole(any_session, "One", "Two")
        assert secret_of(any_session, open_provider(any_session, name="One"), "app_key") == "second-key"
    told_of = [json.loads(entry.detail) for entry in list_entries(session, action="rotate_key")]
    assert told_of == [
        {"from": old, "to": done.key_id, "rewrapped": 5, "unreadable": 0},
        {"from": old, "to": done.key_id, "reason": "yearly"},
    ]


def test_the_old_key_opens_nothing_any_more(session: Session) -> None:
    version = saved(session)
    old = session.vault
    rotate_key(session)
    sealed = session.store.sealed_secret(version.provider_id, "app_key", 1)
    assert sealed is not None
    binding = Binding("local", version.provider_id, "app_key", 1, sealed.destination)
    with pytest.raises(VaultError):
        old.unseal(sealed.sealed, binding, sealed.key_id)
    assert session.store.fact("key_retiring") is None


def test_a_second_rotation_keeps_the_chain_of_the_first(session: Session, open_session: OpenSession) -> None:
    saved(session)
    first = rotate_key(session)
    enter_key(session, "Gateway", "third-key")
    second = rotate_key(session)
    assert second.old == first.key_id
    assert_whole(open_session(), "Gateway")
    assert len(list(session.key_path.parent.glob("*.old"))) == 2


def test_consoles_that_were_open_before_go_on_reading_and_saving(session: Session, open_session: OpenSession) -> None:
    saved(session, name="One")
    saved(session, name="Two")
    console = open_session(user="ben")
    before = console.vault.key_id
    rotate_key(session)
    version = open_provider(console, name="One")
    assert all(state.readable for state in version.secrets.values())
    assert console.vault.key_id != before
    late = open_session(user="eve")
    late.renew_vault(session.vault)
    rotate_key(console)
    assert enter_key(late, "Two", "late-key").secrets["app_key"].version == 2
    assert_whole(open_session(), "One", "Two")


def test_saves_amid_a_rotation_are_sealed_with_the_new_key(session: Session, open_session: OpenSession) -> None:
    for name in ("One", "Two", "Three"):
        saved(session, name=name)
    before, after = open_session(user="ben"), open_session(user="eve")
    old = before.vault.key_id

    def save_amid(done: int, total: int) -> None:
        del total
        if done in (2, 3):
            other, name = ((before, "One"), (after, "Three"))[done - 2]
            assert enter_key(other, name, f"amid-{done}").secrets["app_key"].version == 2

    done = rotate_key(session, progress=save_amid)
    assert done.old == old
    assert_whole(open_session(), "One", "Two", "Three")
    assert secret_of(after, open_provider(after, name="One"), "app_key") == "amid-2"


def test_a_secret_sealed_with_the_old_key_is_not_stored_but_sealed_again(
    session: Session, open_session: OpenSession
) -> None:
    saved(session)
    other = open_session()
    stale = other.vault
    rotate_key(session)
    tries: list[str] = []

    def seal_and_save() -> ProviderVersion:
        tries.append(other.vault.key_id)
        return enter_key(other, "Gateway", f"key-{len(tries)}")

    # The reads before the save would notice; a save that was already sealing does not.
    other.renew_vault(stale)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ftos_tui.studio.saving.with_current_key", lambda _, operation: operation())
        patched.setattr("ftos_tui.studio.saving.check", _sealing_late(other, stale))
        with pytest.raises(StaleKey, match="save again"):
            enter_key(other, "Gateway", "never")
    other.renew_vault(stale)
    assert with_current_key(other, seal_and_save).secrets["app_key"].version == 2
    assert_whole(open_session(), "Gateway")


def _sealing_late(session: Session, stale: Any) -> Callable[..., Any]:
    from ftos_tui.studio.providers import check

    late = [stale]

    def checked(*arguments: Any) -> Any:
        outcome = check(*arguments)
        if late:
            session.renew_vault(late.pop())
        return outcome

    return checked


def test_a_save_whose_key_is_replaced_under_it_is_sealed_again(session: Session, open_session: OpenSession) -> None:
    saved(session)
    other = open_session()
    stale = other.vault
    rotate_key(session)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ftos_tui.studio.saving.check", _sealing_late(other, stale))
        assert enter_key(other, "Gateway", "second").secrets["app_key"].version == 2
    assert secret_of(open_session(), open_provider(session, name="Gateway"), "app_key") == "second"
    assert_whole(session, "Gateway")


def test_the_new_key_may_be_given_as_a_file(session: Session, tmp_path: Path, open_session: OpenSession) -> None:
    saved(session)
    given = make_key_file(tmp_path / "given.key")
    make_key_file(next_to(session.key_path))  # left behind by a rotation that ended before it began
    done = rotate_key(session, NewKey(file=tmp_path / "given.key"))
    assert done.key_id == given.key_id
    assert_whole(open_session(), "Gateway")
    with pytest.raises(Failure, match="in force already"):
        rotate_key(session, NewKey(file=tmp_path / "given.key"))
    with pytest.raises(Failure, match="There is no key file"):
        rotate_key(session, NewKey(file=tmp_path / "nowhere.key"))
    assert_whole(open_session(), "Gateway")


def test_a_key_that_waits_beside_the_key_file_is_put_to_use(session: Session) -> None:
    saved(session)
    waiting = make_key_file(next_to(session.key_path))
    assert rotate_key(session).key_id == waiting.key_id


def asking(*answers: str) -> Callable[[str], Secret]:
    """Answers prompts one after the other."""
    left = list(answers)
    return lambda prompt: Secret(left.pop(0))


def test_from_a_key_file_to_a_passphrase_to_another_one_and_back(session: Session, open_session: OpenSession) -> None:
    saved(session)
    old = session.vault.key_id
    session.ask_passphrase = asking("first horse", "first horse")
    done = rotate_key(session, NewKey(passphrase=True))
    assert (done.source, done.kept) == ("the passphrase", None)
    asked = open_session()
    asked.ask_passphrase = asking("first horse", "second horse", "second horse")
    assert_whole(asked, "Gateway")
    wrong = open_session()
    wrong.ask_passphrase = asking("wrong horse")
    with pytest.raises(VaultError, match="enter the right one"):
        _ = wrong.vault
    nobody = open_session()
    with pytest.raises(VaultError, match="is a passphrase: nobody can be asked for it here"):
        _ = nobody.vault
    asked.renew_vault()
    asked.ask_passphrase = asking("first horse", "second horse", "second horse")
    rotate_key(asked, NewKey(passphrase=True))
    last = open_session(key="passphrase")
    last.ask_passphrase = asking("second horse")
    assert rotate_key(last).source == f"file {session.key_path}"
    for setting in ("auto", "passphrase", "file"):
        plain = open_session(key=setting)
        assert plain.vault.key_id not in (old, done.key_id)
        assert_whole(plain, "Gateway")


@pytest.mark.parametrize(
    ("answers", "message"), [(("one", "other"), "passphrases differ"), (("",), "No passphrase was entered")]
)
def test_a_passphrase_that_was_not_meant_changes_nothing(
    session: Session, answers: tuple[str, ...], message: str
) -> None:
    saved(session)
    session.ask_passphrase = asking(*answers)
    with pytest.raises(Failure, match=message):
        rotate_key(session, NewKey(passphrase=True))
    session.ask_passphrase = None
    with pytest.raises(Failure, match="Nobody can be asked"):
        rotate_key(session, NewKey(passphrase=True))
    assert_whole(session, "Gateway")
    assert not list_entries(session, action="rotate_key")


def test_a_systemd_credential_gives_way_to_a_new_key(
    session: Session, tmp_path: Path, open_session: OpenSession
) -> None:
    folder = tmp_path / "credentials"
    key = make_key_file(folder / "ftos-tui-master-key")
    session = open_session(key="credential")
    with pytest.raises(VaultError, match="LoadCredential=ftos-tui-master-key:PATH"):
        _ = session.store
    session.environ = {"CREDENTIALS_DIRECTORY": str(folder)}
    saved(session)
    assert session.vault.key_id == key.key_id
    assert not session.key_path.exists()
    new = make_key_file(tmp_path / "new.key")
    rotate_key(session, NewKey(file=tmp_path / "new.key"))
    same = open_session(key="credential")
    same.environ = session.environ
    assert same.vault.source == f"file {session.key_path}", "until the unit gives the new key"
    (folder / "ftos-tui-master-key").unlink()
    make_key_file(folder / "ftos-tui-master-key", new)
    session.key_path.unlink()
    given = open_session(key="credential")
    given.environ = session.environ
    assert "credential" in given.vault.source
    assert_whole(given, "Gateway")


def test_a_secret_that_no_key_opens_is_kept_and_told(session: Session) -> None:
    version = saved(session)
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("UPDATE secret SET sealed = zeroblob(200) WHERE field = 'app_key'")
    status = key_status(session)
    assert [(lost.provider, lost.field, lost.version, lost.current) for lost in status.lost] == [
        ("Gateway", "App Key", 1, True)
    ]
    done = rotate_key(session)
    assert (done.rewrapped, done.lost) == (1, 1)
    assert "1 secret opens with no key" in in_words(done)
    sealed = session.store.sealed_secret(version.provider_id, "app_key", 1)
    assert sealed is not None
    assert sealed.sealed == bytes(200)
    clear_secret(session, open_provider(session, name="Gateway"), "app_key")
    assert [lost.current for lost in key_status(session).lost] == [False]


def test_only_one_rotates_and_nobody_in_a_read_only_environment(session: Session, open_session: OpenSession) -> None:
    saved(session)
    with _alone(session.store_path.parent), pytest.raises(RotationBusy, match="wait"):
        rotate_key(session)
    with pytest.raises(NotPermitted):
        rotate_key(open_session(read_only=True))
    key_status(open_session(read_only=True))


def test_a_rotation_whose_key_was_replaced_meanwhile_does_nothing(
    session: Session, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(session)
    other = open_session()

    def meanwhile(*_: object) -> tuple[MasterKey, None, str]:
        monkeypatch.undo()
        rotate_key(other)
        return MasterKey.new(), None, "nowhere"

    from contextlib import nullcontext

    monkeypatch.setattr("ftos_tui.studio.rotation._made", meanwhile)
    monkeypatch.setattr("ftos_tui.studio.rotation._alone", lambda folder: nullcontext())
    with pytest.raises(RotationBusy, match="try again"):
        rotate_key(session)
    assert_whole(open_session(), "Gateway")


def test_a_rotation_that_somebody_ended_meanwhile_says_so(session: Session) -> None:
    saved(session)

    def end_it(done: int, total: int) -> None:
        if done == total:
            with closing(sqlite3.connect(session.store_path)) as connection, connection:
                connection.execute("DELETE FROM fact WHERE key = 'key_retiring_id'")

    with pytest.raises(RotationBusy, match="see `ftos-tui secrets status`"):
        rotate_key(session, progress=end_it)
    assert_whole(session, "Gateway")


def test_an_old_key_that_is_damaged_in_the_store_stops_the_rotation(
    session: Session, open_session: OpenSession
) -> None:
    saved(session)
    assert killed(session, "rewrap_secret", 1)
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("UPDATE fact SET value = 'AAAA' WHERE key = 'key_retiring'")
    with pytest.raises(VaultError, match="damaged"):
        rotate_key(open_session())
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("UPDATE fact SET value = 'AAAA' WHERE key = 'audit_key'")
    with pytest.raises(VaultError, match="audit key of environment local does not open"):
        _ = open_session().vault


def killed(session: Session, function: str, call: int) -> bool:
    """Rotates in a process of its own that kills itself behind, or (0 for the first) before, a call of a function.

    Returns:
        Whether it came so far.
    """
    command = [sys.executable, "-W", "error", "-m", "tests.studio.rotator", str(session.places.data.parent)]
    done = subprocess.run(
        [*command, function, str(call)], cwd=ROOT, env=unmeasured(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(
    ("function", "call", "outcome"),
    [
        ("make_key_file", 0, "begun anew"),
        ("make_key_file", 1, "begun anew"),
        ("change_facts", 0, "begun anew"),
        ("change_facts", 1, "resumed"),
        ("put_in_place", 0, "resumed"),
        ("put_in_place", 1, "resumed"),
        ("rewrap_secret", 0, "resumed"),
        ("rewrap_secret", 1, "resumed"),
        ("rewrap_secret", 3, "resumed"),
        ("rewrap_secret", 4, "resumed"),
        ("change_facts", 2, "had finished"),
    ],
)
def test_a_killed_rotation_loses_nothing_and_is_resumed(
    session: Session, open_session: OpenSession, function: str, call: int, outcome: str
) -> None:
    saved(session, name="One")
    saved(session, name="Two")
    old = session.vault.key_id
    session.close()
    assert killed(session, function, call)
    after = open_session()
    stopped = [each for each in examine(open_session, session.places, {}, TERMINAL) if "rotate-key" in each.message]
    assert [each.state for each in stopped] == [State.WARN] * ("resumed" in outcome)
    for name in ("One", "Two"):
        version = open_provider(after, name=name)
        assert secret_of(after, version, "app_password") == PASSWORD
        assert secret_of(after, version, "app_key") == KEY
    assert verify(after).problem is None
    enter_key(after, "One", "meanwhile")
    done = rotate_key(open_session())
    assert done.resumed == ("resumed" in outcome)
    assert "finished" in outcome or done.old == old
    assert_whole(open_session(), "One", "Two")
    assert secret_of(after, open_provider(after, name="One"), "app_key") == "meanwhile"
    assert not next_to(session.key_path).exists()


def test_an_action_whose_entry_cannot_be_written_does_not_happen(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    key = session.key_path.read_bytes()
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    actions: list[Callable[[], object]] = [
        lambda: saved(session, name="Another"),
        lambda: enter_key(session, "Gateway", "x"),
        lambda: clear_secret(session, version, "app_key"),
        lambda: delete(session, version, "Gateway"),
        lambda: rotate_key(session),
    ]
    for action in actions:
        with pytest.raises(Failure):
            action()
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("DROP TRIGGER full")
    after = open_session()
    assert open_provider(after, name="Gateway") == version
    assert (after.store.count(), session.key_path.read_bytes()) == (7, key)
    assert_whole(after, "Gateway")


def test_a_report_without_files_is_in_words() -> None:
    assert in_words(Rotated("a", "b", "the passphrase", 1, 0, False, None)) == (
        "Master key a replaced by b, 1 secret wrapped anew."
    )


def test_a_vault_that_is_opened_while_the_key_changes_takes_the_new_one_when_it_saves(
    session: Session, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(session)
    late = open_session()
    _ = late.store
    find = master_key._found

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.undo()
        found = find(*arguments)
        rotate_key(session)
        return found

    monkeypatch.setattr(master_key, "_found", overtaken)
    assert late.vault.key_id != session.vault.key_id, "as of one moment, before the rotation"
    assert enter_key(late, "Gateway", "second").secrets["app_key"].version == 2
    assert late.vault.key_id == session.vault.key_id
    assert_whole(late, "Gateway")


def test_of_two_first_starts_that_choose_a_key_each_one_wins(
    open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(key="passphrase")
    session.ask_passphrase = asking("own horse", "own horse", "own horse")
    find = master_key._found
    faster = MasterKey.new().key_id

    def overtaken(mine: Session, store: ProviderStore, facts: Mapping[str, str]) -> Any:
        found = find(mine, store, facts)
        assert store.remember("key_id", faster) == faster
        return found

    monkeypatch.setattr(master_key, "_found", overtaken)
    with pytest.raises(VaultError, match=f"expected {faster}.*enter the right one"):
        _ = session.store
