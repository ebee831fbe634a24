"""What can be wrong with the master key or a sealed secret. Each text is one sentence that says what to do."""


class VaultError(Exception):
    """Something is wrong with the vault. Its text names no key and no secret."""


class KeyLost(VaultError):
    """The store has secrets of a master key that is nowhere to be found."""


class KeyWrong(VaultError):
    """There is a master key, but not the one this store's secrets were sealed with, or it is no key at all."""


class KeyUnsafe(VaultError):
    """The master key file is one that others may read or exchange."""


class KeyUnreachable(VaultError):
    """The operating system does not let the master key file be read or made."""


class Unreadable(VaultError):
    """A sealed secret does not open: another master key, another record, or damaged. It is kept as it is."""
