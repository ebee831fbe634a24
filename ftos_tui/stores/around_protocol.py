"""What a store tells of what stands around a provider: all that a check and a form of it need, asked at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.trial import Trial

if TYPE_CHECKING:
    from ftos_tui.domain.record import ProviderVersion


@dataclass(frozen=True, slots=True)
class Around:
    """What a store knows of a provider beside its versions.

    Attributes:
        name_owner: The id of the provider that bears the name asked for, if any.
        serves_count: How many communication channels send through it.
        serves: The first of their codes.
        waiting: How many of its messages wait for their first or next try.
        status_counts: How many of its messages bear each status code; codes without messages are left out.
        trial: Its trial, if one runs.
        current: Its last version where that was asked for and there is one.
    """

    name_owner: str | None = None
    serves_count: int = 0
    serves: tuple[str, ...] = ()
    waiting: int = 0
    status_counts: Mapping[str, int] | None = None
    trial: Trial | None = None
    current: "ProviderVersion | None" = None


class AroundStore(Protocol):
    """The part of a store that a check and a form ask."""

    def around(self, provider_id: str | None, name: str, *, current: bool = False) -> Around:
        """What stands around a provider; of one state of the store.

        Args:
            provider_id: The provider; None for one that is not in the store yet.
            name: What it is to be called; empty for nothing.
            current: Whether its last version is wanted too.
        """
        ...
