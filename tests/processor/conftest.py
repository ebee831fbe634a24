"""A post office for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.processor.post import USERS, Post, environ_of, local_session
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer

__all__ = ["run"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands that run in this process find the test's store."""
    for name, value in environ_of(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name in ("FTOS_TUI_ENV", "FTOS_TUI_CONFIG", "FTOS_TUI_MASTER_KEY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A stand-in that takes what it gets."""
    with in_thread(SmtpServer(users=USERS)) as server:
        yield server


@pytest.fixture
def post(tmp_path: Path, server: SmtpServer) -> Iterator[Post]:
    """A local store with a provider that leads to the server."""
    session = local_session(tmp_path)
    yield Post(tmp_path, session, server).open()
    session.close()
