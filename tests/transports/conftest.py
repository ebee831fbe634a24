"""Certificates and messages for the tests of the ways out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ftos_tui.domain.delivery.message import Message, Role
from tests.servers.certificates import Authority

MESSAGE_ID = "8c5f0f0e-0000-4000-8000-000000000001"


def message(**changed: Any) -> Message:
    """A good message, some of it otherwise."""
    given: dict[str, Any] = {
        "id": MESSAGE_ID,
        "group_id": "8c5f0f0e-0000-4000-8000-00000000000a",
        "provider_id": "p",
        "recipient": "ana@example.org",
        "role": Role.TO,
        "to": ("ana@example.org",),
        "cc": (),
        "subject": "Your statement",
        "text": "Hello Ana,\n.\nyour statement.\n",
        "html": "",
        "attachments": (),
        "due": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "not_after": None,
        "params": "{}",
        "dedupe_key": "",
    }
    return Message(**{**given, **changed})


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that servers of the tests are signed by."""
    return Authority(tmp_path_factory.mktemp("authority"))
