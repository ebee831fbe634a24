"""The Event Webhook: a post is verified, read, committed, and only then answered with 2xx.

A provider posts to `/events/<its Name>`; its public keys stand in its appConfig. Nothing else about a request counts:
not where it comes from, nor what a proxy says about that.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from ftos_tui.domain.app_config import top_level
from ftos_tui.domain.delivery.event_keys import event_keys
from ftos_tui.domain.delivery.sendgrid_events import NotEvents, ReadEvent, account_change, events_in, read_event
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.processor.events.http_server import Head, Reply
from ftos_tui.processor.events.intake import EventIntake
from ftos_tui.processor.events.signature import SIGNATURE, TIMESTAMP, is_fresh, signing_key
from ftos_tui.stores.event_protocol import Intake
from ftos_tui.stores.protocol import NotFound

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import ProviderStore

PATH: Final = "/events/"
HEALTH: Final = "/health"
MOST_EVENTS: Final = 5000
OLDEST_S: Final = 25 * 3600.0
"""SendGrid repeats a post for up to 24 hours."""

_NOT_AGAIN_S: Final = 600.0
_REMEMBERED: Final = 1000
_RETRY_AFTER: Final = {"Retry-After": "30"}


def path_of(name: str) -> str:
    """Where a provider of this Name posts its events."""
    return PATH + quote(name, safe="")


class Webhook:
    """Answers posts of events.

    Args:
        store: Where the providers are.
        intake: Takes the events in.
        note: Writes a line to the log: level, sentence, name of the provider.
        now_s: The time, Unix seconds.
        monotonic: Seconds of a clock that only goes forward.
        keys: Public keys of providers that name none in appConfig.
        oldest_s: Up to which age a post is taken, seconds.
    """

    def __init__(
        self,
        store: "ProviderStore",
        intake: EventIntake,
        note: Callable[[Level, str, str], None],
        now_s: Callable[[], float],
        monotonic: Callable[[], float],
        keys: Sequence[str] = (),
        oldest_s: float = OLDEST_S,
    ) -> None:
        self._store = store
        self._intake = intake
        self._note = note
        self._now_s = now_s
        self._monotonic = monotonic
        self._keys = tuple(keys)
        self._oldest_s = oldest_s
        self._noted: dict[tuple[str, str], float] = {}
        self._told: deque[str] = deque(maxlen=_REMEMBERED)
        # The store has one writer at a time: posts that came together are taken in one after another.
        self._thread = ThreadPoolExecutor(1, "events")

    def close(self) -> None:
        """Waits for what is being taken in."""
        self._thread.shutdown(wait=True)

    def admit(self, head: Head) -> Reply | None:
        """What the head alone decides."""
        if head.path == HEALTH and head.method in ("GET", "HEAD"):
            return Reply(200, "" if head.method == "HEAD" else "ok")
        if _name_in(head.path) is None:
            return Reply(404, "Post events to /events/ and the provider's Name.")
        if head.method != "POST":
            return Reply(405, "Post events here.", {"Allow": "POST"})
        if (head.only("content-encoding") or "identity").strip().lower() != "identity":
            return Reply(415, "Events are taken without Content-Encoding.")
        if head.only(SIGNATURE) is None or head.only(TIMESTAMP) is None:
            self._warn("unsigned", "", "Posts without a signature were refused: switch the Signed Event Webhook on.")
            return Reply(401, "The signature is missing.")
        return None

    async def answer(self, head: Head, body: bytes) -> Reply:
        """Takes a post in."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._take, head, body)
        except Exception as error:  # one post must not end the endpoint; it comes again
            sentence = f"A post of events could not be taken in because of an error here ({type(error).__name__})."
            self._warn("error", "", sentence, Level.ERROR)
            return Reply(500, "Not now.")

    def _take(self, head: Head, body: bytes) -> Reply:
        name = _name_in(head.path) or ""
        try:
            version = self._store.by_name(name)
            known = self._keys_of(version)
            key = signing_key(known, head.only(SIGNATURE) or "", head.only(TIMESTAMP) or "", body)
            refusal = self._refusal(version, known, key, head.only(TIMESTAMP) or "")
            if refusal is not None:
                return refusal
            items = events_in(body)
            if len(items) > MOST_EVENTS:
                return self._unread(version, 413, f"At most {MOST_EVENTS:,} events in a post.")
            read = [read_event(item) for item in items]
            taken = self._intake.take(read, lambda other: key in self._keys_of(other)) if read else Intake()
        except NotFound:
            return Reply(404, "There is no such provider.")
        except NotEvents as fault:
            return self._unread(version, 400, str(fault))
        except Failure as failure:
            self._warn("store", "", f"Events cannot be taken in, and are expected again: {failure}", Level.ERROR)
            return Reply(503, "Not now.", _RETRY_AFTER)
        self._tell(version, read, taken)
        return Reply(200)

    def _refusal(self, version: ProviderVersion, known: Sequence[str], key: str | None, timestamp: str) -> Reply | None:
        shown = visible(version.name)
        if not known:
            sentence = f"Events for {shown} were refused: its appConfig has no event_public_key."
            self._warn("no key", version.provider_id, sentence, name=version.name)
            return Reply(404, "There is no such provider.")
        if key is None:
            sentence = f"Events for {shown} were refused: they are not signed with a key of its appConfig."
            self._warn("signature", version.provider_id, sentence, name=version.name)
            return Reply(401, "The signature is not right.")
        if not is_fresh(timestamp, self._now_s(), self._oldest_s):
            sentence = f"Events for {shown} were refused: they were signed too long ago, or the clock is wrong."
            self._warn("age", version.provider_id, sentence, name=version.name)
            return Reply(401, "The timestamp is not right.")
        return None

    def _keys_of(self, version: ProviderVersion) -> Sequence[str]:
        config = version.values.get("app_config")
        return (event_keys(top_level(config)) if isinstance(config, str) else ()) or self._keys

    def _unread(self, version: ProviderVersion, status: int, sentence: str) -> Reply:
        words = f"A post of events for {visible(version.name)} was refused: {sentence}"
        self._warn("unread", version.provider_id, words, name=version.name)
        return Reply(status, sentence)

    def _tell(self, version: ProviderVersion, read: Sequence[ReadEvent], taken: Intake) -> None:
        """Writes down what an operator should know about a batch."""
        name, shown = version.name, visible(version.name)
        for one in read:
            change = account_change(one)
            if change and one.event.content_hash not in self._told:
                self._told.append(one.event.content_hash)
                self._note(Level.ERROR, f"{shown}: {change}.", name)
        if taken.settled:
            number = len(taken.settled)
            self._note(Level.INFO, f"Events show that {shown} took {number:,} messages thought otherwise.", name)
        if taken.conflicts:
            number = len(taken.conflicts)
            sentence = f"{shown} reports {number:,} messages as sent that were canceled or had expired."
            self._note(Level.WARNING, sentence, name)
        if taken.unmatched:
            sentence = f"{shown} posts events that belong to no message: `ftos-tui events list --unmatched`."
            self._warn("unmatched", version.provider_id, sentence, name=name)

    def _warn(
        self, what: str, provider_id: str, sentence: str, level: Level = Level.WARNING, *, name: str = ""
    ) -> None:
        """Writes a line about something that may come a thousand times an hour: not again within ten minutes."""
        now, key = self._monotonic(), (what, provider_id)
        if now - self._noted.get(key, -_NOT_AGAIN_S) >= _NOT_AGAIN_S:
            self._noted[key] = now
            self._note(level, sentence, name)


def _name_in(path: str) -> str | None:
    """The Name that a path ends with; None where it is no path of events."""
    rest = path.removeprefix(PATH)
    if rest == path or not rest or "/" in rest.rstrip("/"):
        return None
    try:
        return unquote(rest.rstrip("/"), errors="strict")
    except UnicodeDecodeError:
        return None
