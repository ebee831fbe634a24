"""A post office for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processor.post import USERS, Post, local_session
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer


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
