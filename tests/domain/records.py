"""A record that passes every check, and short ways to change one thing in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.record import SecretState, Value
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.status_presets import SENDGRID
from ftos_tui.domain.statuses import StatusRow

GOOD: dict[str, Value] = {
    "communication_channel": "email",
    "name": "FTOSEmailGateway",
    "provider_name": "SendGrid",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@bank.example.com",
    "from_display_name": "Example Bank",
    "bulk_no": 50,
    "interval_min": "09:00:00",
    "interval_max": "18:00:00",
    "retry_max_attempt": 3,
    "pool_time_retry": "00:30:00",
    "open_setting": True,
    "click_setting": False,
}
SMTP = {"provider_name": "SMTP", "service_url": "smtp://mail.example.com:587"}
SECRETS = {"app_password": Secret("pw-of-the-provider"), "app_key": Secret("subscription-0815")}
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def new_draft(edits: Mapping[str, Any], secrets: Mapping[str, Secret] = SECRETS) -> Draft:
    """A new provider, good but for the edits."""
    return Draft(Base(None, 0, {}), {**GOOD, **edits}, secrets)


def stored(**changed: SecretState) -> dict[str, SecretState]:
    """Both secrets stored for the good record's destination, some of them otherwise."""
    state = SecretState(1, NOON, "ana", destination_of(GOOD))
    return {"app_password": state, "app_key": state, **changed}


def saved_draft(
    edits: Mapping[str, Any],
    secrets: Mapping[str, Secret] | None = None,
    *,
    states: Mapping[str, SecretState] | None = None,
    before: Mapping[str, Value] | None = None,
    statuses: tuple[StatusRow, ...] | None = None,
) -> Draft:
    """An edit of the good record, saved as version 1 with both secrets set."""
    base = Base("1" * 32, 1, {**GOOD, **(before or {})}, stored() if states is None else states, SENDGRID)
    return Draft(base, edits, secrets or {}, statuses)


def judge(draft: Draft, **context: Any) -> Checked:
    """The verdict at noon of a winter day."""
    return check_draft(draft, CheckContext(**{"now": NOON, **context}))


def codes(checked: Checked, field_id: str) -> set[str]:
    """`severity:code` of the findings at one field."""
    return {f"{finding.severity}:{finding.code}" for finding in checked.of(field_id)}


ACCEPTED: set[str] = set()
"""No finding at all."""


def case_name(value: object) -> str:
    """How a test names a value that came in, whatever it holds."""
    if isinstance(value, set):  # in one order in every process: a run is spread over several
        value = sorted(value, key=repr)
    try:
        return ascii(value)[:40]
    except (ValueError, RecursionError):
        return "huge"
