"""Fixtures of all tests, in which order tests run, and where coverage is measured."""

import gc
import os
import signal
import sys
from collections.abc import Generator
from typing import Final

import hypothesis
import pytest

from tests.postgres import postgres_server

__all__ = ["postgres_server"]

# The tests start the program hundreds of times: compiled once, it starts in half the time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Nor is what they write to be written otherwise than at an operator's shell.
os.environ.pop("PYTHONUNBUFFERED", None)

# Programs that are started inherit what is ignored, as under nohup: they are to end by these signals all the same.
for _signum, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_signum) is signal.SIG_IGN:
        signal.signal(_signum, _handler)

# As in the program itself: with Python's own threshold a quarter of the time of a screen's test goes to the collector.
gc.set_threshold(100_000)

# The gate tries the same examples each time, however slow the machine is; `make search` looks for new ones.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("gate")

_LONG_FIRST: Final = ("terminal", "weather", "processor", "events", "stores", "studio")
"""Folders of tests that take long: the last one should not keep one core waiting for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the folders whose tests take long in front; within a folder nothing moves."""
    ranks = {folder: rank for rank, folder in enumerate(_LONG_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(item.config.rootpath).parts[1], len(ranks)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measures coverage in the processes that a test starts only where it is marked `measured`: it doubles their cost.

    What they do is covered within the tests' own process, too, but for the terminal. A process that is killed would
    leave half a file of it.
    """
    if item.get_closest_marker("measured") is not None:
        return (yield)
    measuring = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith("COV")}
    try:
        return (yield)
    finally:
        os.environ.update(measuring)
