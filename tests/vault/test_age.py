"""Secrets wrapped with age: for a recipient, a field and a destination, and for nobody and nothing else."""

import json

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.age import AgeUnusable, identities_in, recipient_named, unwrapped, wrapped

SECRET = Secret("canary-key-0815")
ANA = pyrage.x25519.Identity.generate()


def bare(content: bytes) -> str:
    return str(pyrage.encrypt(content, [ANA.to_public()], armored=True).decode())


def test_a_secret_comes_back_with_its_destination() -> None:
    text = wrapped(SECRET, "app_key", "there", [recipient_named(f" {ANA.to_public()}\n")])
    assert text.startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert unwrapped(text, "app_key", identities_in(str(ANA))) == (SECRET, "there")


def test_ssh_keys_serve_as_well() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    text = wrapped(SECRET, "app_key", "", [recipient_named(public)])
    assert unwrapped(text, "app_key", identities_in(private)) == (SECRET, "")


def test_a_bare_secret_says_no_destination() -> None:
    assert unwrapped(bare(b"canary-key-0815\n"), "app_key", [ANA]) == (SECRET, None)


@pytest.mark.parametrize(
    "content",
    [
        {"ftos_tui_secret": 1, "field": "app_password", "destination": "", "value": "x"},
        {"ftos_tui_secret": 1, "field": "app_key", "value": "x"},
        {"ftos_tui_secret": 1, "field": "app_key", "destination": 1, "value": "x"},
    ],
)
def test_what_was_wrapped_for_another_field_or_otherwise_does_not_open(content: dict[str, object]) -> None:
    with pytest.raises(AgeUnusable, match="another field"):
        unwrapped(bare(json.dumps(content).encode()), "app_key", [ANA])
    with pytest.raises(AgeUnusable, match="another field"):
        unwrapped(bare(b'{"ftos_tui_secret": 1, not JSON'), "app_key", [ANA])


def test_another_identity_or_a_damaged_file_does_not_open_and_tells_nothing() -> None:
    text = wrapped(SECRET, "app_key", "there", [ANA.to_public()])
    damaged = text.replace(text.splitlines()[3], text.splitlines()[3][::-1])
    cases = [
        (text, pyrage.x25519.Identity.generate()),
        (damaged, ANA),
        ("ü", ANA),
        (bare(b"\xff"), ANA),
        (bare(b"a" * 20_000), ANA),
    ]
    for armored, identity in cases:
        with pytest.raises(AgeUnusable, match="does not open") as refused:
            unwrapped(armored, "app_key", [identity])
        assert refused.value.__context__ is None


@pytest.mark.parametrize("text", ["", "age1nonsense", str(ANA), "ssh-rsa AAAA"], ids=["empty", "bad", "private", "ssh"])
def test_what_is_no_public_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(AgeUnusable) as refused:
        recipient_named(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "AGE-SECRET-KEY-1X", "-----BEGIN PRIVATE KEY-----\nx"])
def test_what_is_no_private_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(AgeUnusable, match="holds no age or SSH private key"):
        identities_in(text)
