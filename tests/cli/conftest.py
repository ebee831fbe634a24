"""Runs the program as a shell would, inside this process, with folders of its own."""

import gc
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.__main__ import main

GOOD = (
    "provider_name=SendGrid",
    "service_url=https://api.sendgrid.com",
    "app_user=apikey",
    "app_config={}",
    "from_address=office@bank.example.com",
    "bulk_no=50",
    "interval_min=09:00:00",
    "interval_max=18:00:00",
    "retry_max_attempt=3",
    "pool_time_retry=00:30:00",
    "open_setting=on",
    "click_setting=off",
)
PASSWORD = "canary-password-4711"
KEY = "canary-key-0815"
SECRETS = ("--secret", "app_password", "--secret", "app_key")
BOTH_SECRETS = f"{PASSWORD}\n{KEY}\n"


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, also for the processes it starts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    for name in ("FTOS_TUI_ENV", "FTOS_TUI_CONFIG", "FTOS_TUI_MASTER_KEY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command line; `input` is its standard input, which is no terminal."""
    thresholds = gc.get_threshold()

    def run_once(*arguments: str, input: str | bytes = b"") -> Outcome:
        data = input.encode() if isinstance(input, str) else input
        monkeypatch.setattr(sys, "argv", ["ftos-tui", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        monkeypatch.setitem(os.environ, "PYDANTIC_DISABLE_PLUGINS", "__all__")
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        code = left.value.code
        assert isinstance(code, int)
        return Outcome(code, printed.out, printed.err)

    yield run_once
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a provider that is configured, version 2; made once, to be copied."""
    home = tmp_path_factory.mktemp("home")
    others = {name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "FTOS_TUI_"))}
    command = [sys.executable, "-m", "ftos_tui", "providers", "set", "FTOSEmailGateway", *GOOD, *SECRETS]
    environ = {**others, "HOME": str(home)}
    done = subprocess.run(command, env=environ, input=BOTH_SECRETS, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return home


@pytest.fixture
def configured(home: Path, made_home: Path) -> Path:
    """A home with a provider that is configured, version 2."""
    shutil.copytree(made_home, home, dirs_exist_ok=True)
    return home


@pytest.fixture
def gateway(configured: Path, run: Run) -> str:
    """The name of a provider that is configured, version 2."""
    return "FTOSEmailGateway"
