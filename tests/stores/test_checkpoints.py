"""Checkpoints in files and with the system's log, over real sockets."""

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ftos_tui.stores.checkpoints import (
    Checkpoint,
    append_checkpoint,
    checkpoint_in,
    checkpoint_lines,
    send_checkpoint,
)
from ftos_tui.stores.protocol import StoreUnreachable
from tests.stores.making import sign

TAKEN = Checkpoint("s", "local", 7, "ab" * 32, "2026-01-02T12:00:00.000000+00:00", "ana@jump1").signed(sign)


def test_a_checkpoint_reads_back_from_any_line_that_holds_it() -> None:
    assert checkpoint_in(TAKEN.to_line()) == TAKEN
    assert checkpoint_in(f"<86>Jan  2 12:00:00 jump1 ftos-tui: {TAKEN.to_line()}\n") == TAKEN
    assert TAKEN.is_genuine(sign)
    for changed in (
        {"store_id": "t"},
        {"environment": "prod"},
        {"sequence": 8},
        {"mac": "cd" * 32},
        {"at": "2026"},
        {"who": "eve"},
        {"signature": "00"},
        {"signature": "é"},
    ):
        assert not replace(TAKEN, **changed).is_genuine(sign)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ftos-tui checkpoint",
        '{"kind":"ftos-tui checkpoint"}',
        '{"kind":"other"}',
        TAKEN.to_line()[:-1],
        TAKEN.to_line().replace(":7,", ':"7",'),
        TAKEN.to_line().replace(":7,", ":true,"),
        TAKEN.to_line().replace('"who"', '"whom"'),
    ],
)
def test_what_is_no_checkpoint_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        checkpoint_in(line)


def test_a_file_is_made_private_and_only_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    before = os.umask(0)
    try:
        append_checkpoint(path, TAKEN)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    later = replace(TAKEN, sequence=8).signed(sign)
    with path.open("a") as file:
        file.write("a line that was cut sh")
    append_checkpoint(path, later)
    assert [(number, checkpoint_in(line)) for number, line in checkpoint_lines(path)] == [(1, TAKEN), (3, later)]
    assert path.read_text().endswith("\n")


def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="Is a directory"):
        append_checkpoint(tmp_path, TAKEN)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnreachable, match="no checkpoint was taken"):
        append_checkpoint(tmp_path / "link", TAKEN)
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(StoreUnreachable, match="No such file"):
        list(checkpoint_lines(tmp_path / "nowhere"))
    with pytest.raises(StoreUnreachable, match="No space left"):
        append_checkpoint(Path("/dev/full"), TAKEN)


@pytest.fixture
def log_server() -> Iterator[socket.socket]:
    """A server for the system's log over UDP, on this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        yield server


def test_a_log_server_gets_one_datagram_with_facility_authpriv(log_server: socket.socket) -> None:
    send_checkpoint(f"127.0.0.1:{log_server.getsockname()[1]}", TAKEN)
    said = log_server.recv(65536).decode()
    assert said.startswith("<86>ftos-tui: {"), "authpriv is 10, informational 6 (RFC 5424)"
    assert checkpoint_in(said) == TAKEN
    assert "\0" not in said


def test_the_local_log_is_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has at most 108 bytes
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("log")
        server.settimeout(10)
        link = Path("/tmp") / f"ftos-tui-{os.getpid()}"
        link.symlink_to(tmp_path)
        try:
            send_checkpoint(str(link / "log"), TAKEN)
        finally:
            link.unlink()
        assert checkpoint_in(server.recv(65536).decode()) == TAKEN


def test_a_log_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="no checkpoint was taken"):
        send_checkpoint(str(tmp_path / "nobody-listens"), TAKEN)


@pytest.mark.parametrize(
    "address", ["", "log", "host", "host:0", "host:65536", "host:x", "host:1:2", "ho st:1", "[::1]"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        send_checkpoint(address, TAKEN)
