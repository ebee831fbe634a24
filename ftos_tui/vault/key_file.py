"""The master key file: a regular file of our own that nobody else may read, made once and never overwritten."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from ftos_tui.vault.errors import KeyUnreachable, KeyUnsafe, KeyWrong
from ftos_tui.vault.master_key import MasterKey

_LONGEST: Final = 1024


def read_key_file(path: Path) -> MasterKey | None:
    """The key in the file, or None when there is no such file.

    Args:
        path: The key file.

    Raises:
        KeyUnsafe: It is a link, no regular file, somebody else's, or others may read it.
        KeyWrong: It holds no key.
        KeyUnreachable: The operating system refuses.
    """
    try:
        # Without O_NONBLOCK a pipe in its place would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyUnsafe(f"The master key file {path} is a link: put the key itself there.") from None
        raise _unreachable(path, error, "be read") from error
    try:
        _refuse_unsafe(path, os.fstat(descriptor))
        text = os.read(descriptor, _LONGEST)
    except OSError as error:
        raise _unreachable(path, error, "be read") from error
    finally:
        os.close(descriptor)
    return key_in(text, f"file {path}")


def key_in(text: bytes, source: str) -> MasterKey:
    """The key in its written form.

    Args:
        text: The written form.
        source: Where it came from, as the sentence names it.

    Raises:
        KeyWrong: That is no key.
    """
    try:
        return MasterKey.from_text(text)
    except ValueError:
        raise KeyWrong(
            f"The master key {source} holds no key: restore it from your backup (32 bytes in base64)."
        ) from None


def next_to(path: Path) -> Path:
    """Where the key waits that is to take the place of the one in a key file."""
    return path.with_name(f"{path.name}.next")


def make_key_file(path: Path, key: MasterKey | None = None) -> MasterKey:
    """Makes the file with a fresh key, or takes the key of whoever was faster.

    The key is written and synced under another name and then linked into place, so that two processes starting at
    once end with one key and nobody ever reads half of one.

    Args:
        path: The key file; missing folders are made, for the owner only.
        key: The key to write; None for a fresh one.

    Raises:
        KeyUnsafe, KeyWrong: What is there by now is not to be used.
        KeyUnreachable: It cannot be made there.
    """
    interim = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _make_folders(path.parent)
        _write_synced(interim, (key or MasterKey.new()).to_text())
        try:
            os.link(interim, path, follow_symlinks=False)
        except FileExistsError:
            pass
        finally:
            interim.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise _unreachable(path, error, "be made") from error
    made = read_key_file(path)
    if made is None:
        raise KeyUnreachable(f"The master key file {path} vanished while it was made: try again.")
    return made


def replace_next(path: Path, key: MasterKey) -> MasterKey:
    """Lays a key beside a key file, in the place of one that was laid there for nothing.

    Only for who rotates keys alone: the key that lies there must not be the store's.

    Args:
        path: The key file.
        key: The key to come.

    Raises:
        KeyUnsafe, KeyWrong, KeyUnreachable: It cannot be done.
    """
    with suppress(FileNotFoundError):
        next_to(path).unlink()
    return make_key_file(next_to(path), key)


def put_in_place(path: Path) -> Path | None:
    """Puts the key that waits beside a key file into it; the key that was there is kept under its id.

    Whenever the process dies, both keys are on disk and one of them is in the file.

    Args:
        path: The key file; beside it lies the one to take its place.

    Returns:
        Where the key that was there is kept now; None when there was none.

    Raises:
        KeyUnsafe, KeyWrong: What is there must not be touched.
        KeyUnreachable: The operating system refuses.
    """
    older = read_key_file(path)
    kept = None if older is None else path.with_name(f"{path.name}.{older.key_id}.old")
    try:
        if kept is not None:
            with suppress(FileExistsError):
                os.link(path, kept, follow_symlinks=False)
        next_to(path).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unreachable(path, error, "be replaced") from error
    return kept


def _refuse_unsafe(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnsafe(f"The master key file {path} is not a regular file: put the key itself there.")
    if status.st_uid != os.geteuid():
        raise KeyUnsafe(f"The master key file {path} belongs to another user: run chown $USER {path}")
    if stat.S_IMODE(status.st_mode) not in (0o600, 0o400):
        raise KeyUnsafe(f"Others may read or run the master key file: run chmod 600 {path}")


def _unreachable(path: Path, error: OSError, what: str) -> KeyUnreachable:
    return KeyUnreachable(
        f"The master key file {path} cannot {what} ({error.strerror}): correct that or name another file as key_file."
    )


def _make_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
