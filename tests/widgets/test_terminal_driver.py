"""Driver and guard, without an app: pastes told from keys, a terminal given back, signals noticed."""

import asyncio
import os
import pty
import select
import signal
import termios
import threading
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.terminal import SafeApp
from ftos_tui.terminal.driver import (
    PASTE_END,
    PASTE_START,
    RESTORE,
    PasteSplitter,
    SafeDriver,
    TerminalFile,
    restore_terminal,
)
from ftos_tui.terminal.guard import Guard, terminal_gone


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    """Both ends of a pty: the terminal's and the program's."""
    master, slave = pty.openpty()
    yield master, slave
    for fd in (master, slave):
        try:
            os.close(fd)
        except OSError:
            continue


def split(splitter: PasteSplitter, *reads: str) -> tuple[str, list[str]]:
    """All keys as one text, and the pastes."""
    keys, pastes = "", []
    for read in reads:
        for is_paste, text in splitter.feed(read):
            if is_paste:
                pastes.append(text)
            else:
                keys += text
    return keys + splitter.release(), pastes


@given(st.data())
def test_paste_arrives_whole_however_it_is_cut(data: st.DataObject) -> None:
    pasted = data.draw(st.text().filter(lambda text: PASTE_END not in text + PASTE_END[:-1]))
    stream = f"ab{PASTE_START}{pasted}{PASTE_END}cd"
    # A cut after the mark's ESC, or its bracket, is the one that cannot be told from a key.
    cuts = data.draw(st.sets(st.integers(5, len(stream))))
    places = [0, *sorted(cuts), len(stream)]
    reads = [stream[start:end] for start, end in pairwise(places)]
    assert split(PasteSplitter(), *reads) == ("abcd", [pasted])


def test_escape_is_passed_on_at_once() -> None:
    splitter = PasteSplitter()
    assert list(splitter.feed("\x1b")) == [(False, "\x1b")]
    assert list(splitter.feed("\x1b[A")) == [(False, "\x1b[A")]
    assert splitter.release() == ""


def test_beginning_of_a_mark_without_its_rest_is_keys() -> None:
    splitter = PasteSplitter()
    assert list(splitter.feed("x\x1b[20")) == [(False, "x")]
    assert splitter.release() == "\x1b[20"
    assert list(splitter.feed(f"{PASTE_START}half\x1b[20")) == []
    assert splitter.release() == ""
    assert list(splitter.feed("1~")) == [(True, "half")]


def test_writing_to_a_vanished_terminal_is_silent(pair: tuple[int, int]) -> None:
    master, slave = pair
    file = TerminalFile(slave)
    assert file.fileno() == slave
    assert file.write("ö") == 1
    file.flush()
    assert os.read(master, 10) == "ö".encode()
    os.close(master)
    assert file.write("lost") == 4


def test_terminal_is_given_back(pair: tuple[int, int]) -> None:
    master, slave = pair
    before = termios.tcgetattr(slave)
    raw = termios.tcgetattr(slave)
    raw[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(slave, termios.TCSANOW, raw)
    os.write(master, b"typed but not read")
    restore_terminal(slave, before)
    assert os.read(master, 1000) == RESTORE.encode()
    assert termios.tcgetattr(slave)[3] == before[3]


def test_terminal_is_given_back_without_its_settings(pair: tuple[int, int]) -> None:
    master, slave = pair
    restore_terminal(slave, None)
    assert os.read(master, 1000) == RESTORE.encode()


def test_vanished_terminal_is_given_back_in_silence(pair: tuple[int, int]) -> None:
    master, slave = pair
    os.close(master)
    assert terminal_gone(slave)
    restore_terminal(slave, None)


def test_full_terminal_holds_nothing_up(pair: tuple[int, int]) -> None:
    _master, slave = pair
    os.set_blocking(slave, False)
    while select.select([], [slave], [], 0)[1]:
        os.write(slave, b"x" * 4096)
    restore_terminal(slave, termios.tcgetattr(slave))


class Notes:
    """What a guard asked for."""

    def __init__(self, fd: int) -> None:
        self.left: list[int] = []
        self.forced: list[int] = []
        self.asked = threading.Event()
        self.ended = threading.Event()
        self.woken = threading.Event()
        self.guard = Guard(fd, self.leave, self.force, self.woken.set, grace=0.05)

    def leave(self, code: int) -> None:
        self.left.append(code)
        self.asked.set()

    def force(self, code: int) -> None:
        self.forced.append(code)
        self.ended.set()


@pytest.fixture
def notes(pair: tuple[int, int]) -> Iterator[Notes]:
    notes = Notes(pair[1])
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    notes.guard.start()
    yield notes
    notes.guard.stop()
    assert {signum: signal.getsignal(signum) for signum in before} == before


def test_signal_asks_first_and_then_forces(notes: Notes) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert notes.ended.wait(60)
    assert (notes.left, notes.forced) == ([143], [143])


def test_signal_of_the_editor_is_ignored(notes: Notes) -> None:
    with notes.guard.ignoring(signal.SIGINT):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGHUP)
        assert notes.asked.wait(30)
    assert notes.left == [129]


