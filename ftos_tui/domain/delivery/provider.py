"""A channel provider as the processor sees it: the rules it sends by, or why it cannot send."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ftos_tui.domain.app_config import known_key
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.pace import STEP_SECONDS, total_tries, window_of
from ftos_tui.domain.record import ProviderVersion, Value, Values
from ftos_tui.domain.window import Window, seconds_of_day

LARGEST_BULK: Final = 1000
MOST_RETRIES: Final = 20


@dataclass(frozen=True, slots=True)
class SendingRules:
    """What a provider's settings say about sending, in numbers.

    Attributes:
        window: When a message may start.
        bulk: The most messages claimed in one step, 1 to 1000, over all workers.
        retries: Tries after the first, 0 to 20.
        pool_s: Seconds between a refusal and the next try, 0 to 86,399; 0 only where there are no retries.
        step_s: Seconds from the start of one step to the start of the next.
        most_connections: How many connections the provider takes at once; None where appConfig names no number.
    """

    window: Window
    bulk: int
    retries: int
    pool_s: int
    step_s: int = STEP_SECONDS
    most_connections: int | None = None

    @property
    def tries(self) -> int:
        """How often a message is tried at most."""
        return total_tries(self.retries)

    @property
    def connections(self) -> int:
        """The most connections at once: never more than a step has messages."""
        return min(self.bulk, self.most_connections or self.bulk)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Whether and how a provider may send now.

    Attributes:
        name: Its Name, for sentences.
        version: The number of the version whose rules these are.
        rules: By what it sends; None where its settings make no sense together.
        missing: Labels of mandatory fields that hold nothing.
        deleted: Whether it is deleted.
        paused: Why an operator paused it, in words; empty when it is not paused.
    """

    name: str
    version: int
    rules: SendingRules | None
    missing: tuple[str, ...] = ()
    deleted: bool = False
    paused: str = ""

    @property
    def active(self) -> bool:
        """Whether messages may be claimed for it at all."""
        return self.rules is not None and not self.missing and not self.deleted and not self.paused


def provider_state(version: ProviderVersion, *, step_s: int = STEP_SECONDS, paused: str = "") -> ProviderState:
    """What a version of a provider means for sending.

    Args:
        version: The version that is current, or a tombstone.
        step_s: The setting for the seconds between the starts of two steps, at least 1.
        paused: Why it is paused; empty when it is not.
    """
    return ProviderState(
        name=version.name,
        version=version.number,
        rules=sending_rules(version.values, step_s=step_s),
        missing=tuple(FIELD_BY_ID[field_id].label for field_id in version.missing),
        deleted=version.deleted,
        paused=paused,
    )


def sending_rules(values: Values, *, step_s: int = STEP_SECONDS) -> SendingRules | None:
    """The rules that plain values make; None where they make none.

    A stored record passed its check, but an imported or older one may hold what would be refused today: then nothing
    is sent, rather than sent at a wrong time or pace.
    """
    window = window_of(values)
    bulk, retries = _whole(values.get("bulk_no")), _whole(values.get("retry_max_attempt"))
    try:
        pool = seconds_of_day(str(values.get("pool_time_retry")))
    except ValueError:
        return None
    if window is None or bulk is None or retries is None:
        return None
    if not 1 <= bulk <= LARGEST_BULK or not 0 <= retries <= MOST_RETRIES or (retries and not pool):
        return None
    return SendingRules(window, bulk, retries, pool, step_s, _most_connections(values.get("app_config")))


def misconfigured_fields(values: Values) -> Sequence[str]:
    """The labels of the fields that keep `sending_rules` from making rules; empty where they make some."""
    if sending_rules(values) is not None:
        return ()
    sound: dict[str, Value] = {"interval_min": "00:00:00", "interval_max": "23:59:59", "bulk_no": 1}
    sound |= {"retry_max_attempt": 0, "pool_time_retry": "00:01:00"}
    groups = (("interval_min", "interval_max"), ("bulk_no",), ("retry_max_attempt",), ("pool_time_retry",))
    wrong = [
        group
        for group in groups
        if sending_rules({**sound, **{field_id: values.get(field_id) for field_id in group}}) is None
    ]
    return [FIELD_BY_ID[field_id].label for group in wrong or groups[2:] for field_id in group]


def _whole(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _most_connections(config: Value) -> int | None:
    """`max_connections` of appConfig; the check keeps appConfig an object, so anything else names no number."""
    if not isinstance(config, str) or "onnections" not in config:
        return None
    try:
        found = json.loads(config)
    except (ValueError, RecursionError):
        return None
    for key, value in found.items() if isinstance(found, dict) else ():
        known = known_key(key)
        if known and known.name == "max_connections" and isinstance(value, int) and value > 0:
            return value
    return None
