"""Sessions on real stores, and a record that can be saved."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ftos_tui.config import Environment, Places, Settings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import new_draft, save
from ftos_tui.studio.session import Session

GOOD = {
    "communication_channel": "email",
    "name": "Gateway",
    "provider_name": "SendGrid",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@bank.example.com",
    "bulk_no": "50",
    "interval_min": "09:00:00",
    "interval_max": "18:00:00",
    "retry_max_attempt": "3",
    "pool_time_retry": "00:30:00",
    "open_setting": "on",
    "click_setting": "off",
}
PASSWORD = "canary-password-4711"
KEY = "canary-key-0815"
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ANA = Author("ana", "jump1", "192.0.2.7")


def session_in(folder: Path, *, user: str = "ana", clock: datetime = NOON, **settings: Any) -> Session:
    """A session on the store in a folder, as another process would open it.

    Args:
        folder: Where everything is kept.
        user: Who acts.
        clock: What the time is.
        settings: Of the environment.
    """
    environment = Environment(**settings)
    places = Places(folder / "data", folder / "config.toml", folder / "state")
    return Session(
        Settings({environment.name: environment}, environment.name),
        environment,
        places,
        author=replace(ANA, user=user),
        clock=lambda: clock,
        environ={},
    )


def filled(draft: Draft, **changed: str) -> Draft:
    """The draft with the good record typed into it, and both secrets."""
    for field_id, text in {**GOOD, **changed}.items():
        draft = draft.with_text(field_id, text)
    return draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))


def saved(session: Session, acknowledged: Iterable[str] = (), **changed: str) -> ProviderVersion:
    """A new provider with the good record, saved."""
    return save(session, filled(new_draft(), **changed), acknowledged=acknowledged)