def test_signal_of_the_editor_is_ignored_when_it_is_read_late(pair: tuple[int, int]) -> None:
    guard = Notes(pair[1]).guard
    guard._thread = threading.Thread(target=lambda: None)
    guard.start()
    try:
        with guard.ignoring(signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), signal.SIGINT)
        with guard.ignoring(signal.SIGINT):
            os.kill(os.getpid(), signal.SIGTERM)
        assert guard._wait() == 143
    finally:
        guard.stop()


def test_any_signal_wakes_the_loop(notes: Notes) -> None:
    before = signal.signal(signal.SIGWINCH, lambda signum, frame: None)
    os.kill(os.getpid(), signal.SIGWINCH)
    assert notes.woken.wait(60)
    signal.signal(signal.SIGWINCH, before)
    assert notes.left == []


def test_hang_up_is_noticed_at_once(pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.terminal.guard._CHECK_EVERY", 600_000)  # not only by the look once a second
    notes = Notes(pair[1])
    notes.guard.start()
    os.close(pair[0])
    assert notes.asked.wait(60)
    notes.guard.stop()
    assert notes.left == [129]


def test_guard_ends_quietly(notes: Notes) -> None:
    assert not terminal_gone(notes.guard.fd)
    assert notes.guard.attributes is not None


def test_descriptor_that_cannot_be_polled_is_looked_at(pair: tuple[int, int]) -> None:
    # A closed descriptor answers as a terminal does on systems that poll none.
    fd = os.dup(pair[1])
    notes = Notes(fd)
    os.close(fd)
    notes.guard.start()
    assert notes.asked.wait(60)
    notes.guard.stop()
    assert notes.left == [129]


@pytest.fixture
async def driver(pair: tuple[int, int]) -> AsyncIterator[SafeDriver]:
    """A driver on a pty, not started."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGTSTP, signal.SIGCONT)}
    driver = SafeDriver(SafeApp())
    driver.fileno = pair[1]
    yield driver
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def written(driver: SafeDriver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the driver writes."""
    written: list[str] = []
    monkeypatch.setattr(driver, "write", written.append)
    return written


async def test_mouse_in_pixels_is_switched_off_too(driver: SafeDriver, written: list[str]) -> None:
    driver._enable_mouse_pixels()
    driver.switch_mouse(False)
    assert "\x1b[?1016l" in written
    written.clear()
    driver.switch_mouse(False)
    assert written == []
    driver.switch_mouse(True)
    assert "\x1b[?1016h" in written


async def test_title_is_put_aside_once(driver: SafeDriver, written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    driver.set_title("printed by the console")
    assert written == []
    monkeypatch.setenv("TERM", "xterm")
    driver.set_title("one")
    driver.set_title("two")
    assert written == ["\x1b[22;2t", "\x1b]2;one\x1b\\", "\x1b]2;two\x1b\\"]


async def test_reading_ends_with_the_terminal(driver: SafeDriver, pair: tuple[int, int]) -> None:
    os.close(pair[0])
    await asyncio.wait_for(asyncio.to_thread(driver._run_input_thread), 5)


async def test_reading_ends_at_the_end_of_a_file(driver: SafeDriver) -> None:
    driver.fileno, writer = os.pipe()
    os.close(writer)
    await asyncio.wait_for(asyncio.to_thread(driver._run_input_thread), 5)
    os.close(driver.fileno)


async def test_error_while_reading(driver: SafeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []
    monkeypatch.setattr(driver._app, "call_later", lambda *arguments: handed.extend(arguments))
    for error in (OSError("gone"), ValueError("not expected")):
        monkeypatch.setattr(driver, "run_input_thread", Mock(side_effect=error))
        driver._run_input_thread()
    assert handed == [driver._app._handle_exception, error]


async def test_continue_without_a_terminal_starts_nothing(driver: SafeDriver, pair: tuple[int, int]) -> None:
    os.close(pair[0])
    driver._sigcont_application()
    assert driver._key_thread is None
