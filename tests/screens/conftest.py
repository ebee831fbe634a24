"""A console on a real store: six shipped providers, and FTOSEmailGateway configured where a test asks for it."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ftos_tui.config import Environment, Places, Settings
from ftos_tui.domain.record import Author
from ftos_tui.studio.session import Session, open_session
from tests.screens.values import configure
from tests.settling import settling_pilot

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

Opener = Callable[..., Session]


def session_in(folder: Path, settings: Settings | None = None) -> Session:
    """A session with a fixed clock and operator, its folders under one."""
    places = Places(data=folder / "data", config=folder / "config.toml", state=folder / "state")
    session = open_session(settings or Settings(), places)
    session.clock = lambda: NOON
    session.author = Author("ana", "jump1")
    session.environ = {}
    return session


def _template(folder: Path, *, configured: bool) -> Path:
    session = session_in(folder)
    assert session.store.count() == 6
    if configured:
        configure(session)
    session.close()
    (folder / "state" / "status.log").unlink()
    return folder


@pytest.fixture(scope="session")
def shipped_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders after a first start."""
    return _template(tmp_path_factory.mktemp("shipped"), configured=False)


@pytest.fixture(scope="session")
def configured_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders after FTOSEmailGateway was configured."""
    return _template(tmp_path_factory.mktemp("configured"), configured=True)


@pytest.fixture(scope="package", autouse=True)
def _settling() -> Iterator[None]:
    with settling_pilot():
        yield


@pytest.fixture(autouse=True)
def operators_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator sits in Bucharest, wherever the tests run, at a terminal with colours and no SSH."""
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Europe/Bucharest")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def shipped(shipped_folder: Path, tmp_path: Path) -> Session:
    """A session on a store with the shipped providers, none configured."""
    shutil.copytree(shipped_folder, tmp_path, dirs_exist_ok=True)
    return session_in(tmp_path)


@pytest.fixture
def session(configured_folder: Path, tmp_path: Path) -> Session:
    """A session on a store in which FTOSEmailGateway is configured."""
    shutil.copytree(configured_folder, tmp_path, dirs_exist_ok=True)
    return session_in(tmp_path)


@pytest.fixture
def open_with(configured_folder: Path, tmp_path: Path) -> Opener:
    """Opens a session on the configured store with settings of one's own."""
    shutil.copytree(configured_folder, tmp_path, dirs_exist_ok=True)

    def opened(environment: Environment | None = None, **settings: object) -> Session:
        environments = {"environments": {"local": environment}} if environment else {}
        return session_in(tmp_path, Settings(**{**environments, **settings}))  # type: ignore[arg-type]

    return opened
