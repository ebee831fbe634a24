"""Opens the vault of an environment: finds its master key and makes sure that it is the right one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.envelope import Binding, seal, unseal
from ftos_tui.vault.errors import KeyLost, KeyUnreachable, KeyWrong
from ftos_tui.vault.key_file import key_in, make_key_file, read_key_file
from ftos_tui.vault.master_key import MasterKey

CREDENTIAL: Final = "ftos-tui-master-key"
"""The name of the systemd credential."""

VARIABLE: Final = "FTOS_TUI_MASTER_KEY"
"""The environment variable, the last resort."""


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

    @property
    def key_id(self) -> str:
        """Which master key it is; the store keeps it beside what the key sealed."""
        return self._master.key_id

    def seal(self, secret: Secret, binding: Binding) -> bytes:
        """Encrypts a secret for the place it belongs to."""
        return seal(secret, self._master, binding)

    def unseal(self, sealed: bytes, binding: Binding) -> Secret:
        """Decrypts a sealed secret.

        Raises:
            Unreadable: Another key, another place, or damaged.
        """
        return unseal(sealed, self._master, binding)

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA-256 under the audit key."""
        return self._master.sign(message)

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"


def open_vault(
    *,
    environment: str,
    key_file: Path,
    expected_key_id: str | None,
    may_create: bool,
    environ: Mapping[str, str],
    ask_passphrase: Callable[[], Secret] | None = None,
    salt: bytes | None = None,
) -> Vault:
    """Finds the master key: systemd credential, key file, passphrase, environment variable, in this order.

    Args:
        environment: The environment's name, for the sentences.
        key_file: The key file; made when nothing gives a key, `may_create` is true and the store knows no key yet.
        expected_key_id: The id of the key the store's secrets were sealed with; None for a store without any.
        may_create: Whether a key file may be made.
        environ: The process' environment variables.
        ask_passphrase: Asks the operator; None when the environment takes no passphrase.
        salt: The store's salt, at least 16 bytes; needed with `ask_passphrase`.

    Raises:
        KeyLost: No source has a key, and none may be made.
        KeyWrong: The first key found is not the expected one, or is no key.
        KeyUnsafe, KeyUnreachable: The key file must not, or cannot, be used.
        ValueError: `ask_passphrase` came without a salt.
    """
    vault = _found(key_file, environ, ask_passphrase, salt)
    if vault is None:
        if expected_key_id is not None:
            raise KeyLost(
                f"The master key of environment {environment} is missing: restore {key_file} from your backup; "
                "the stored secrets cannot be read without it."
            )
        if not may_create:
            raise KeyLost(
                f"Environment {environment} has no master key: put one into {key_file} (openssl rand -base64 32) "
                f"and run chmod 600 {key_file}"
            )
        vault = Vault(make_key_file(key_file), f"file {key_file}")
    if expected_key_id is not None and vault.key_id != expected_key_id:
        raise KeyWrong(
            f"The master key from {vault.source} is not the one the secrets of environment {environment} were sealed "
            f"with (found {vault.key_id}, expected {expected_key_id}): restore the right one."
        )
    return vault


def _found(
    key_file: Path,
    environ: Mapping[str, str],
    ask_passphrase: Callable[[], Secret] | None,
    salt: bytes | None,
) -> Vault | None:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (credential := _credential(Path(folder) / CREDENTIAL)):
        return Vault(credential, f"systemd credential {CREDENTIAL}")
    if key := read_key_file(key_file):
        return Vault(key, f"file {key_file}")
    if ask_passphrase is not None:
        if salt is None:
            raise ValueError("a passphrase needs the store's salt")
        passphrase = ask_passphrase()
        if not passphrase:
            raise KeyWrong("No passphrase was entered: start again and enter it.")
        return Vault(MasterKey.from_passphrase(passphrase, salt), "the passphrase")
    if text := environ.get(VARIABLE):
        return Vault(
            key_in(text.encode("utf-8", "surrogateescape"), f"variable {VARIABLE}"),
            f"variable {VARIABLE}",
            f"The master key came from the variable {VARIABLE}, which every program you start can read: "
            f"put it into {key_file} or a systemd credential.",
        )
    return None


def _credential(path: Path) -> MasterKey | None:
    # systemd itself decides owner and mode of this file.
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnreachable(
            f"The systemd credential {path} cannot be read ({error.strerror}): check LoadCredential= of the unit."
        ) from error
    return key_in(text, f"credential {CREDENTIAL}")
