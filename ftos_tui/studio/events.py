"""Events of providers: take posts of them, read bounces out of a mailbox, list what came."""

import gc
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from ftos_tui.domain.delivery.event_keys import key_in
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.processor.events.listening import Listening
from ftos_tui.stores.message_protocol import KeptEvent
from ftos_tui.studio.failures import counted
from ftos_tui.studio.log import note

if TYPE_CHECKING:
    from ftos_tui.domain.delivery.sendgrid_events import ReadEvent
    from ftos_tui.processor.events.webhook import Webhook
    from ftos_tui.studio.session import Session

__all__ = [
    "EVENT_WITHHELD",
    "BounceReport",
    "KeptEvent",
    "Listening",
    "concerns",
    "list_events",
    "permit",
    "read_bounces",
    "serve",
    "webhook_of",
    "words_of_event",
]

EVENT_WITHHELD: Final = "withheld"
"""Said where the store does not let who is signed in read events themselves, as what messages say."""

_BATCH: Final = 200
_LARGEST_KEY: Final = 10_000
_LONGEST_WORD: Final = 120
_TELLING: Final = (
    "email",
    "recipient",
    "type",
    "status",
    "reason",
    "said",
    "response",
    "url",
    "useragent",
    "message_id",
)
_USUAL_THRESHOLDS: Final = (700, 10, 10)


class NotAKey(Failure):
    """A file holds no public key that events could be verified with."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """What reading a mailbox came to.

    Attributes:
        mails: How many mails it held.
        bounces: How many of them were bounces.
        taken: How many events of theirs were new.
        known: How many had been taken in before.
        unmatched: How many of the new ones belong to no message.
    """

    mails: int = 0
    bounces: int = 0
    taken: int = 0
    known: int = 0
    unmatched: int = 0


def permit(session: "Session") -> None:
    """Refuses to take events in where the store is not to be changed.

    Raises:
        NotPermitted: The environment is read-only, or who is signed in may neither deliver nor change.
        Failure: The store cannot be opened.
    """
    if not session.environment.read_only:
        _ = session.store
        if session.may_revert:  # the right to deliver
            return
    session.permit_change()


def webhook_of(session: "Session", keys: Sequence[str] = (), oldest_s: float | None = None) -> "Webhook":
    """What answers posts in a session's environment.

    Args:
        session: The session; opened as who may take events in.
        keys: Public keys of providers that name none in appConfig.
        oldest_s: Up to which age posts are taken, seconds; None for what is usual.
    """
    from ftos_tui.domain.status_presets import SENDGRID
    from ftos_tui.processor.events.intake import EventIntake
    from ftos_tui.processor.events.webhook import OLDEST_S, Webhook

    def told(level: Level, sentence: str, name: str) -> None:
        note(session, level, sentence, name)

    return Webhook(
        session.store,
        EventIntake(session.store, session.author, session.vault.sign, SENDGRID),
        told,
        lambda: session.clock().timestamp(),
        time.monotonic,
        keys,
        OLDEST_S if oldest_s is None else oldest_s,
    )


def serve(
    session: "Session",
    listening: Listening,
    told: Callable[[str], None],
    *,
    key_files: Iterable[Path] = (),
    oldest_s: float | None = None,
) -> None:
    """Takes posts of events until SIGTERM or SIGINT.

    Args:
        session: The session.
        listening: Where and how.
        told: Told the address once it listens.
        key_files: Files of public keys for providers that name none in appConfig.
        oldest_s: Up to which age posts are taken, seconds; None for what is usual.

    Raises:
        NotPermitted: The store is not to be changed.
        CannotListen: The address, the certificate or its key is not to be had.
        NotAKey: A file holds no public key.
    """
    import asyncio

    from ftos_tui.processor.events.service import serve as run
    from ftos_tui.processor.notify import Notifier

    permit(session)
    keys = [_key_of(path) for path in key_files]
    webhook = webhook_of(session, keys, oldest_s)
    gc.set_threshold(*_USUAL_THRESHOLDS)  # a command switches the collector off, nearly; this one stays
    try:
        asyncio.run(run(webhook, listening, Notifier(os.environ), told))
    finally:
        webhook.close()


def read_bounces(session: "Session", stream: BinaryIO) -> BounceReport:
    """Takes in every bounce of a mailbox; what was taken in before is known again.

    Args:
        session: The session.
        stream: A mailbox file, or a single mail.

    Raises:
        NotPermitted: The store is not to be changed.
        StoreError: The store went away; what was read before is kept, and the mailbox can be read again.
    """
    from ftos_tui.domain.status_presets import SMTP
    from ftos_tui.processor.events.bounces import read_bounce
    from ftos_tui.processor.events.intake import EventIntake
    from ftos_tui.processor.events.mailbox import messages_in

    permit(session)
    intake = EventIntake(session.store, session.author, session.vault.sign, SMTP)
    mails = bounces = taken = known = unmatched = 0
    waiting: list[ReadEvent] = []

    def take_in() -> None:
        nonlocal taken, known, unmatched
        done = intake.take(waiting)
        taken, known, unmatched = taken + done.taken, known + done.known, unmatched + done.unmatched
        waiting.clear()

    for mail in messages_in(stream):
        read = read_bounce(mail)
        mails, bounces = mails + 1, bounces + bool(read)
        waiting += read
        if len(waiting) >= _BATCH:
            take_in()
    take_in()
    if taken:
        events = counted(taken, "bounce was", "bounces were")
        level = Level.WARNING if unmatched else Level.INFO
        note(session, level, f"{events} taken in{f', {unmatched:,} of no message here' if unmatched else ''}")
    return BounceReport(mails, bounces, taken, known, unmatched)


def list_events(
    session: "Session",
    *,
    unmatched: bool = False,
    before: int | None = None,
    limit: int = 100,
    backwards: bool = False,
) -> Sequence[KeptEvent]:
    """A page of the events that came, the newest first.

    Args:
        session: The session.
        unmatched: Only those that belong to no message.
        before: The number that the page starts below; None for the newest.
        limit: At most so many, 1 to 1000.
        backwards: The page of those right above the number instead; without one, of the oldest.
    """
    messages = session.store.messages
    read = messages.unmatched_events if unmatched else messages.kept_events
    return read(before, limit, backwards)


def concerns(kept: KeptEvent) -> str:
    """Whom an event is about, and of which message it says to be, as far as it says so."""
    try:
        fields = json.loads(kept.raw)
    except ValueError:
        return ""
    if not isinstance(fields, dict):
        return ""
    whom = (fields.get("email") or fields.get("recipient"), fields.get("message_id") or fields.get("smtp-id"))
    return ", ".join(shortened(text, _LONGEST_WORD) for text in whom if isinstance(text, str) and text)


def words_of_event(kept: KeptEvent) -> str:
    """What an event says beside its name, for one line: whom it is about, why, which link; never more than text."""
    if kept.withheld:
        return EVENT_WITHHELD
    try:
        fields = json.loads(kept.raw)
    except ValueError:
        return ""
    if not isinstance(fields, dict):
        return shortened(kept.raw, _LONGEST_WORD)
    told = (fields.get(name) for name in _TELLING)
    return " ".join(shortened(text, _LONGEST_WORD) for text in told if isinstance(text, str) and text)


def _key_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return key_in(file.read(_LARGEST_KEY).decode("ascii"))
    except OSError as error:
        raise NotAKey(f"The file {visible(str(path))} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise NotAKey(
            f"The file {visible(str(path))} holds no P-256 public key, in PEM or as SendGrid shows it."
        ) from error
