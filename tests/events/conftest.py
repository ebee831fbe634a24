"""An endpoint of events on a real socket, with a provider whose events it takes, and messages that were sent."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ftos_tui.domain.delivery.fold import Reported
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.processor.events.http_server import HttpServer, Limits
from ftos_tui.processor.events.webhook import path_of
from ftos_tui.stores.message_protocol import KeptEvent
from ftos_tui.studio.events import webhook_of
from ftos_tui.studio.session import Session
from tests.servers.sendgrid_events import EventSigner, body_of
from tests.stores.queueing import queue, sent
from tests.studio.making import NOON, saved, session_in

STAMP = str(int(NOON.timestamp()))


@dataclass
class Endpoint:
    """An endpoint that runs.

    Attributes:
        session: The session it runs in.
        provider: The provider whose key is `signer`'s.
        signer: Signs posts.
        message_id: The id of a message that was accepted.
        port: Where it listens.
        noted: What was written to the log.
    """

    session: Session
    provider: ProviderVersion
    signer: EventSigner
    message_id: str
    port: int = 0
    noted: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the provider posts."""
        return f"http://127.0.0.1:{self.port}{path_of(self.provider.name)}"

    async def post(self, body: bytes, headers: dict[str, str] | None = None, url: str = "") -> httpx2.Response:
        """The answer to a post, signed unless headers are given."""
        given = self.signer.headers(body, STAMP) if headers is None else headers
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            return await client.post(url or self.url, content=body, headers=given)

    async def events(self, *events: Any) -> int:
        """The status of the answer to a signed post of events."""
        return (await self.post(body_of(list(events)))).status_code

    @property
    def reported(self) -> Reported:
        """What was reported about the message."""
        return self.session.store.messages.message_row(self.message_id).reported

    @property
    def unmatched(self) -> list[KeptEvent]:
        """Events of no message, the newest first."""
        return list(self.session.store.messages.unmatched_events())


Serving = Callable[..., Any]


def provider_with(session: Session, *keys: str, name: str = "Gateway") -> ProviderVersion:
    """A provider whose events are signed with one of these keys."""
    config = {"event_public_key": list(keys) if len(keys) > 1 else keys[0]} if keys else {}
    return saved(session, name=name, app_config=json.dumps(config))


def sent_message(session: Session, provider: ProviderVersion) -> str:
    """The id of a message that a provider accepted."""
    [message_id] = queue(session.store, provider.provider_id)
    sent(session.store, provider.provider_id)
    return message_id


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Runs an endpoint within the test's event loop."""

    @asynccontextmanager
    async def run(limits: Limits | None = None, **options: Any) -> AsyncIterator[Endpoint]:
        session = session_in(tmp_path)
        signer = EventSigner()
        provider = provider_with(session, signer.public_key)
        endpoint = Endpoint(session, provider, signer, sent_message(session, provider))
        session.listeners.append(lambda entry: endpoint.noted.append(f"{entry.level}: {visible(entry.message)}"))
        webhook = webhook_of(session, **options)
        server = HttpServer(webhook, limits or Limits())
        endpoint.port = await server.start("127.0.0.1", 0)
        try:
            yield endpoint
        finally:
            await server.stop()
            webhook.close()
            session.close()

    return run
