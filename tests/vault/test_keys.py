"""Where the master key comes from, and what is refused."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.secret import Secret
from ftos_tui.vault import (
    Binding,
    KeyLost,
    KeyUnreachable,
    KeyUnsafe,
    KeyWrong,
    Vault,
    VaultError,
    key_file,
    open_vault,
)
from ftos_tui.vault.key_file import next_to, put_in_place, read_key_file, replace_next
from ftos_tui.vault.master_key import MasterKey

ROOT = Path(__file__).parents[2]


def opened(path: Path, **changes: Any) -> Vault:
    given: dict[str, Any] = {
        "environment": "local",
        "key_file": path,
        "expected_key_id": None,
        "may_create": True,
        "environ": {},
    }
    return open_vault(**{**given, **changes})


def put(path: Path, key: MasterKey, mode: int = 0o600) -> MasterKey:
    path.write_bytes(key.to_text())
    path.chmod(mode)
    return key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key file belongs."""
    return tmp_path / "local.key"


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o377])
def test_the_key_file_is_made_private_on_first_use(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "share" / "ftos-tui" / "local.key"
    before = os.umask(umask)
    try:
        if umask == 0o377:
            path.parent.mkdir(parents=True)
            path.parent.chmod(0o700)
        vault = opened(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["local.key"]
    if umask != 0o377:
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}
    assert vault.warning is None
    assert vault.source == f"file {path}"
    again = opened(path, expected_key_id=vault.key_id)
    place = Binding("local", "p", "app_key", 1, "d")
    assert again.unseal(vault.seal(Secret("x"), place), place) == Secret("x")
    assert again.sign(b"x") == vault.sign(b"x")
    assert repr(vault) == f"Vault({vault.key_id})"


def test_no_key_is_made_for_a_store_that_knows_one(path: Path) -> None:
    with pytest.raises(KeyLost, match="restore") as refused:
        opened(path, expected_key_id="0" * 16)
    assert str(path) in str(refused.value)
    assert not path.exists()


def test_no_key_is_made_where_none_may_be(path: Path) -> None:
    with pytest.raises(KeyLost, match="has no master key: put one into"):
        opened(path, may_create=False)
    assert not path.exists()


def test_another_key_than_the_stores_is_wrong(path: Path) -> None:
    key = put(path, MasterKey.new())
    with pytest.raises(KeyWrong, match=f"found {key.key_id}, expected {'0' * 16}"):
        opened(path, expected_key_id="0" * 16)


@pytest.mark.parametrize("content", [b"", b"\0" * 32, b"x" * 5000])
def test_a_file_without_a_key_is_wrong_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyWrong, match="holds no key"):
        opened(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o700, 0o660])
def test_a_file_that_others_may_read_is_unsafe(path: Path, mode: int) -> None:
    put(path, MasterKey.new(), mode)
    with pytest.raises(KeyUnsafe, match=f"chmod 600 {path}"):
        opened(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_the_owner_alone_is_safe(path: Path, mode: int) -> None:
    assert put(path, MasterKey.new(), mode).key_id == opened(path).key_id


def test_a_link_is_unsafe(path: Path, tmp_path: Path) -> None:
    put(tmp_path / "real", MasterKey.new())
    path.symlink_to(tmp_path / "real")
    with pytest.raises(KeyUnsafe, match="is a link"):
        opened(path)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(KeyUnsafe, match="is a link"):
        opened(path)


def test_what_is_no_regular_file_is_unsafe_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyUnsafe, match="regular file"):
        opened(path)
    path.unlink()
    path.mkdir(0o600)
    with pytest.raises(KeyUnsafe, match="regular file"):
        opened(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_is_unsafe(path: Path) -> None:
    put(path, MasterKey.new())
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyUnsafe, match="another user"):
        opened(path)


def test_what_the_system_refuses_is_said(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyUnreachable, match="Not a directory"):
        opened(tmp_path / "file" / "key")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(key_file, "_write_synced", refuse)
        with pytest.raises(KeyUnreachable, match=r"cannot be made \(No space left on device\)"):
            opened(path)
        assert not path.exists()
    put(path, MasterKey.new())
    with monkeypatch.context() as patched:
        patched.setattr(key_file, "_refuse_unsafe", refuse)
        with pytest.raises(KeyUnreachable, match=r"cannot be read"):
            opened(path)


def test_a_key_file_that_vanishes_while_it_is_made_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_file, "_sync_folder", lambda folder: path.unlink())
    with pytest.raises(KeyUnreachable, match="try again"):
        opened(path)


