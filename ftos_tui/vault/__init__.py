"""Secrets at rest: envelope encryption, key sources. Importing it does not import cryptography."""

from ftos_tui.vault.envelope import Binding, Unreadable
from ftos_tui.vault.errors import KeyLost, KeyUnreachable, KeyUnsafe, KeyWrong, VaultError
from ftos_tui.vault.keys import KeySource, open_vault
from ftos_tui.vault.master_key import SALT_BYTES
from ftos_tui.vault.vault import Vault

__all__ = [
    "SALT_BYTES",
    "Binding",
    "KeyLost",
    "KeySource",
    "KeyUnreachable",
    "KeyUnsafe",
    "KeyWrong",
    "Unreadable",
    "Vault",
    "VaultError",
    "open_vault",
]
