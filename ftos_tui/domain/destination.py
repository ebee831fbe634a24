"""Where a record sends its secrets: they belong to that destination and must be entered anew for another.

Who may edit a Service Url could otherwise have the stored key sent to a server of his own.
"""

import json
from functools import lru_cache
from typing import Any, Final

from ftos_tui.domain.app_config import canonical_json, destination_entries
from ftos_tui.domain.checks.service_url import target_of
from ftos_tui.domain.record import Values

_TLS: Final = {"https": "implicit", "smtps": "implicit", "smtp": "starttls", "http": "none"}
_OWNER: Final = {
    "scheme": "service_url",
    "host": "service_url",
    "port": "service_url",
    "tls": "service_url",
    "user": "app_user",
    "config": "app_config",
}


def destination_of(values: Values) -> str:
    """The canonical text of a record's destination, to be kept with each secret.

    Args:
        values: Canonical plain values.

    Returns:
        JSON of scheme, host, effective port, TLS mode, App user and those keys of appConfig that take part; the path
        of the URL does not count. Empty where the values name no destination.
    """
    url, user, config = (values.get(field_id) for field_id in ("service_url", "app_user", "app_config"))
    if not isinstance(url, str):
        return ""
    return _destination(url, str(user or ""), str(config or "{}"))


def destination_changes(before: str, after: str) -> tuple[str, ...]:
    """The ids of the fields in which two destinations differ, in the record's order.

    Args:
        before: What `destination_of` wrote for the stored secret; empty where it is not known.
        after: The same of the values as they are now.

    Returns:
        Empty where they are the same; all three fields where one of them is not known.
    """
    if before == after and before:
        return ()
    old, new = _parts(before), _parts(after)
    if not old or not new:
        return tuple(dict.fromkeys(_OWNER.values()))
    return tuple(dict.fromkeys(owner for part, owner in _OWNER.items() if old.get(part) != new.get(part)))


@lru_cache(64)
def _destination(url: str, user: str, config: str) -> str:
    target = target_of(url)
    if target is None:
        return ""
    try:
        keys = destination_entries(config)
    except (ValueError, RecursionError):
        return ""
    return canonical_json(
        {
            "scheme": target.scheme,
            "host": target.host,
            "port": target.port,
            "tls": _TLS[target.scheme],
            "user": user,
            "config": keys,
        }
    )


def _parts(destination: str) -> dict[str, Any]:
    try:
        parts = json.loads(destination)
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}
