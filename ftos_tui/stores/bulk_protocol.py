"""What a store can do with many providers at once. Part of `ProviderStore`; the same contract tests hold it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.record import ProviderVersion
from ftos_tui.stores.key_protocol import SecretPlace

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import NewVersion, SealedSecret, Sign


class BulkStore(Protocol):
    """Many providers read together, or written together or not at all."""

    def by_names(self, names: Sequence[str]) -> Mapping[str, ProviderVersion]:
        """The current versions of the providers of these names.

        Args:
            names: At most 1000 names, compared by `name_key`.

        Returns:
            Versions by `name_key`; names that nobody bears are left out.
        """
        ...

    def sealed_secrets(self, places: Sequence[SecretPlace]) -> "Mapping[SecretPlace, SealedSecret]":
        """Stored secrets in their sealed form, by their places, at most 1000; places without one are left out."""
        ...

    def last_secret_versions(self, provider_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """The greatest version that each secret of these providers, at most 1000, ever had, by provider id and field.

        A secret that was never set is left out.
        """
        ...

    def write_many(self, versions: "Iterable[NewVersion]", sign: "Sign", operation_id: str = "") -> int:
        """Writes versions as `write` does, all of them in one transaction, or none.

        Args:
            versions: In the order they are to be audited. They are asked for within the transaction: whoever makes
                them must not use the store.
            sign: As for `write`.
            operation_id: Of one of the versions: to `settle` it settles all of them. Empty for none.

        Returns:
            How many were written.

        Raises:
            OutcomeUnknown: The connection broke while they were being committed.
            StoreError: As `write` does; nothing was written. What the iterable raises ends it likewise.
        """
        ...
