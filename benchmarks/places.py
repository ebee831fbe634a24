"""Folders of an operator who exists for a benchmark, with a store as full as it needs."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, insert

from ftos_tui.config import Environment, Places, Settings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import Author, ProviderVersion, Value
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.protocol import NewVersion
from ftos_tui.stores.sql.rows import summary_row, version_row
from ftos_tui.stores.sql.schema import provider, provider_version
from ftos_tui.studio.providers import base_of, check, open_provider, save
from ftos_tui.studio.session import Session, open_session

CONFIGURED: Final = "FTOSEmailGateway"
"""The provider that `configure` fills in."""

VALUES: Final[Mapping[str, Value]] = {
    "communication_channel": "email",
    "provider_name": "SendGrid",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@example.com",
    "from_display_name": "Example Bank",
    "bulk_no": 50,
    "interval_min": "06:00:00",
    "interval_max": "20:00:00",
    "retry_max_attempt": 3,
    "pool_time_retry": "00:05:00",
    "open_setting": True,
    "click_setting": True,
}
"""Fields that are all filled in."""

_SECRETS: Final[Mapping[str, str]] = {"app_password": "benchmark-password-1", "app_key": "benchmark-key-2"}
_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody with a home folder.

    Attributes:
        home: The folder.
    """

    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the operator's programs: nothing of whoever runs the benchmark but PATH."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }

    @property
    def drafts(self) -> Path:
        """Where unsaved edits are kept."""
        return self._places.data / "drafts"

    @property
    def _places(self) -> Places:
        name = "ftos-tui"
        return Places(
            self.home / "data" / name, self.home / "config" / name / "config.toml", self.home / "state" / name
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of the operator, in this process."""
        session = open_session(Settings(environments={"local": Environment()}), self._places)
        try:
            yield session
        finally:
            session.close()

    def start_afresh(self) -> None:
        """Forgets the last place and the drafts: the next start shows the first menu, and a list its first row."""
        (self._places.state / "place.json").unlink(missing_ok=True)
        for draft in self.drafts.glob("*"):
            draft.unlink()


def program() -> str:
    """The console's own command, beside this Python."""
    return str(Path(sys.executable).parent / "ftos-tui")


def new_operator(home: Path, providers: int = 0) -> Operator:
    """Makes an operator whose store holds the shipped providers, and more.

    Args:
        home: A folder to be made.
        providers: How many providers there are in all; less than the shipped ones means only those.
    """
    home.mkdir(mode=0o700)
    operator = Operator(home)
    with operator.session() as session:
        there = session.store.count("")
        path = session.store_path
    if providers > there:
        _fill(path, providers - there)
    return operator


def configure(operator: Operator) -> None:
    """Fills in one shipped provider, secrets included, as an operator would, and saves it."""
    with operator.session() as session:
        base = base_of(open_provider(session, name=CONFIGURED))
        draft = Draft(base, dict(VALUES), {field_id: Secret(text) for field_id, text in _SECRETS.items()})
        warnings = [finding.code for finding in check(session, draft).findings]
        save(session, draft, acknowledged=warnings, reason="Configured for a benchmark")


def _fill(path: Path, count: int) -> None:
    """Writes providers as saves would, but many at a time and without the audit chain, which no list reads."""
    engine = create_engine(f"sqlite:///{path}")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        with engine.begin() as connection:
            for first in range(0, count, _AT_ONCE):
                versions = [_version(number, start) for number in range(first, min(first + _AT_ONCE, count))]
                connection.execute(insert(provider_version), [_version_row(version) for version in versions])
                connection.execute(insert(provider), [summary_row(version) for version in versions])
            connection.exec_driver_sql("ANALYZE")
    finally:
        engine.dispose()


def _version(number: int, start: datetime) -> ProviderVersion:
    values = {**VALUES, "name": f"Benchmark-{number:06}", "bulk_no": 1 + number % 1000}
    return ProviderVersion(
        provider_id=f"{number:032x}",
        number=1,
        values=values,
        secrets={},
        statuses=(),
        saved_at=start + timedelta(seconds=number),
        saved_by=Author("benchmark", "localhost"),
        reason="",
        action="created",
        acknowledged=(),
        missing=(),
        operation_id=f"{number:032x}",
    )


def _version_row(version: ProviderVersion) -> dict[str, Any]:
    new = NewVersion(
        provider_id=version.provider_id,
        expected_version=0,
        values=version.values,
        secret_versions={},
        new_secrets={},
        statuses=(),
        author=version.saved_by,
        at=version.saved_at,
        reason="",
        action=version.action,
        acknowledged=(),
        operation_id=version.operation_id,
    )
    return version_row(new, deleted=False)
