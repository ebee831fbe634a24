"""Makes versions to write, and signs them."""

import hmac
import uuid
from datetime import UTC, datetime
from typing import Any

from ftos_tui.domain.record import NEW_VALUES, Author, ProviderVersion
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.protocol import NewVersion, SealedSecret

ANA = Author("ana", "jump1", "192.0.2.7")
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ROWS = (StatusRow("250", "Accepted", "accepted", terminal=True), StatusRow("4xx", "Later", "deferred", retryable=True))


def sign(message: bytes) -> bytes:
    """A stand-in for the vault's audit key."""
    return hmac.digest(b"audit key of the tests", message, "sha256")


def new_version(name: str = "FTOSEmailGateway", **changes: Any) -> NewVersion:
    """A first version of a provider, with what the test changes."""
    values = {**NEW_VALUES, "name": name, **changes.pop("values", {})}
    given: dict[str, Any] = {
        "provider_id": uuid.uuid4().hex,
        "expected_version": 0,
        "values": values,
        "secret_versions": {},
        "new_secrets": {},
        "statuses": ROWS,
        "author": ANA,
        "at": AT,
        "reason": "first",
        "action": "create",
        "acknowledged": ("window_always",),
        "operation_id": uuid.uuid4().hex,
        "changed": ("name",),
    }
    return NewVersion(**{**given, **changes})


def next_version(version: ProviderVersion, **changes: Any) -> NewVersion:
    """The version after a saved one, with what the test changes."""
    given: dict[str, Any] = {
        "provider_id": version.provider_id,
        "expected_version": version.number,
        "values": {**version.values, **changes.pop("values", {})},
        "secret_versions": {field_id: state.version for field_id, state in version.secrets.items()},
        "statuses": version.statuses,
        "action": "save",
    }
    return new_version(version.name, **{**given, **changes})


def sealed(version: int = 1, content: bytes = b"sealed") -> SealedSecret:
    """A sealed secret; the store does not look into it."""
    return SealedSecret(version, content, "0123456789abcdef", "https://api.example.com", AT, "ana")
