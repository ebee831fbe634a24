"""What a store knows of its master keys: its facts, and which key wrapped which secret. Part of `ProviderStore`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import AuditEntry, SealedSecret, Sign

SecretPlace = tuple[str, str, int]
"""Where a secret is kept: provider id, field id, version."""

KEY_FACTS: Final = ("key_id", "key_salt", "audit_key", "key_retiring", "environment")
"""The facts that opening a vault needs; `studio.master_key` says what they mean."""


@dataclass(frozen=True, slots=True)
class FactsChange:
    """Facts to be changed together.

    Attributes:
        given: What must be kept under some keys for anything to change; None for nothing.
        changes: What to keep from now on; None takes a fact away.
        entry: What the audit says of it; its sequence, previous and mac do not count.
    """

    given: Mapping[str, str | None]
    changes: Mapping[str, str | None]
    entry: "AuditEntry"


class KeyStore(Protocol):
    """Facts about keys, and sealed secrets. A secret is written only under the key that the fact `key_id` names."""

    def key_facts(self) -> Mapping[str, str]:
        """Those of `KEY_FACTS` that the store knows; of one state of the store."""
        ...

    def change_facts(self, change: FactsChange, sign: "Sign") -> bool:
        """Changes facts, with an audit entry in the same transaction.

        Returns:
            Whether it did; nothing is written when what is kept is not what was given.
        """
        ...

    def secret_counts(self) -> Mapping[str, int]:
        """How many stored secrets each master key wrapped, by its id."""
        ...

    def secrets_page(
        self, after: SecretPlace | None = None, limit: int = 100, not_under: str = ""
    ) -> "Sequence[tuple[SecretPlace, SealedSecret]]":
        """Stored secrets of all versions and providers, in the order of their places.

        Args:
            after: The place the page starts behind; None for the first.
            limit: Most secrets to return.
            not_under: Leave those out that this master key wrapped.
        """
        ...

    def rewrap_secret(self, place: SecretPlace, before: bytes, sealed: bytes, key_id: str) -> bool:
        """Puts the same secret, wrapped by another master key, in the place of what is stored.

        Args:
            place: Where.
            before: What is stored there.
            sealed: What is to be stored there.
            key_id: The master key that wrapped it.

        Returns:
            Whether it did; nothing is written when something else is stored there.
        """
        ...
