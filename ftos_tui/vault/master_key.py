"""The master key of an environment, and the keys that derive from it."""

import base64
import hashlib
import hmac
import secrets
from functools import cached_property
from typing import Any, Final, NoReturn

from ftos_tui.domain.secret import Secret

KEY_BYTES: Final = 32

# RFC 9106, section 4: the second recommended option, for machines that cannot spare 2 GiB.
_ARGON2_PASSES: Final = 3
_ARGON2_LANES: Final = 4
_ARGON2_KIBIBYTES: Final = 64 * 1024

_NONCE: Final = 12

SALT_BYTES: Final = 16
"""How long the salt of a passphrase is (RFC 9106, section 4)."""


class MasterKey:
    """Wraps 32 key bytes so that str, repr and pickling cannot leak them.

    Args:
        key: Exactly 32 random bytes.

    Raises:
        ValueError: The key has another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("a master key has 32 bytes")
        self._key = key

    @classmethod
    def new(cls) -> "MasterKey":
        """A key from the operating system's random source."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: bytes) -> "MasterKey":
        """The key out of its written form: 32 bytes in base64, as `openssl rand -base64 32` prints it.

        Args:
            text: The written form; white space around it does not count.

        Raises:
            ValueError: That is no key.
        """
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except ValueError:
            raise ValueError("not a master key") from None

    @classmethod
    def from_passphrase(cls, passphrase: Secret, salt: bytes) -> "MasterKey":
        """The key that Argon2id (RFC 9106) derives from a passphrase.

        Args:
            passphrase: What the operator typed.
            salt: At least 16 random bytes, the same every time; the store keeps them.

        Raises:
            ValueError: The salt is too short.
        """
        if len(salt) < SALT_BYTES:
            raise ValueError("a salt has at least 16 bytes")
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        derivation = Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=_ARGON2_PASSES,
            lanes=_ARGON2_LANES,
            memory_cost=_ARGON2_KIBIBYTES,
        )
        return cls(derivation.derive(passphrase.reveal().encode("utf-8", "surrogatepass")))

    def to_text(self) -> bytes:
        """The written form, with a line end; call it only to write the key file."""
        return base64.b64encode(self._key) + b"\n"

    @cached_property
    def key_id(self) -> str:
        """16 hex digits that name the key and tell nothing about it."""
        return hmac.new(self._key, b"ftos-tui key id 1", hashlib.sha256).hexdigest()[:16]

    @cached_property
    def wrapping_key(self) -> bytes:
        """The key that wraps data keys."""
        return self._derive(b"ftos-tui wrapping key 1")

    @cached_property
    def audit_key(self) -> bytes:
        """The key that signs the audit chain of a store whose master key was never rotated."""
        return self._derive(b"ftos-tui audit key 1")

    def sealed_for(self, newer: "MasterKey", binding: bytes) -> str:
        """This key as `newer` can open it again, in base64; see `unsealed_by`."""
        return seal_key(self._key, newer, binding)

    @classmethod
    def unsealed_by(cls, newer: "MasterKey", sealed: str, binding: bytes) -> "MasterKey":
        """The key that `sealed_for` sealed.

        Raises:
            ValueError: Another key sealed it, for something else, or it is damaged.
        """
        return cls(unseal_key(sealed, newer, binding))

    def _derive(self, purpose: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(self._key)

    def __repr__(self) -> str:
        return "MasterKey(…)"

    def __str__(self) -> str:
        return "MasterKey(…)"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a master key is not pickled or copied")


def seal_key(key: bytes, master: MasterKey, binding: bytes) -> str:
    """Encrypts a key under a master key (AES-256-GCM), for the store's facts.

    Args:
        key: The key.
        master: Who can open it.
        binding: What the key is for; the same is needed to open it.

    Returns:
        A random nonce of 12 bytes and the ciphertext, in base64.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(master.wrapping_key).encrypt(nonce, key, binding)).decode("ascii")


def unseal_key(sealed: str, master: MasterKey, binding: bytes) -> bytes:
    """The key that `seal_key` encrypted.

    Raises:
        ValueError: Another master key sealed it, for something else, or it is damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    data = base64.b64decode(sealed, validate=True)
    if len(data) <= _NONCE:
        raise ValueError("no sealed key")
    try:
        return AESGCM(master.wrapping_key).decrypt(data[:_NONCE], data[_NONCE:], binding)
    except InvalidTag:
        raise ValueError("sealed by another key") from None
