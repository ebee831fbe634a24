"""Envelope encryption of one secret: AES-256-GCM under a fresh data key, wrapped by the master key.

Format 1, binary: the byte 1, 12 bytes nonce and 48 bytes wrapped data key, 12 bytes nonce and the ciphertext. Both
layers authenticate the binding, so that a ciphertext moved to another row, field, version or destination does not
open. The text is padded to a multiple of 64 bytes: a copy of the store does not tell how long a secret is.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.errors import VaultError
from ftos_tui.vault.master_key import KEY_BYTES, MasterKey

_FORMAT: Final = 1
_NONCE: Final = 12
_TAG: Final = 16
_WRAPPED: Final = KEY_BYTES + _TAG
_HEAD: Final = 1 + _NONCE + _WRAPPED + _NONCE
_BLOCK: Final = 64
_LENGTH: Final = 4

_UNREADABLE: Final = "This secret cannot be read with the master key at hand: restore the right key, or enter it again."


class Unreadable(VaultError):
    """A sealed secret does not open: another master key, another record, or damaged. It is kept as it is."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a secret belongs.

    Attributes:
        environment: The environment's lasting name.
        provider_id: The store's id of the provider.
        field: The id of the secret field.
        version: The secret's own version.
        destination: Where it may be sent.
    """

    environment: str
    provider_id: str
    field: str
    version: int
    destination: str

    def associated_data(self, layer: Literal["key", "value"]) -> bytes:
        """The canonical bytes that one layer authenticates; JSON keeps the parts apart."""
        parts = (self.environment, self.provider_id, self.field, self.version, self.destination)
        return json.dumps(["ftos-tui", _FORMAT, layer, *parts], separators=(",", ":")).encode("ascii")


def seal(secret: Secret, master: MasterKey, binding: Binding) -> bytes:
    """Encrypts a secret for one place.

    Args:
        secret: What to encrypt.
        master: The environment's master key.
        binding: Where it belongs; the same is needed to open it.

    Returns:
        The sealed secret in format 1.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    data_key = secrets.token_bytes(KEY_BYTES)
    key_nonce, value_nonce = secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
    wrapped = AESGCM(master.wrapping_key).encrypt(key_nonce, data_key, binding.associated_data("key"))
    value = AESGCM(data_key).encrypt(value_nonce, _padded(secret), binding.associated_data("value"))
    return bytes([_FORMAT]) + key_nonce + wrapped + value_nonce + value


def unseal(sealed: bytes, master: MasterKey, binding: Binding) -> Secret:
    """Decrypts a sealed secret.

    Args:
        sealed: What `seal` gave.
        master: The environment's master key.
        binding: Where it was found.

    Raises:
        Unreadable: Another key, another place, or damaged.
    """
    return _opened(sealed, master, binding)[1]


def rewrap(sealed: bytes, older: MasterKey, newer: MasterKey, binding: Binding) -> bytes:
    """The same secret for another master key: its data key is wrapped anew, the ciphertext stays as it is.

    Args:
        sealed: What `seal` gave.
        older: The master key it was sealed with.
        newer: The one it is to be opened with from now on.
        binding: Where it was found.

    Raises:
        Unreadable: `older` does not open it.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    data_key, _ = _opened(sealed, older, binding)
    nonce = secrets.token_bytes(_NONCE)
    wrapped = AESGCM(newer.wrapping_key).encrypt(nonce, data_key, binding.associated_data("key"))
    return bytes([_FORMAT]) + nonce + wrapped + sealed[1 + _NONCE + _WRAPPED :]


def _opened(sealed: bytes, master: MasterKey, binding: Binding) -> tuple[bytes, Secret]:
    """The data key and the secret."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < _HEAD + _TAG or sealed[0] != _FORMAT:
        raise Unreadable(_UNREADABLE)
    key_nonce, wrapped = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE : _HEAD - _NONCE]
    value_nonce, value = sealed[_HEAD - _NONCE : _HEAD], sealed[_HEAD:]
    try:
        data_key = AESGCM(master.wrapping_key).decrypt(key_nonce, wrapped, binding.associated_data("key"))
        padded = AESGCM(data_key).decrypt(value_nonce, value, binding.associated_data("value"))
    except InvalidTag:
        raise Unreadable(_UNREADABLE) from None
    length = int.from_bytes(padded[:_LENGTH], "big")
    return data_key, Secret(padded[_LENGTH : _LENGTH + length].decode("utf-8", "surrogatepass"))


def _padded(secret: Secret) -> bytes:
    text = secret.reveal().encode("utf-8", "surrogatepass")
    plain = len(text).to_bytes(_LENGTH, "big") + text
    return plain + bytes(-len(plain) % _BLOCK)
