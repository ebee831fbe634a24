"""Exit codes, and what is written where."""

import io
import sys
from pathlib import Path

import pytest

from ftos_tui.cli import output
from ftos_tui.cli.exits import ExitCode, UsageProblem, exit_code
from ftos_tui.cli.guard import guarded
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.failure import Failure
from ftos_tui.studio import failures

CHECKED = Checked({}, (), ())


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure("x"), ExitCode.OTHER),
        (UsageProblem("x"), ExitCode.USAGE),
        (failures.WrongConfirmation("x"), ExitCode.USAGE),
        (failures.NotFound("x"), ExitCode.OTHER),
        (failures.Refused(CHECKED), ExitCode.REFUSED),
        (failures.WarningsOpen(CHECKED, ()), ExitCode.REFUSED),
        (failures.StaleVersion("x", None), ExitCode.CONFLICT),
        (failures.NameTaken("x"), ExitCode.CONFLICT),
        (failures.NotPermitted("x"), ExitCode.NOT_PERMITTED),
        (failures.StoreReadOnly("x"), ExitCode.NOT_PERMITTED),
        (failures.StoreUnreachable("x"), ExitCode.STORE),
        (failures.StoreDamaged("x"), ExitCode.STORE),
        (failures.StoreNewer("x"), ExitCode.STORE),
        (failures.StoreFull("x"), ExitCode.STORE),
        (failures.VaultError("x"), ExitCode.STORE),
    ],
)
def test_every_failure_has_its_exit_code(failure: Failure, code: ExitCode) -> None:
    assert exit_code(failure) is code


def test_an_interrupt_and_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    def failed() -> int:
        raise Failure("a\x1b\nb")

    assert guarded(interrupted, lambda: tmp_path) == 130
    assert guarded(failed, lambda: tmp_path) == 1
    assert capsys.readouterr().err == "a␛␊b\n"
    assert guarded(lambda: 3, lambda: tmp_path) == 3


def test_a_reader_that_leaves_an_output_without_a_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    def main() -> int:
        output.say("x")
        return 3

    monkeypatch.setattr(sys, "stdout", Gone())
    assert guarded(main, lambda: tmp_path) == 0


def test_a_standard_error_that_is_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    output.complain("x")


def test_json_is_printable_ascii() -> None:
    text = output.json_text({"a": "\x7f\x1b\x9b\u202e\ud800é"})
    assert text.isascii()
    assert text.isprintable()


def test_wide_and_combining_characters_count_as_cells() -> None:
    assert output.cell_width("abc") == 3
    assert output.cell_width("漢字") == 4
    assert output.cell_width("e\u0301") == 1


def test_an_empty_array_and_an_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_json_array([])
    output.say_table(("A", "B"), [])
    output.say_pairs([])
    assert capsys.readouterr().out == "[]\nA  B\n"