def test_who_is_slower_takes_the_key_of_who_was_faster(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faster = MasterKey.new()
    make = key_file._write_synced

    def overtaken(interim: Path, text: bytes) -> None:
        make(interim, text)
        put(path, faster)

    monkeypatch.setattr(key_file, "_write_synced", overtaken)
    assert opened(path).key_id == faster.key_id
    assert [file.name for file in path.parent.iterdir()] == ["local.key"]


def test_processes_that_start_at_once_end_with_one_key(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ftos_tui.vault import open_vault; sys.stdin.readline();"
        "print(open_vault(environment='local', key_file=Path(sys.argv[1]), expected_key_id=None, may_create=True,"
        " environ={}).key_id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    key_ids = {process.communicate(timeout=30)[0] for process in processes}
    assert key_ids == {opened(path).key_id + "\n"}


def test_the_systemd_credential_comes_first(path: Path, tmp_path: Path) -> None:
    put(path, MasterKey.new())
    credential = put(tmp_path / "ftos-tui-master-key", MasterKey.new(), 0o440)
    vault = opened(path, environ={"CREDENTIALS_DIRECTORY": str(tmp_path), "FTOS_TUI_MASTER_KEY": "no key"})
    assert (vault.key_id, vault.warning) == (credential.key_id, None)
    assert "systemd" in vault.source
    (tmp_path / "ftos-tui-master-key").write_bytes(b"broken")
    with pytest.raises(KeyWrong, match="credential"):
        opened(path, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_credential_folder_without_ours_does_not_count(path: Path, tmp_path: Path) -> None:
    key = put(path, MasterKey.new())
    assert opened(path, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}).key_id == key.key_id
    (tmp_path / "ftos-tui-master-key").mkdir()
    with pytest.raises(KeyUnreachable, match="LoadCredential"):
        opened(path, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_the_passphrase_is_asked_for_when_there_is_no_file(path: Path) -> None:
    salt = bytes(16)
    vault = opened(
        path, ask_passphrase=lambda: Secret("correct horse"), salt=salt, environ={"FTOS_TUI_MASTER_KEY": "x"}
    )
    assert vault.key_id == MasterKey.from_passphrase(Secret("correct horse"), salt).key_id
    assert not path.exists()
    with pytest.raises(KeyWrong, match="from the passphrase"):
        opened(path, ask_passphrase=lambda: Secret("wrong"), salt=salt, expected_key_id=vault.key_id)
    with pytest.raises(KeyWrong, match="No passphrase"):
        opened(path, ask_passphrase=lambda: Secret(""), salt=salt)
    with pytest.raises(ValueError, match="salt"):
        opened(path, ask_passphrase=lambda: Secret("x"))
    put(path, MasterKey.new())
    assert opened(path, ask_passphrase=lambda: pytest.fail("asked")).source == f"file {path}"


def test_a_source_that_was_chosen_is_the_only_one(path: Path, tmp_path: Path) -> None:
    environ = {
        "CREDENTIALS_DIRECTORY": str(tmp_path / "none"),
        "FTOS_TUI_MASTER_KEY": MasterKey.new().to_text().decode(),
    }
    with pytest.raises(KeyLost, match=r"has no master key: give the unit LoadCredential=ftos-tui-master-key:PATH"):
        opened(path, source="credential", environ=environ)
    with pytest.raises(KeyLost, match="nobody can be asked for it here"):
        opened(path, source="passphrase", environ=environ)
    assert not path.exists()
    made = opened(path, source="file", environ=environ)
    assert made.source == f"file {path}"
    with pytest.raises(KeyLost, match="is a passphrase: nobody can be asked"):
        opened(path, source="passphrase", expected_key_id="0" * 16)
    with pytest.raises(KeyLost, match="is missing: restore"):
        opened(path, source="credential", expected_key_id="0" * 16)


def test_a_key_file_counts_wherever_it_holds_the_expected_key(path: Path, tmp_path: Path) -> None:
    put(tmp_path / "ftos-tui-master-key", MasterKey.new(), 0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    old, new = put(path, MasterKey.new()), put(next_to(path), MasterKey.new())
    for source in ("auto", "credential", "file"):
        assert opened(path, source=source, environ=environ, expected_key_id=new.key_id).source == f"file {path}.next"
        assert opened(path, source=source, environ=environ, expected_key_id=old.key_id).source == f"file {path}"


def test_the_key_beside_a_key_file_takes_its_place_and_both_are_kept(path: Path) -> None:
    old = put(path, MasterKey.new())
    new = replace_next(path, MasterKey.new())
    newer = replace_next(path, MasterKey.new())
    assert newer.key_id != new.key_id
    kept = put_in_place(path)
    assert kept == path.with_name(f"local.key.{old.key_id}.old")
    for file, key in ((path, newer), (kept, old)):
        read = read_key_file(file)
        assert read is not None
        assert read.key_id == key.key_id
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(KeyUnreachable, match="cannot be replaced"):
        put_in_place(path)
    path.unlink()
    replace_next(path, old)
    assert put_in_place(path) is None
    assert opened(path).key_id == old.key_id


def test_the_environment_variable_comes_last_and_warns(path: Path) -> None:
    key = MasterKey.new()
    vault = opened(path, environ={"FTOS_TUI_MASTER_KEY": key.to_text().decode()})
    assert vault.key_id == key.key_id
    assert vault.warning is not None
    assert "FTOS_TUI_MASTER_KEY" in vault.warning
    assert not path.exists()
    with pytest.raises(KeyWrong, match="variable FTOS_TUI_MASTER_KEY holds no key") as refused:
        opened(path, environ={"FTOS_TUI_MASTER_KEY": "canary\udcff"})
    assert "canary" not in str(refused.value)


def test_every_failure_is_one_that_faces_show() -> None:
    assert issubclass(VaultError, Failure)


def test_importing_and_opening_the_vault_does_not_import_cryptography(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ftos_tui.vault import open_vault;"
        "open_vault(environment='local', key_file=Path(sys.argv[1]), expected_key_id=None, may_create=True,"
        " environ={});"
        "print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
