"""Secrets at rest: envelope encryption, key sources. Importing it does not import cryptography."""

from ftos_tui.vault.envelope import Binding
from ftos_tui.vault.errors import KeyLost, KeyUnreachable, KeyUnsafe, KeyWrong, Unreadable, VaultError
from ftos_tui.vault.keys import SALT_BYTES
from ftos_tui.vault.opening import Vault, open_vault

__all__ = [
    "SALT_BYTES",
    "Binding",
    "KeyLost",
    "KeyUnreachable",
    "KeyUnsafe",
    "KeyWrong",
    "Unreadable",
    "Vault",
    "VaultError",
    "open_vault",
]
