"""Wraps a secret for a recipient's public key with age (age-encryption.org/v1), and opens what was wrapped.

What is wrapped says for which field and which destination the secret is meant: who changes the Service Url of an
exported record does not get the secret sent there.
"""

import json
from typing import Final

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.errors import VaultError

_FORMAT: Final = "ftos_tui_secret"
_LONGEST: Final = 16 * 1024


class AgeUnusable(VaultError):
    """A recipient, an identity or a wrapped secret cannot be used; the text says what to do and repeats none."""


def recipient_named(text: str) -> object:
    """The public key that an operator names.

    Args:
        text: `age1…`, or an SSH public key of type ssh-ed25519 or ssh-rsa.

    Raises:
        AgeUnusable: It is none.
    """
    import pyrage

    for parse in (pyrage.x25519.Recipient.from_str, pyrage.ssh.Recipient.from_str):
        try:
            return parse(text.strip())
        except pyrage.RecipientError:
            continue
    raise AgeUnusable("The recipient is no public key: give age1… from age-keygen, or an SSH public key.")


def identities_in(text: str) -> list[object]:
    """The private keys in the text of an identity file, as age-keygen or ssh-keygen writes it.

    Args:
        text: Lines `AGE-SECRET-KEY-1…` among comments, or an SSH private key without a passphrase.

    Raises:
        AgeUnusable: It holds none.
    """
    import pyrage

    try:
        if "PRIVATE KEY-----" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = (line.strip() for line in text.splitlines())
        found: list[object] = [pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise AgeUnusable("The identity file holds no age or SSH private key that can be used.")
    return found


def wrapped(secret: Secret, field_id: str, destination: str, recipients: list[object]) -> str:
    """The secret as an armored age file.

    Args:
        secret: The secret.
        field_id: Which field it belongs to.
        destination: Where it may be sent, as `destination_of` writes it.
        recipients: Public keys, from `recipient_named`.
    """
    import pyrage

    content = {_FORMAT: 1, "field": field_id, "destination": destination, "value": secret.reveal()}
    armored: bytes = pyrage.encrypt(json.dumps(content).encode(), recipients, armored=True)
    return armored.decode("ascii").strip()


def unwrapped(armored: str, field_id: str, identities: list[object]) -> tuple[Secret, str | None]:
    """The secret out of an armored age file.

    Args:
        armored: What `wrapped` gave, or the bare secret as `age -a` wraps it.
        field_id: Which field it is to go into.
        identities: Private keys, from `identities_in`.

    Returns:
        The secret, and where it may be sent; None where it was wrapped bare and does not say.

    Raises:
        AgeUnusable: It does not open, or is meant for another field.
    """
    import pyrage

    try:
        content: bytes = pyrage.decrypt(armored.strip().encode("ascii"), identities)
        text = content.decode("utf-8")
    except (pyrage.DecryptError, UnicodeError):
        # No context: an error about the text would hold the text.
        text = None
    if text is None or len(text) > _LONGEST:
        raise AgeUnusable("The age file does not open with this identity: it was made for another one, or is damaged.")
    if not text.startswith(f'{{"{_FORMAT}"'):
        return Secret(text.removesuffix("\n")), None
    value = _content(text)
    if value is None or value["field"] != field_id:
        raise AgeUnusable("The age file was made for another field: it may not be moved.")
    return Secret(value["value"]), value["destination"]


def _content(text: str) -> dict[str, str] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    whole = all(isinstance(value.get(key), str) for key in ("field", "destination", "value"))
    return value if whole else None
