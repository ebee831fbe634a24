"""Sessions that are closed in the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.studio.session import Session
from tests.studio.making import session_in

OpenSession = Callable[..., Session]


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[OpenSession]:
    """Opens a session on the test's store, as often as it is called."""
    opened: list[Session] = []

    def open_once(**settings: Any) -> Session:
        opened.append(session_in(tmp_path, **settings))
        return opened[-1]

    yield open_once
    for session in opened:
        session.close()


@pytest.fixture
def session(open_session: OpenSession) -> Session:
    """The session of this test."""
    return open_session()
