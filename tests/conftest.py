"""Fixtures of all tests."""

import os
import sys

from tests.postgres import postgres_server

__all__ = ["postgres_server"]

# The tests start the program hundreds of times: compiled once, it starts in half the time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
