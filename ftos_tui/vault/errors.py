"""What can be wrong with the master key. Each text is one sentence that says what to do."""

from ftos_tui.domain.failure import Failure


class VaultError(Failure):
    """Something is wrong with the vault. Its text names no key and no secret."""


class KeyLost(VaultError):
    """The store has secrets of a master key that is nowhere to be found."""


class KeyWrong(VaultError):
    """There is a master key, but not the one this store's secrets were sealed with, or it is no key at all."""


class KeyUnsafe(VaultError):
    """The master key file is one that others may read or exchange."""


class KeyUnreachable(VaultError):
    """The operating system does not let the master key file be read or made."""
