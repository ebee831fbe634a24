"""Takes events in: finds their messages, looks up what they mean to the provider, and has them folded in and kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.events import meaning_of, row_for
from ftos_tui.domain.delivery.sendgrid_events import ReadEvent
from ftos_tui.domain.record import Author, ProviderVersion
from ftos_tui.domain.statuses import Canonical, StatusRow
from ftos_tui.stores.event_protocol import EventPlace, Intake, NewEvent
from ftos_tui.stores.protocol import Sign

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
        lists: dict[str, Sequence[StatusRow] | None] = {}
        meanings: dict[tuple[str, str, Canonical | None], tuple[str, Canonical | None]] = {}
        new = []
        for one, place in zip(read, places, strict=True):
            if place is not None and place.provider_id not in lists:
                lists[place.provider_id] = self._list_of(place, vouched)
            rows = None if place is None else lists[place.provider_id]
            if place is None or rows is None:
                new.append(NewEvent(one.event, one.raw))
                continue
            key = place.provider_id, one.event.code, one.meant
            if key not in meanings:
                meanings[key] = _meaning(one, rows)
            code, meaning = meanings[key]
            new.append(NewEvent(replace(one.event, canonical=meaning), one.raw, place.message_id, code))
        return self._store.messages.take_events(new, self._author, self._sign)

    def _list_of(
        self, place: EventPlace, vouched: Callable[[ProviderVersion], bool] | None
    ) -> Sequence[StatusRow] | None:
        """The statuses by which events of a provider are read; None where its messages are none of the sender's."""
        version = self._store.by_id(place.provider_id)
        believed = vouched is None or vouched(version)
        return (version.statuses or self._preset) if believed else None


def _meaning(read: ReadEvent, rows: Sequence[StatusRow]) -> tuple[str, Canonical | None]:
    """The code that an event counts under, empty for none, and what it means."""
    row, meaning = row_for(read.event.code, rows), meaning_of(read.event.code, rows)
    if read.meant is not None and not (read.meant is Canonical.BOUNCED and meaning in _GONE):
        meaning = read.meant
        # A mail server's code is none of the codes that a list of SendGrid's events has.
        row = row or next((one for one in rows if one.canonical == meaning), None)
    return (row.code if row else ""), meaning
