"""Opens the vault of an environment: finds its master key and makes sure that it is the right one."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.errors import KeyLost, KeyUnreachable, KeyWrong
from ftos_tui.vault.key_file import key_in, make_key_file, next_to, read_key_file
from ftos_tui.vault.master_key import MasterKey
from ftos_tui.vault.vault import Vault

CREDENTIAL: Final = "ftos-tui-master-key"
"""The name of the systemd credential."""

VARIABLE: Final = "FTOS_TUI_MASTER_KEY"
"""The environment variable, the last resort."""

ASKED: Final = "the passphrase"
"""The source of a vault whose key derives from a passphrase, in words."""

KeySource = Literal["auto", "file", "credential", "passphrase"]
"""Where an environment's master key comes from. auto: systemd credential, key file, passphrase where the operator can
be asked, environment variable, in this order."""


def open_vault(
    *,
    environment: str,
    key_file: Path,
    expected_key_id: str | None,
    may_create: bool,
    environ: Mapping[str, str],
    source: KeySource = "auto",
    ask_passphrase: Callable[[], Secret] | None = None,
    salt: bytes | None = None,
) -> Vault:
    """Finds the master key.

    A key file, or the one that waits beside it while a key is replaced, counts wherever it holds the expected key.

    Args:
        environment: The environment's name, for the sentences.
        key_file: The key file; made when nothing gives a key, `may_create` is true and the store knows no key yet.
        expected_key_id: The id of the key the store's secrets were sealed with; None for a store without any.
        may_create: Whether a key file may be made.
        environ: The process' environment variables.
        source: Where to look.
        ask_passphrase: Asks the operator; None when nobody can be asked.
        salt: The store's salt, at least 16 bytes; needed with `ask_passphrase`.

    Raises:
        KeyLost: No source has a key, and none may be made.
        KeyWrong: The first key found is not the expected one, or is no key.
        KeyUnsafe, KeyUnreachable: The key file must not, or cannot, be used.
        ValueError: `ask_passphrase` came without a salt.
    """
    vault = next(_found(source, key_file, environ, ask_passphrase, salt), None)
    if expected_key_id is not None and (vault is None or vault.key_id != expected_key_id):
        return _bridged(environment, key_file, expected_key_id, vault, source)
    if vault is not None:
        return vault
    if source not in ("auto", "file") or not may_create:
        raise KeyLost(f"Environment {environment} has no master key: {_remedy(source, key_file)}")
    return Vault(make_key_file(key_file), f"file {key_file}")


def _bridged(environment: str, key_file: Path, expected: str, found: Vault | None, source: KeySource) -> Vault:
    """The vault of a key file that holds the expected key though it was not looked for first."""
    for path in (key_file, next_to(key_file)):
        key = read_key_file(path)
        if key is not None and key.key_id == expected:
            return Vault(key, f"file {path}")
    if found is not None:
        raise KeyWrong(
            f"The master key from {found.source} is not the one the secrets of environment {environment} were sealed "
            f"with (found {found.key_id}, expected {expected}): "
            f"{'enter' if found.source == ASKED else 'restore'} the right one."
        )
    if source == "passphrase":
        raise KeyLost(f"The master key of environment {environment} is a passphrase: {_remedy(source, key_file)}")
    raise KeyLost(
        f"The master key of environment {environment} is missing: restore {key_file} from your backup; "
        "the stored secrets cannot be read without it."
    )


def _remedy(source: KeySource, key_file: Path) -> str:
    if source == "passphrase":
        return (
            "nobody can be asked for it here; use the command line at a terminal, or set key = "
            '"passphrase" in the settings of this environment and start again.'
        )
    if source == "credential":
        return f"give the unit LoadCredential={CREDENTIAL}:PATH (systemd.exec(5))."
    return f"put one into {key_file} (openssl rand -base64 32) and run chmod 600 {key_file}"


def _found(
    source: KeySource,
    key_file: Path,
    environ: Mapping[str, str],
    ask_passphrase: Callable[[], Secret] | None,
    salt: bytes | None,
) -> Iterator[Vault]:
    """The keys there are, in the order in which they count; each is looked for only when asked for."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if source in ("auto", "credential") and folder and (credential := _credential(Path(folder) / CREDENTIAL)):
        yield Vault(credential, f"systemd credential {CREDENTIAL}")
    if source in ("auto", "file") and (key := read_key_file(key_file)):
        yield Vault(key, f"file {key_file}")
    if source in ("auto", "passphrase") and ask_passphrase is not None:
        yield _derived(ask_passphrase(), salt)
    if source == "auto" and (text := environ.get(VARIABLE)):
        yield Vault(
            key_in(text.encode("utf-8", "surrogateescape"), f"variable {VARIABLE}"),
            f"variable {VARIABLE}",
            f"The master key came from the variable {VARIABLE}, which every program you start can read: "
            f"put it into {key_file} or a systemd credential.",
        )


def _derived(passphrase: Secret, salt: bytes | None) -> Vault:
    if salt is None:
        raise ValueError("a passphrase needs the store's salt")
    if not passphrase:
        raise KeyWrong("No passphrase was entered: start again and enter it.")
    return Vault(MasterKey.from_passphrase(passphrase, salt), ASKED)


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
