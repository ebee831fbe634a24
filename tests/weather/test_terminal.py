"""The program in a real terminal while its store comes and goes, and when it is killed in the middle of a save."""

import signal
from pathlib import Path

import pytest

from tests.screens.values import NAME
from tests.team import Team
from tests.terminal.conftest import Start, environ, start_program
from tests.terminal.harness import Console
from tests.terminal.program import field_text, open_form, places_of, wait_row
from tests.weather.bad_line import BadLine
from tests.weather.making import directly

__all__ = ["environ", "start_program"]


@pytest.fixture
def operators_home(team: Team, line: BadLine, environ: dict[str, str]) -> Path:
    """The operator's data folder; the settings lead to the store over the line."""
    config = places_of(environ).config
    config.parent.mkdir(parents=True)
    config.write_text(team.toml(port=(line.port,)))
    team.give_key(places_of(environ).data)
    return places_of(environ).data


def type_bulk_no(console: Console, text: str) -> None:
    """Replaces Bulk No in the open form, and waits until the draft is on disk."""
    console.press(*["tab"] * 10, "ctrl+e", "ctrl+u")
    console.type(text)
    console.wait_for(lambda console: field_text(console, "Bulk No") == text)


def test_killed_while_a_save_is_on_its_way(
    team: Team, line: BadLine, operators_home: Path, start_program: Start
) -> None:
    console = start_program("providers")
    open_form(console)
    type_bulk_no(console, "77")
    line.frozen = True
    console.press("ctrl+s")
    console.wait_for(r"Waiting for the store 127.0.0.1")
    console.wait_for(lambda _: any('"operation_id": "' in path.read_text() for path in drafts(operators_home)))
    console.kill(signal.SIGKILL)
    console.wait_end()
    line.cut()
    line.frozen = False
    again = start_program("providers")
    wait_row(again, f"{NAME} was not saved when the program ended: its draft is")
    wait_row(again, "Bulk No +50 +77")
    with directly(team) as truth:
        assert truth.store.by_name(NAME).number == 2


def drafts(home: Path) -> list[Path]:
    """The drafts on disk."""
    return list((home / "drafts").glob("*.draft.json"))


def test_a_store_that_is_gone_at_the_start_is_tried_again_by_a_key_and_drafts_are_there(
    line: BadLine, operators_home: Path, start_program: Start
) -> None:
    console = start_program("providers")
    open_form(console)
    type_bulk_no(console, "77")
    console.press("escape")
    console.wait_for("1 unsaved change.")
    console.type("k")
    console.wait_for("Kept the draft")
    console.press("q")
    assert console.wait_end() == 0
    line.down = True
    line.cut()
    away = start_program("providers")
    wait_row(away, r"Bulk No +\? +77")
    wait_row(away, "Go on editing .*Esc Back")
    away.press("escape")
    wait_row(away, "· r tries again")
    away.press("u")
    wait_row(away, f"{NAME} +version 2")
    away.press("escape")
    wait_row(away, "· r tries again")
    line.down = False
    away.press("r")
    wait_row(away, f"✎{NAME} ")
