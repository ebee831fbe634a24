"""The line that says how far something is."""

import io
from types import SimpleNamespace

import pytest

from ftos_tui.cli.progress import ProgressLine


class Screen(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Standard error of this test, and a clock that ticks a second each time it is looked at."""
    found = Screen()
    # Not sys.stderr itself: between set-up and call pytest puts its own back.
    monkeypatch.setattr("ftos_tui.cli.progress.sys", SimpleNamespace(stderr=found))
    ticks = iter(range(1, 1000))
    monkeypatch.setattr("ftos_tui.cli.progress.time.monotonic", lambda: float(next(ticks)))
    return found


def test_it_rewrites_its_line_and_takes_it_away(screen: Screen) -> None:
    with ProgressLine("Writing", lambda done: done / 200) as progress:
        for done in (0, 100, 400):
            progress(done)
    lines = screen.getvalue().split("\r")
    bars = ["." * 20, "#" * 10 + "." * 10, "#" * 20]
    assert lines[1:4] == [f"Writing [{bar}] {done}" for bar, done in zip(bars, (0, 100, 400), strict=True)]
    assert lines[4:] == [" " * len(lines[3]), ""]


def test_without_a_share_it_counts(screen: Screen) -> None:
    with ProgressLine("Reading") as progress:
        progress(1500)
        progress(3)
    assert screen.getvalue() == "\rReading 1,500\rReading 3    \r         \r"


def test_it_shows_ten_lines_a_second_at_most(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.cli.progress.time.monotonic", lambda: 7.0)
    with ProgressLine("Reading") as progress:
        for done in range(100):
            progress(done)
    assert screen.getvalue().count("Reading") == 1


def test_elsewhere_than_at_a_terminal_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine("Reading") as progress:
        progress(5)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_is_gone_stops_nothing(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(text: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(screen, "write", gone)
    with ProgressLine("Reading") as progress:
        progress(5)
    assert screen.getvalue() == ""
