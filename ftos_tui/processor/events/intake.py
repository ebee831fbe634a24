"""Takes events in: finds their messages, looks up what they mean to the provider, and has them folded in and kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.events import meaning_of, row_for
from ftos_tui.domain.delivery.sendgrid_events import ReadEvent
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.domain.statuses import Canonical, StatusRow
from ftos_tui.stores.event_protocol import EventPlace, Intake, NewEvent
from ftos_tui.stores.protocol import NotFound, Sign

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import ProviderStore

_GONE: Final = frozenset({Canonical.BOUNCED, Canonical.BLOCKED, Canonical.DROPPED, Canonical.FAILED, Canonical.EXPIRED})
"""What a list may call a final failure."""


class EventIntake:
    """Takes events in, from one thread or several.

    Args:
        store: The store of the environment.
        author: Who takes them in.
        sign: Signs audit entries.
        preset: The statuses by which events are read while a provider's own list is empty.
    """

    def __init__(self, store: "ProviderStore", author: Author, sign: Sign, preset: Sequence[StatusRow]) -> None:
        self._store = store
        self._preset = preset
        self._author = author
        self._sign = sign

    def take(self, read: Sequence[ReadEvent], vouched: Callable[[ProviderVersion], bool] | None = None) -> Intake:
        """Keeps events and folds them into their messages, in one transaction; committed when this returns.

        Args:
            read: The events, in any order.
            vouched: Whether who sent them speaks for a provider; events about messages of others are kept as belonging
                to none. None where all are believed.

        Raises:
            StoreError: Nothing was kept.
        """
        places = self._store.messages.locate_events([one.event for one in read])
        versions: dict[str, ProviderVersion | None] = {}
        new = []
        for one, place in zip(read, places, strict=True):
            version = None if place is None else self._version(versions, place)
            if place is None or version is None or (vouched is not None and not vouched(version)):
                new.append(NewEvent(one.event, one.raw))
            else:
                new.append(_with_meaning(one, place.message_id, version.statuses or self._preset))
        return self._store.messages.take_events(new, self._author, self._sign)

    def _version(self, known: dict[str, ProviderVersion | None], place: EventPlace) -> ProviderVersion | None:
        if place.provider_id not in known:
            try:
                known[place.provider_id] = self._store.by_id(place.provider_id)
            except NotFound:
                known[place.provider_id] = None
        return known[place.provider_id]


def _with_meaning(read: ReadEvent, message_id: str, rows: Sequence[StatusRow]) -> NewEvent:
    row, meaning = row_for(read.event.code, rows), meaning_of(read.event.code, rows)
    if read.meant is not None and not (read.meant is Canonical.BOUNCED and meaning in _GONE):
        meaning = read.meant
        # A mail server's code is none of the codes that a list of SendGrid's events has.
        row = row or next((one for one in rows if one.canonical == meaning), None)
    event = replace(read.event, canonical=meaning)
    return NewEvent(event, read.raw, message_id, row.code if row else "")
