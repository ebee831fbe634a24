"""Fixtures of the tests in a real terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal.harness import Console, isolated_environ
from tests.terminal.program import PROGRAM

APPS = Path(__file__).parent / "apps"

Start = Callable[..., Console]


@pytest.fixture
def environ(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """An environment of the test's own; coverage is measured in it where the test is marked `measured`."""
    return isolated_environ(tmp_path, measured=request.node.get_closest_marker("measured") is not None)


@pytest.fixture
def start_app(environ: dict[str, str]) -> Iterator[Start]:
    """Starts a script of tests/terminal/apps: `start_app("demo.py", "argument", columns=60, TERM="vt100")`."""
    with ExitStack() as stack:

        def start(script: str, *arguments: str, columns: int = 80, rows: int = 24, **extra: str) -> Console:
            command = [sys.executable, str(APPS / script), *arguments]
            return stack.enter_context(Console(command, {**environ, **extra}, columns=columns, rows=rows))

        yield start


@pytest.fixture
def start_program(environ: dict[str, str]) -> Iterator[Start]:
    """Starts the program itself: `start_program("providers", columns=60, NO_COLOR="1")`."""
    with ExitStack() as stack:

        def start(*arguments: str, columns: int = 80, rows: int = 24, **extra: str) -> Console:
            command = [*PROGRAM, *arguments]
            return stack.enter_context(Console(command, {**environ, **extra}, columns=columns, rows=rows))

        yield start
