"""What a store tells of a provider at once: all that opening it, a check, a form and a save need, in one round trip."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.trial import Trial

if TYPE_CHECKING:
    from ftos_tui.domain.record import ProviderVersion
    from ftos_tui.stores.protocol import NewVersion, SealedSecret, Sign


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
        current: Its last version where a save asks, and there is one.
        secret_numbers: The greatest version that each of its secrets ever had, where a save asks; by field id.
    """

    name_owner: str | None = None
    serves_count: int = 0
    serves: tuple[str, ...] = ()
    waiting: int = 0
    status_counts: Mapping[str, int] | None = None
    trial: Trial | None = None
    current: "ProviderVersion | None" = None
    secret_numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A provider's last version with what was asked for beside it.

    Attributes:
        version: The version.
        sealed: Its secrets in their sealed form, by field id.
        key_facts: What the store keeps about its master keys, see `KeyStore.key_facts`; empty where not asked for.
        around: What stands around it, as of its own name; None where not asked for.
    """

    version: "ProviderVersion"
    sealed: "Mapping[str, SealedSecret]" = field(default_factory=dict)
    key_facts: Mapping[str, str] = field(default_factory=dict)
    around: Around | None = None


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What a save has to be told before it can be decided.

    Attributes:
        provider_id: Of which provider; for a new one the id it is to have.
        name: What it is to be called, as it was typed.
        operation_id: The save's own id.
        secret_versions: Which version of each secret the edit started from; 0 for none.
    """

    provider_id: str
    name: str
    operation_id: str
    secret_versions: Mapping[str, int]


Decide = Callable[[Around], "NewVersion | ProviderVersion"]
"""Makes the version to be written of what stands around it; gives back the current one where nothing changes.

It may be called while nobody else can write, so it must not use the store. What it raises ends the save.
"""


class AroundStore(Protocol):
    """The part of a store that a check, a form and a save ask."""

    def around(self, provider_id: str | None, name: str) -> Around:
        """What stands around a provider; of one state of the store.

        Args:
            provider_id: The provider; None for one that is not in the store yet.
            name: What it is to be called; empty for nothing.
        """
        ...

    def record(
        self, provider_id: str | None, name: str = "", *, sealed: bool = False, keys: bool = False, around: bool = False
    ) -> Record:
        """A provider's last version, and what belongs to it; of one state of the store.

        Args:
            provider_id: The provider, also a deleted one; None to go by its name.
            name: Its name, compared by `name_key`.
            sealed: Whether its sealed secrets are wanted.
            keys: Whether the facts about the master keys are wanted.
            around: Whether what stands around it is wanted.

        Raises:
            NotFound: There is no such provider.
        """
        ...

    def save(self, request: SaveRequest, decide: Decide, sign: "Sign") -> "ProviderVersion":
        """Writes as `ProviderStore.write` does what is decided by what stands around the provider.

        Where the store is far away, it is told and decided in the transaction that writes.

        Args:
            request: Which save.
            decide: Makes the version.
            sign: As for `write`.

        Returns:
            The version that was written; the one that this very save wrote before, and then nothing was decided.

        Raises:
            Exception: What `decide` raises, and what `write` does.
        """
        ...
