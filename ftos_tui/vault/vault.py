"""The vault of one environment: seals, opens and signs with its keys."""

import hmac
from dataclasses import dataclass, replace

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.envelope import Binding, Unreadable, rewrap, seal, unseal
from ftos_tui.vault.errors import KeyWrong
from ftos_tui.vault.master_key import MasterKey, seal_key, unseal_key


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """Seals, opens and signs with one environment's master key.

    Attributes:
        source: Where the key came from, in words.
        warning: What is unsafe about that; None when nothing is.
    """

    _master: MasterKey
    source: str
    warning: str | None = None
    _retiring: MasterKey | None = None
    _audit_key: bytes | None = None

    @property
    def key_id(self) -> str:
        """Which master key it is; the store keeps it beside what the key sealed."""
        return self._master.key_id

    def opens(self, key_id: str) -> bool:
        """Whether it has the master key of an id: its own, or the one that is being replaced."""
        return self._key(key_id) is not None

    def seal(self, secret: Secret, binding: Binding) -> bytes:
        """Encrypts a secret for the place it belongs to."""
        return seal(secret, self._master, binding)

    def unseal(self, sealed: bytes, binding: Binding, key_id: str | None = None) -> Secret:
        """Decrypts a sealed secret.

        Args:
            sealed: What `seal` gave.
            binding: Where it was found.
            key_id: Which master key the store says it was sealed with; None for the vault's own.

        Raises:
            Unreadable: Another key, another place, or damaged.
        """
        return unseal(sealed, self._key(key_id) or self._master, binding)

    def rewrap(self, sealed: bytes, binding: Binding, key_id: str) -> bytes:
        """The same secret for the vault's own master key; its ciphertext stays as it is.

        Args:
            sealed: What another vault's `seal` gave.
            binding: Where it was found.
            key_id: Which master key the store says it was sealed with.

        Raises:
            Unreadable: That key is not at hand, or does not open it.
        """
        older = self._key(key_id)
        if older is None:
            raise Unreadable(f"The master key {key_id} is not at hand.")
        return rewrap(sealed, older, self._master, binding)

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA-256 under the audit key, 32 bytes."""
        return hmac.digest(self._audit_key or self._master.audit_key, message, "sha256")

    def with_audit_key(self, sealed: str, environment: str) -> "Vault":
        """The same vault with the audit key that the store keeps sealed.

        Raises:
            KeyWrong: The vault's master key does not open it.
        """
        try:
            return replace(self, _audit_key=unseal_key(sealed, self._master, _binding("audit key", environment)))
        except ValueError:
            raise KeyWrong(
                f"The audit key of environment {environment} does not open with its master key: the store was "
                "altered or is damaged; restore it from a backup."
            ) from None

    def with_retiring(self, sealed: str, environment: str) -> "Vault":
        """The same vault, able to open what the master key before it sealed; unchanged where that key is damaged."""
        binding = _binding("retiring key", environment)
        try:
            return replace(self, _retiring=MasterKey.unsealed_by(self._master, sealed, binding))
        except ValueError:
            return self

    def successor(self, key: MasterKey, source: str, environment: str) -> "Succession":
        """What a store has to keep for another master key to take this one's place.

        Args:
            key: The key to come.
            source: Where it is kept, in words.
            environment: The environment's lasting name.
        """
        audit_key = self._audit_key or self._master.audit_key
        return Succession(
            vault=Vault(key, source, None, self._master, audit_key),
            audit_key=seal_key(audit_key, key, _binding("audit key", environment)),
            retiring=self._master.sealed_for(key, _binding("retiring key", environment)),
        )

    def _key(self, key_id: str | None) -> MasterKey | None:
        if key_id == self._master.key_id:
            return self._master
        if self._retiring is not None and key_id == self._retiring.key_id:
            return self._retiring
        return None

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"


@dataclass(frozen=True, slots=True)
class Succession:
    """A master key about to take the place of another one.

    Attributes:
        vault: The vault of the new key; opens what the old one sealed, and signs as it did.
        audit_key: The audit key, sealed under the new master key.
        retiring: The old master key, sealed under the new one.
    """

    vault: Vault
    audit_key: str
    retiring: str


def _binding(purpose: str, environment: str) -> bytes:
    # Neither holds a line end: the name is made of letters, digits and dots.
    return f"ftos-tui 1\n{purpose}\n{environment}".encode()
