"""Folders and files that only their owner may enter and read."""

import os
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Makes a folder and its missing parents, each 0700 whatever the umask; one that is there stays as it is.

    Raises:
        OSError: The operating system refuses.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Makes an empty file 0600 whatever the umask; one that is there stays as it is.

    Raises:
        OSError: The operating system refuses.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
