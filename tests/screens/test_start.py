"""What a start does without, so that the first frame comes soon."""

import gc
import os
import subprocess
import sys

from ftos_tui.app import switch_collector_on

_LATER = (
    "sqlalchemy",
    "sqlite3",
    "pydantic",
    "cryptography",
    "email_validator",
    "typer",
    "ftos_tui.domain.checks.record",
    "ftos_tui.screens.edit",
    "ftos_tui.screens.providers",
)


def test_the_first_frame_imports_nothing_that_it_does_not_need() -> None:
    code = f"import sys, ftos_tui.app; print([name for name in {_LATER} if name in sys.modules])"
    # Coverage in the child would itself import what must not be.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ended = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_the_collector_runs_again_once_the_start_is_over() -> None:
    gc.disable()
    try:
        switch_collector_on()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0, "what was imported is left out"
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_collector_that_runs_is_left_alone() -> None:
    before = gc.get_freeze_count()
    switch_collector_on()
    assert gc.isenabled()
    assert gc.get_freeze_count() == before
