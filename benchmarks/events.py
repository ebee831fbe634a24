"""What the endpoint of events takes in, beside the bare verification of the same posts' signatures."""

import base64
import gc
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from benchmarks.figures import Figure
from benchmarks.terminal import CannotMeasure
from tests.events.conftest import STAMP, provider_with
from tests.servers.sendgrid_events import SIGNATURE, TIMESTAMP, EventSigner, batches, event
from tests.stores.queueing import queue, sent
from tests.studio.making import session_in

MESSAGES = 2000
_EVENTS = ("processed", "delivered", "open", "click")
_AT_ONCE = 4
_SERVE = """
import asyncio, sys
from pathlib import Path
from ftos_tui.processor.events.listening import Listening
from ftos_tui.processor.events.service import serve
from ftos_tui.processor.notify import Notifier
from ftos_tui.studio.events import webhook_of
from tests.studio.making import session_in

session = session_in(Path(sys.argv[1]))
told = lambda text: print(text, flush=True)
asyncio.run(serve(webhook_of(session), Listening("127.0.0.1", 0), Notifier({}), told))
"""

Post = tuple[bytes, dict[str, str]]


def event_figures(folder: Path, messages: int = MESSAGES) -> list[Figure]:
    """The time for 1,000 events, posted in batches as SendGrid's to an endpoint of its own process, on SQLite.

    Args:
        folder: Where its store is made.
        messages: How many messages there are to have events, four each.

    Raises:
        CannotMeasure: The endpoint does not take what it should.
    """
    signer, ids = _prepare(folder, messages)
    events = [event(name, one, sg_event_id=f"{name}-{one}") for one in ids for name in _EVENTS]
    posts = [(body, signer.headers(body, STAMP)) for body in batches(events)]
    bare = _bare(signer, posts)
    again = [(body, signer.headers(body, STAMP)) for body, _ in posts]
    with subprocess.Popen([sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().partition("127.0.0.1:")[2].partition("/")[0]
            if not port:
                raise CannotMeasure("the endpoint of events does not start")
            url = f"http://127.0.0.1:{port}/events/Gateway"
            ours, doubles = _posted(url, posts), _posted(url, again)
        finally:
            server.terminate()
    thousands = len(events) / 1000
    note = f"{len(events):,} events in {len(posts)} posts, committed"
    return [
        Figure("1,000 new events", ours / thousands * 1000, "ms", None, bare / thousands * 1000, note=note),
        Figure("1,000 events known before", doubles / thousands * 1000, "ms", None, bare / thousands * 1000, note=note),
    ]


def _prepare(folder: Path, messages: int) -> tuple[EventSigner, Sequence[str]]:
    """The signer of a provider, and the ids of messages that it accepted."""
    session, signer = session_in(folder), EventSigner()
    provider_id = provider_with(session, signer.public_key).provider_id
    ids: list[str] = []
    while len(ids) < messages:
        ids += queue(session.store, provider_id, 500)
        sent(session.store, provider_id, 500)
    session.close()
    return signer, ids


def _bare(signer: EventSigner, posts: Sequence[Post]) -> float:
    """The seconds that verifying the signatures takes, nothing else."""
    key = load_der_public_key(base64.b64decode(signer.public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    gc.collect()
    began = time.perf_counter()
    for body, headers in posts:
        key.verify(base64.b64decode(headers[SIGNATURE]), headers[TIMESTAMP].encode() + body, ec.ECDSA(hashes.SHA256()))
    return time.perf_counter() - began


def _posted(url: str, posts: Sequence[Post]) -> float:
    """The seconds until all posts are answered, several at once."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(given: Post) -> int:
        with opener.open(urllib.request.Request(url, *given), timeout=120) as answer:
            status: int = answer.status
            return status

    began = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        statuses = set(pool.map(post, posts))
    if statuses != {200}:
        raise CannotMeasure(f"the endpoint of events answers {sorted(statuses)}")
    return time.perf_counter() - began
