"""Stores with messages to send, for the benchmarks of the delivery."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ftos_tui.domain.record import ProviderVersion
from ftos_tui.studio import messages
from ftos_tui.studio.failures import WarningsOpen
from ftos_tui.studio.messages import NewMessage
from ftos_tui.studio.providers import new_draft, save
from ftos_tui.studio.session import Session
from tests.processor.post import ALL_DAY, local_session
from tests.processor.shared import shared_session
from tests.studio.making import ANA, filled

CONNECTIONS: Final = 10
BULK: Final = 200
_AT_ONCE: Final = 500
_LINE: Final = "Your statement of this month is ready. Sign in to read it, or write to us with any question you have. "
SUBJECT: Final = "Your statement of this month"
TEXT: Final = "\n".join([_LINE] * 10)
HTML: Final = f"<html><body>{''.join(f'<p>{_LINE}</p>' for _ in range(10))}</body></html>"

Place = dict[str, Any]


def session_at(place: Place) -> Session:
    """A session on the store of a place, as any process opens it."""
    folder = Path(place["folder"])
    if "database" in place:
        return shared_session(place["host"], place["port"], place["database"], folder)
    return local_session(folder)


def gateway(session: Session, port: int) -> ProviderVersion:
    """A provider that leads to an SMTP server on this host."""
    given = {
        "name": "Gateway",
        "provider_name": "SMTP",
        "service_url": f"smtp://127.0.0.1:{port}",
        "app_config": f'{{"max_connections": {CONNECTIONS}}}',
        "from_address": "office@example.com",
        "bulk_no": str(BULK),
        **ALL_DAY,
    }
    draft = filled(new_draft(), **given)
    try:
        return save(session, draft)
    except WarningsOpen as warned:
        return save(session, draft, acknowledged=[finding.code for finding in warned.open])


def queue(session: Session, provider: ProviderVersion, number: int) -> bytes:
    """Queues messages that are due; gives back the bytes of one for the wire."""
    wire = b""
    for start in range(0, number, _AT_ONCE):
        entries = [
            entry
            for place in range(start, min(start + _AT_ONCE, number))
            for entry in messages.entries_of(
                session,
                provider,
                NewMessage(to=f"client{place}@example.com", subject=SUBJECT, text=TEXT, html=HTML),
            )
        ]
        session.store.messages.enqueue(entries, ANA)
        wire = entries[0].wire
    return wire


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
