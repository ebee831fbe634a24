"""Trials by command: set on trial, shown, confirmed, reverted by whoever comes next."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from ftos_tui.domain.record import Author
from ftos_tui.domain.trial import LONGEST_TRIAL, Trial, trial_length
from tests.cli.conftest import Run

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def test_a_trial_is_set_shown_and_confirmed(run: Run, gateway: str) -> None:
    with time_machine.travel(NOON, tick=False):
        outcome = run("providers", "set", gateway, "bulk_no=500", "--trial", "10")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == (
            "Saved FTOSEmailGateway version 3 (1 field).\n"
            "On trial: reverts to version 2 at 12:10:00 UTC unless confirmed: "
            "ftos-tui providers confirm FTOSEmailGateway\n"
        )
        assert run("providers", "show", gateway, "--json").json["trial"] == {
            "version": 3,
            "deadline": "2026-01-02T12:10:00Z",
        }
        shown = run("providers", "show", gateway)
        assert "Trial" in shown.out
        assert "On trial: reverts to version 2 at 12:10:00 UTC unless confirmed" in shown.out
        assert "ready, on trial until 12:10:00" in run("providers", "list").out
        assert "trial" not in run("providers", "list", "--json").out
        assert run("providers", "confirm", "ftosemailgateway", "--json").json == {
            "name": gateway,
            "version": 3,
            "confirmed": True,
        }
        again = run("providers", "confirm", gateway)
        assert (again.code, again.err) == (4, "FTOSEmailGateway is not on trial: nothing to confirm.\n")
    with time_machine.travel(NOON + timedelta(hours=1)):
        shape = run("providers", "show", gateway, "--json").json
    assert (shape["version"], shape["values"]["bulk_no"], shape["trial"]) == (3, 500, None)


def test_the_next_command_reverts_and_says_so(run: Run, gateway: str) -> None:
    with time_machine.travel(NOON, tick=False):
        set_on_trial = run("providers", "set", gateway, "bulk_no=500", "--trial", "30s", "--json")
        assert set_on_trial.json["trial"] == {"version": 3, "deadline": "2026-01-02T12:00:30Z"}
    with time_machine.travel(NOON + timedelta(seconds=29), tick=False):
        assert run("providers", "show", gateway, "--json").json["version"] == 3
    with time_machine.travel(NOON + timedelta(seconds=30), tick=False):
        outcome = run("providers", "show", gateway, "--json")
    assert (outcome.json["version"], outcome.json["values"]["bulk_no"], outcome.json["trial"]) == (4, 50, None)
    assert outcome.err == (
        "Reverted FTOSEmailGateway to version 2, as version 4: nobody confirmed the trial of version 3 by 12:00:30 "
        "UTC.\n"
    )
    assert outcome.err[:-1] in run("log").out
    late = run("providers", "confirm", gateway)
    assert (late.code, late.err) == (4, "FTOSEmailGateway is not on trial: nothing to confirm.\n")


def test_confirm_in_words(run: Run, gateway: str) -> None:
    run("providers", "set", gateway, "bulk_no=500", "--trial", "1h")
    assert run("providers", "confirm", gateway).out == "Confirmed FTOSEmailGateway version 3: it stays.\n"
    assert run("providers", "confirm", "nobody").code == 1


@pytest.mark.parametrize("written", ["0", "", "-1", "1441", "25h", "ten", "10x", "１０", "9999999", "0s", "1.5"])
def test_what_is_no_length_of_a_trial(run: Run, gateway: str, written: str) -> None:
    outcome = run("providers", "set", gateway, "bulk_no=500", f"--trial={written}")
    assert outcome.code == 2
    assert outcome.err.startswith("--trial: ")
    assert run("providers", "show", gateway, "--json").json["version"] == 2


@pytest.mark.parametrize(
    ("written", "seconds"), [("10", 600), ("1s", 1), (" 2 H ", 7200), ("24h", 86400), ("1440m", 86400)]
)
def test_lengths_of_a_trial(written: str, seconds: int) -> None:
    assert trial_length(written).total_seconds() == seconds
    assert trial_length(written) <= LONGEST_TRIAL


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=10), "10:00"),
        (timedelta(seconds=9.2), "0:10"),
        (timedelta(hours=1, minutes=2, seconds=7), "1:02:07"),
        (timedelta(0), "0:00"),
        (timedelta(days=-1), "0:00"),
    ],
)
def test_the_time_that_is_left(left: timedelta, words: str) -> None:
    trial = Trial("p", "A", 2, 1, NOON + left, NOON, Author("ana", "jump1"))
    assert trial.left(NOON) == words
    assert trial.is_over(NOON) == (left <= timedelta(0))


def test_a_new_provider_has_nothing_to_go_back_to(run: Run) -> None:
    outcome = run("providers", "set", "Another", "--new", "--trial", "10")
    assert (outcome.code, outcome.err) == (
        2,
        "A new provider has no version to go back to: leave --trial or --new out.\n",
    )


def test_a_killed_process_does_not_stop_the_revert(run: Run, gateway: str, home: Path) -> None:
    """The deadline is in the store: the process that saved is killed before it can do anything more."""
    kill_itself = (
        "import os, signal, sys; sys.argv[1:] = sys.argv[1:]\n"
        "from ftos_tui.cli import changing\n"
        "changing.say_trial = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from ftos_tui.__main__ import main; main()"
    )
    arguments = ("providers", "set", gateway, "bulk_no=500", "--trial", "1s")
    done = subprocess.run(
        [sys.executable, "-c", kill_itself, *arguments], env={**os.environ, "HOME": str(home)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 20
    while (shape := run("providers", "show", gateway, "--json").json)["trial"] is not None:
        assert shape["values"]["bulk_no"] == 500
        assert time.monotonic() < until
    assert (shape["version"], shape["values"]["bulk_no"]) == (4, 50)
