"""A provider with every field filled in, and short ways to save and to change it."""

from collections.abc import Mapping

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import base_of, open_provider, save
from ftos_tui.studio.session import Session

NAME = "FTOSEmailGateway"
HOSTILE = "[/] \x1b]52;c;aGk=\x07"
"""Markup that Textual cannot parse, and a command that would fill the terminal's clipboard."""

SECRETS = {"app_password": "pw-of-the-provider", "app_key": "subscription-0815"}
TEXTS = {
    "provider_name": "FtosProvider",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@bank.example.com",
    "from_display_name": "Example Bank",
    "bulk_no": "50",
    "interval_min": "09:00:00",
    "interval_max": "18:00:00",
    "retry_max_attempt": "3",
    "pool_time_retry": "00:30:00",
    "open_setting": "on",
    "click_setting": "off",
}


def edited(
    session: Session,
    name: str = NAME,
    edits: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Draft:
    """A draft of a stored provider with some fields and secrets typed."""
    draft = Draft(base_of(open_provider(session, name=name)))
    for field_id, text in (edits or {}).items():
        draft = draft.with_text(field_id, text)
    for field_id, text in (secrets or {}).items():
        draft = draft.with_secret(field_id, Secret(text))
    return draft


def configure(session: Session, name: str = NAME) -> ProviderVersion:
    """Fills in every field of a shipped provider and saves it."""
    return save(session, edited(session, name, TEXTS, SECRETS), reason="first configuration")


def change(session: Session, user: str, provider: str = NAME, /, **edits: str) -> ProviderVersion:
    """Another operator saves some fields of a configured provider."""
    before, session.author = session.author, Author(user, "jump2")
    try:
        return save(session, edited(session, provider, edits), acknowledged=("name_renamed", "display_name_address"))
    finally:
        session.author = before
