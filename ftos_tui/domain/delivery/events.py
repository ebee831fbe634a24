"""What a provider reports about a message after it took it, in the words of the provider's own status list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ftos_tui.domain.statuses import Canonical, StatusRow

_CANONICAL: Final = {canonical.value: canonical for canonical in Canonical}


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event of one message, read out of whatever form the provider sends it in.

    Attributes:
        code: The provider's own code, as its status list has it; SendGrid's bounce of type blocked is `blocked`.
        canonical: What the code means by the provider's list; None where the list does not have it. Such an event is
            kept and counted, and changes nothing.
        at: When it happened, UTC; None where the event does not say.
        event_id: The provider's id of the event; empty for none.
        content_hash: A digest of the event without its id: providers send the same event under new ids.
        machine: Whether an open came from a machine that fetches pictures, not from a reader.
        said: The provider's reason or answer, safe to show.
        message_id: Our own id of the message, where the event carries it; empty otherwise.
        provider_message_id: The provider's id of the message; empty where it is missing.
        header_id: The Message-ID header it names; empty where it is missing.
    """

    code: str
    canonical: Canonical | None
    at: datetime | None
    event_id: str
    content_hash: str
    machine: bool = False
    said: str = ""
    message_id: str = ""
    provider_message_id: str = ""
    header_id: str = ""


def row_for(code: str, rows: Sequence[StatusRow]) -> StatusRow | None:
    """The row of a status list for a provider's code.

    Args:
        code: A code such as `delivered`, `450` or `5.1.1`; case and outer spaces do not count.
        rows: The provider's list of statuses.

    Returns:
        The row of the very code, else the one of its class (`4xx` for `450`, `5xx` for `5.1.1`), else None.
    """
    key = code.strip().casefold()
    by_class = None
    for row in rows:
        row_key = row.code.strip().casefold()
        if row_key == key:
            return row
        if row_key[1:] == "xx" and row_key[:1] == key[:1] and _is_reply_code(key):
            by_class = row
    return by_class


def meaning_of(code: str, rows: Sequence[StatusRow]) -> Canonical | None:
    """What a provider's code means by its status list; None for a code that the list does not have or cannot tell."""
    row = row_for(code, rows)
    meaning = _CANONICAL.get(row.canonical) if row else None
    return None if meaning is Canonical.UNKNOWN else meaning


def _is_reply_code(key: str) -> bool:
    return key.isascii() and (
        (len(key) == 3 and key.isdigit()) or (len(key) >= 5 and key[:1].isdigit() and key[1] == ".")
    )
