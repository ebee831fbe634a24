"""A full disk, a read-only folder, a damaged or newer store, a lost or open key: one sentence, nothing lost."""

import hashlib
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.terminal.conftest import Start
from tests.terminal.harness import Console
from tests.terminal.program import (
    GATEWAY,
    PROGRAM,
    configure,
    field_text,
    go,
    open_form,
    places_of,
    run_command,
    shown,
    wait_row,
)


@pytest.fixture
def start_confined(environ: dict[str, str]) -> Iterator[Start]:
    """Starts the list of providers within limits; see `confined`."""
    with ExitStack() as stack:

        def start(*limits: str) -> Console:
            command = [sys.executable, "-m", "tests.terminal.confined", *limits, *PROGRAM, "providers"]
            # Python itself would leave half a .pyc file where files may not grow.
            return stack.enter_context(
                Console(command, {**environ, "PYTHONDONTWRITEBYTECODE": "1"}, columns=109, rows=30)
            )

        yield start


def store_of(environ: Mapping[str, str]) -> Path:
    """The store's file."""
    return places_of(environ).data / "local.sqlite3"


def digest(path: Path) -> str:
    """What a file holds, to see whether it was touched."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def held(store: Path) -> list[str]:
    """What a store holds, but for who is in which form."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        return [line for line in database.iterdump() if not line.startswith('INSERT INTO "presence"')]


def said(console: Console, *sentences: str) -> None:
    """Waits until the log pane has said something, however it is wrapped: a long path may break in a word."""
    for sentence in sentences:
        wanted = "".join(sentence.split())
        console.wait_for(lambda console, wanted=wanted: wanted in "".join(console.text.split()))  # type: ignore[misc]


def change_display_name(console: Console) -> None:
    """Types into From Display Name, of which nothing else depends."""
    console.press(*["tab"] * 9, "end")
    console.type("X")
    console.wait_for(lambda console: field_text(console, "From Display Name").startswith("Example BankX"))


def type_into_form(console: Console) -> None:
    """From the list into the form, and a change there."""
    open_form(console)
    change_display_name(console)


def test_full_disk(start_confined: Start, environ: dict[str, str]) -> None:
    configure(environ)
    before = digest(store_of(environ))
    log_before = (places_of(environ).state / "status.log").read_bytes()
    console = start_confined("--file-size", "100")
    type_into_form(console)
    said(console, "full: your edits are only in memory.")
    console.press("ctrl+s")
    said(console, "full: make room and try again. Nothing was changed. What you typed is kept.")
    console.press("esc")
    console.wait_for("k keep as draft")
    console.press("k")
    console.wait_for(lambda console: "k keep as draft" not in console.text)
    console.wait_quiet()
    assert field_text(console, "From Display Name").startswith("Example BankX"), (
        "a draft that cannot be kept is not left"
    )
    console.press("esc")
    console.wait_for("x throw away")
    console.press("x")
    wait_row(console, f"^▸ {GATEWAY}")
    console.press("q")
    assert console.wait_end() == 0
    assert digest(store_of(environ)) == before
    assert (places_of(environ).state / "status.log").read_bytes() == log_before
    assert shown(environ)["version"] == 2


def test_folder_that_turned_read_only(start_confined: Start, environ: dict[str, str]) -> None:
    configure(environ)
    data = places_of(environ).data
    before = digest(store_of(environ))
    store_of(environ).chmod(0o400)
    data.chmod(0o500)
    try:
        console = start_confined("--mode-bits")
        type_into_form(console)
        said(console, "Drafts may not be written to")
        console.press("ctrl+s")
        said(console, "may not be written: check the permissions of the file and its folder.")
        assert field_text(console, "From Display Name").startswith("Example BankX")
        console.close()
    finally:
        data.chmod(0o700)
    assert digest(store_of(environ)) == before
    assert sorted(path.name for path in data.iterdir()) == ["local.key", "local.sqlite3"]


def test_first_start_in_a_read_only_folder(start_confined: Start, environ: dict[str, str]) -> None:
    data = Path(environ["XDG_DATA_HOME"])
    data.chmod(0o500)
    try:
        console = start_confined("--mode-bits")
        said(console, "cannot be opened (Permission denied): correct that or name another file as store.")
        data.chmod(0o700)
        console.press("r")
        console.wait_for(GATEWAY)
    finally:
        data.chmod(0o700)


def overwrite_start(store: Path) -> None:
    """Another program wrote over its beginning."""
    with store.open("r+b") as file:
        file.write(b"garbage " * 512)


def overwrite_middle(store: Path) -> None:
    """The disk gave back something else."""
    size = store.stat().st_size
    with store.open("r+b") as file:
        file.seek(8192)
        file.write(b"U" * (size - 8192))


def cut(store: Path) -> None:
    """Half of it is gone."""
    with store.open("r+b") as file:
        file.truncate(store.stat().st_size // 2)


def make_newer(store: Path) -> None:
    """A newer release was here."""
    database = sqlite3.connect(store)
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (overwrite_start, "restore it from a backup. Nothing was overwritten."),
        (overwrite_middle, "restore it from a backup. Nothing was overwritten."),
        (cut, "restore it from a backup. Nothing was overwritten."),
        (make_newer, "install the newer one. Nothing was changed."),
    ],
)
def test_store_that_cannot_be_used(
    start_program: Start, environ: dict[str, str], harm: Callable[[Path], None], sentence: str
) -> None:
    configure(environ)
    harm(store_of(environ))
    before = digest(store_of(environ))
    console = start_program("providers", columns=109)
    said(console, "local.sqlite3", sentence)
    console.press("enter")
    go(console, "n", "New Channel Provider")
    console.press("esc")
    # The status log may say so while the form still has the keys.
    console.wait_for(lambda console: "New Channel Provider" not in console.text and "r tries again" in console.text)
    console.press("q")
    assert console.wait_end() == 0
    done = run_command(environ, "providers", "list")
    assert done.returncode == 5
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert digest(store_of(environ)) == before


def test_lost_key(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    key = places_of(environ).data / "local.key"
    aside = key.read_bytes()
    key.unlink()
    before = held(store_of(environ))
    console = start_program("providers", columns=109, rows=30)
    open_form(console)
    said(console, f"{key.name}", "restore")
    assert field_text(console, "App Key").startswith("unreadable, version 1")
    change_display_name(console)
    console.press("f8", "f7", "tab", "f7", "ctrl+s")
    said(console, "What you typed is kept.")
    assert not key.exists(), "a new key would make the old secrets unreadable for good"
    assert held(store_of(environ)) == before
    key.write_bytes(aside)
    key.chmod(0o600)
    console.press("ctrl+s")
    said(console, f"✓ Saved {GATEWAY} version 3 (1 field)")
    assert shown(environ)["values"]["app_key"] == {"set": True, "version": 1}


def test_key_that_others_may_read(start_program: Start, environ: dict[str, str]) -> None:
    configure(environ)
    key = places_of(environ).data / "local.key"
    key.chmod(0o644)
    before = digest(key), held(store_of(environ))
    console = start_program("providers", columns=109, rows=30)
    open_form(console)
    said(console, "run chmod 600 ")
    assert field_text(console, "App Key").startswith("unreadable, version 1")
    done = run_command(environ, "providers", "set", GATEWAY, "bulk_no=7", "--acknowledge", "secret_unreadable")
    assert done.returncode == 5
    assert "run chmod 600" in done.stderr
    assert (digest(key), held(store_of(environ))) == before
    key.chmod(0o600)
    console.press("esc")
    open_form(console)
    assert field_text(console, "App Key").startswith("set, version 1")
