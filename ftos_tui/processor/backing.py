"""What a worker works with, and how fast: given by whoever starts it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftos_tui.domain.log import Level
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.protocol import Reach

if TYPE_CHECKING:
    from ftos_tui.stores.message_protocol import MessageStore
    from ftos_tui.stores.protocol import ProviderStore


@dataclass(frozen=True, slots=True)
class Backing:
    """What a worker works with.

    Attributes:
        store: The store of the environment; used by several threads.
        secrets: Opens the secrets of a version, by field id; blocks.
        reach: What the environment lets a connection reach.
        environment: The environment's name.
        note: Writes a line to the log: level, sentence, name of the provider or nothing.
        chores: What else is to be done now and then: trials that are over; blocks.
    """

    store: "ProviderStore"
    secrets: Callable[[ProviderVersion], Mapping[str, Secret]]
    reach: Reach
    environment: str
    note: Callable[[Level, str, str], None]
    chores: Callable[[], None]

    @property
    def messages(self) -> "MessageStore":
        """The message queue."""
        return self.store.messages


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker paces itself, in seconds.

    Attributes:
        step_s: From the start of a provider's step to the start of its next one, over all workers; 0 for none.
        lease_s: How long a message stays with a worker that gives no sign of life. Longer than the longest send: the
            timeouts of all stages of a transport, one after another.
        heartbeat_s: From one sign of life to the next.
        look_s: How often new messages are looked for.
        sleep_s: The longest sleep; then clock, settings and window are looked at again.
        grace_s: How long a stop waits for what is on the wire.
        chores_s: From one look for lost workers, expired messages and trials to the next.
    """

    step_s: int = STEP_SECONDS
    lease_s: float = 600.0
    heartbeat_s: float = 20.0
    look_s: float = 1.0
    sleep_s: float = 5.0
    grace_s: float = 30.0
    chores_s: float = 10.0
