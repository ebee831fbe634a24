"""Secrets at rest: envelope encryption, key sources. Importing it does not import cryptography."""

from ftos_tui.vault.envelope import Binding, Unreadable
from ftos_tui.vault.errors import KeyLost, KeyUnreachable, KeyUnsafe, KeyWrong, VaultError
from ftos_tui.vault.keys import Vault, open_vault
from ftos_tui.vault.master_key import SALT_BYTES

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
