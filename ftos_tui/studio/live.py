"""What others do, as it happens: a thread that follows the store, tells a face, and says which forms are open here."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.visible import visible
from ftos_tui.stores.live_protocol import STAY_EVERY_S, Change, Present, Signal
from ftos_tui.stores.protocol import ProviderStore, SignInRefused, StoreError, StoreForbidden, StoreReadOnly
from ftos_tui.studio.session import new_id

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Change", "News", "Present", "Watch"]

FIRST_PAUSE_S: Final = 0.5
"""Seconds before the second try when the store is away; doubled with each try."""

LONGEST_PAUSE_S: Final = 30.0
"""Seconds between two tries at most."""

_PAGE: Final = 500
_MOST_KEPT: Final = 2000
"""Changes told at once at most: who was away for long hears how many there were."""

_BETWEEN_LOOKS_S: Final = 0.2
_NOT_OPENED_S: Final = 0.2
_TRY_AGAIN_S: Final = 2.0
_ENDS_WITHIN_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class News:
    """What a look at the store brought.

    Attributes:
        changes: What others did since the last look, in order; what this session did is left out.
        left_out: How many changes there were besides, before those.
        present: Who else has which forms open, by provider id.
        trouble: Why the store is not followed now, in one sentence; told once. Nothing else is told with it.
        forbidden: Whether that is no outage: the store lets who is signed in follow it no longer.
        back: Whether the store was away and answers again.
        first: Whether this is the first look: what was read before it may be outdated without a change being told.
    """

    changes: tuple[Change, ...] = ()
    left_out: int = 0
    present: Mapping[str, tuple[Present, ...]] | None = None
    trouble: str = ""
    forbidden: bool = False
    back: bool = False
    first: bool = False


class Watch:
    """Follows the store of a session, once somebody opened it.

    Args:
        session: The session; it ends the watch when it is closed.
        tell: Told of every look that brought something, in the watch's thread; must return soon and raise nothing.
    """

    def __init__(self, session: "Session", tell: Callable[[News], None]) -> None:
        self.session = session
        self.session_id = new_id()
        self._tell = tell
        shared = session.environment.postgresql
        self._mode = "auto" if shared is None else shared.live
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._signal: Signal | None = None
        self._open: Counter[str] = Counter()
        self._entered: set[str] = set()
        self._told: set[str] = set()  # what the store may still hold of us: of those entered, not taken back for sure
        self._may_enter = not session.environment.read_only
        self._head: int | None = None
        self._present: Mapping[str, tuple[Present, ...]] = {}
        self._away = False
        self._forbidden = False
        self._again = threading.Event()
        self._thread = threading.Thread(target=self.run, name="store-watch", daemon=True)

    # From any thread

    def start(self) -> None:
        """Begins to follow, in a thread of its own."""
        self.session.closing.append(self.stop)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch and takes the operator off the forms; waits no longer than a fraction of a second."""
        self._over.set()
        self._again.set()
        self._wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_ENDS_WITHIN_S)

    def enter(self, provider_id: str) -> None:
        """Lets the others know that a form is open here; returns at once."""
        with self._lock:
            self._open[provider_id] += 1
        self._wake()

    def leave(self, provider_id: str) -> None:
        """Lets the others know that it is closed; returns at once."""
        with self._lock:
            self._open[provider_id] -= 1
        self._wake()

    def try_again(self) -> None:
        """Tries to follow a store that did not let itself be followed any more: something succeeded there since."""
        self._again.set()

    def _wake(self) -> None:
        signal = self._signal
        if signal is not None:
            signal.wake()

    # In the watch's thread

    def run(self) -> None:
        """Follows the store until `stop`; the body of the thread, or of a command that does nothing else."""
        pause = FIRST_PAUSE_S
        while not self._over.is_set():
            if not self.session.is_open:
                self._over.wait(_NOT_OPENED_S)
                continue
            head = self._head
            self._again.clear()
            try:
                self._follow()
            except (StoreForbidden, SignInRefused) as failure:
                # Asked again and again it would say the same, and a server may lock out who is refused too often.
                self._tell_trouble(failure, forbidden=True)
                if not self._over.is_set():
                    self._again.wait()
            except Failure as failure:
                self._tell_trouble(failure, forbidden=False)
                if self._head != head:
                    pause = FIRST_PAUSE_S
                # Jitter: a server that comes back is not to be met by all consoles in the same instant.
                self._over.wait(pause * random.uniform(0.7, 1.0))  # noqa: S311
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _tell_trouble(self, failure: Failure, *, forbidden: bool) -> None:
        """Tells once why the store is not followed, and once more when that becomes another reason."""
        if self._over.is_set() or (self._away and forbidden == self._forbidden):
            return
        self._away, self._forbidden = True, forbidden
        said = str(failure)
        if isinstance(failure, StoreForbidden):
            said = (
                f"{visible(self.session.author.user)} may not read the store any more, so what others do is not shown: "
                "ask who keeps the store for a role that may."
            )
        self._tell(News(trouble=said, forbidden=forbidden))

    def _follow(self) -> None:
        """Follows while the store answers."""
        store = self.session.store
        self._entered.clear()
        with closing(store.signal(self._mode)) as signal:
            self._signal = signal
            try:
                self._look(store)
                self._look_on(store, signal)
            finally:
                self._signal = None
                if self._over.is_set():
                    self._say_goodbye(store)

    def _say_goodbye(self, store: ProviderStore) -> None:
        if self._told:
            with suppress(Failure):
                store.leave(self.session_id)
        if not self.session.is_open:  # it did not wait for this: what was opened since is to be given back, too
            store.close()

    def _look_on(self, store: ProviderStore, signal: Signal) -> None:
        stay_at = time.monotonic() + STAY_EVERY_S
        while not self._over.is_set():
            in_line = self._sync(store)
            left = max(0.0, stay_at - time.monotonic())
            changed = signal.wait(left if in_line else min(left, _TRY_AGAIN_S))
            if self._over.is_set():
                return
            alive = time.monotonic() >= stay_at
            if alive:
                stay_at = time.monotonic() + STAY_EVERY_S
                if self._entered:
                    with suppress(StoreError):
                        store.stay(self.session_id)
            if changed or alive:  # those whose console was killed are gone without a change
                self._look(store)
                self._over.wait(_BETWEEN_LOOKS_S)

    def _sync(self, store: ProviderStore) -> bool:
        """Brings what the others know in line with the forms that are open here.

        Returns:
            Whether it is. Where another program holds the store it is not, and that is no trouble worth a word.
        """
        with self._lock:
            wanted = {provider_id for provider_id, forms in self._open.items() if forms > 0}
        if not self._may_enter:
            return True
        try:
            for provider_id in self._told - wanted:
                store.leave(self.session_id, provider_id)
                self._told.discard(provider_id)
                self._entered.discard(provider_id)
            for provider_id in wanted - self._entered:
                self._told.add(provider_id)
                store.enter(self.session_id, provider_id, self.session.author)
                self._entered.add(provider_id)
        except (StoreReadOnly, StoreForbidden):
            self._may_enter = False
        except StoreError:
            return False
        return True

    def _look(self, store: ProviderStore) -> None:
        first, back = self._head is None, self._away
        changes: list[Change] = []
        left_out = 0
        if self._head is None:
            self._head = store.head()
        while page := store.changes(self._head, _PAGE):
            self._head = page[-1].sequence
            changes += [change for change in page if not change.own]
            left_out += max(0, len(changes) - _MOST_KEPT)
            del changes[:-_MOST_KEPT]
            if len(page) < _PAGE or self._over.is_set():
                break
        present = by_provider(store.present(self.session_id))
        self._away = self._forbidden = False
        if changes or first or back or present != self._present:
            self._present = present
            self._tell(News(tuple(changes), left_out, present, back=back, first=first))


def by_provider(present: Iterable[Present]) -> Mapping[str, tuple[Present, ...]]:
    """Who has which forms open, by provider id."""
    found: dict[str, list[Present]] = {}
    for one in present:
        found.setdefault(one.provider_id, []).append(one)
    return {provider_id: tuple(those) for provider_id, those in found.items()}
