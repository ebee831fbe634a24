"""A sealed secret opens with its key in its place, and nowhere else."""

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.secret import Secret
from ftos_tui.vault.envelope import Binding, Unreadable, rewrap, seal, unseal
from ftos_tui.vault.errors import KeyWrong
from ftos_tui.vault.master_key import MasterKey
from ftos_tui.vault.vault import Vault

KEY = MasterKey(bytes(range(32)))
PLACE = Binding("local", "p1", "app_key", 3, "https://api.example.com")


@given(st.text(st.characters()))
def test_what_was_sealed_opens_in_its_place(text: str) -> None:
    assert unseal(seal(Secret(text), KEY, PLACE), KEY, PLACE) == Secret(text)


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "prod"},
        {"provider_id": "p2"},
        {"field": "app_password"},
        {"version": 4},
        {"destination": "https://evil.example.com"},
    ],
)
def test_it_opens_in_no_other_place(change: dict[str, Any]) -> None:
    sealed = seal(Secret("canary-5417"), KEY, PLACE)
    with pytest.raises(Unreadable) as refused:
        unseal(sealed, KEY, replace(PLACE, **change))
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_it_opens_with_no_other_key() -> None:
    with pytest.raises(Unreadable):
        unseal(seal(Secret("x"), KEY, PLACE), MasterKey.new(), PLACE)


def test_no_byte_of_it_can_be_changed_or_left_out() -> None:
    sealed = seal(Secret("x"), KEY, PLACE)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(Unreadable):
            unseal(bytes(changed), KEY, PLACE)
        with pytest.raises(Unreadable):
            unseal(sealed[:index], KEY, PLACE)


def test_both_layers_are_bound_to_the_place() -> None:
    assert PLACE.associated_data("key") != PLACE.associated_data("value")
    one, other = (
        replace(PLACE, environment='a","b', provider_id="c"),
        replace(PLACE, environment="a", provider_id='b","c'),
    )
    assert one.associated_data("key") != other.associated_data("key")


def test_the_same_secret_is_never_sealed_the_same_and_tells_no_length() -> None:
    sealed = {seal(Secret(text), KEY, PLACE) for text in ("", "x", "x", "x" * 60)}
    assert len(sealed) == 4
    assert len({len(each) for each in sealed}) == 1
    assert not any(b"xxxx" in each for each in sealed)


def test_a_master_key_does_not_show_itself() -> None:
    assert f"{KEY}{KEY!r}" == "MasterKey(…)MasterKey(…)"
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            carry(KEY)


def test_a_master_key_is_written_and_read_as_openssl_writes_it() -> None:
    assert KEY.to_text() == b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert MasterKey.from_text(KEY.to_text()).key_id == KEY.key_id
    for text in (
        b"",
        b"AAEC",
        b"not base64 at all",
        b"\xff" * 44,
        KEY.to_text().strip()[:-4] + b"====",
        KEY.to_text() * 2,
    ):
        with pytest.raises(ValueError, match="not a master key") as refused:
            MasterKey.from_text(text)
        assert refused.value.__cause__ is None


def test_the_keys_that_derive_from_a_master_key_differ() -> None:
    assert KEY.key_id == MasterKey(bytes(range(32))).key_id != MasterKey.new().key_id
    assert len(KEY.key_id) == 16
    vault = Vault(KEY, "a test")
    assert vault.sign(b"x") == vault.sign(b"x") != vault.sign(b"y")
    assert len(vault.sign(b"x")) == 32
    assert KEY.wrapping_key not in (KEY.audit_key, vault.sign(b""), bytes(range(32)))


def test_a_passphrase_gives_the_same_key_with_the_same_salt_only() -> None:
    one = MasterKey.from_passphrase(Secret("correct horse"), bytes(16))
    assert one.key_id == MasterKey.from_passphrase(Secret("correct horse"), bytes(16)).key_id
    assert one.key_id != MasterKey.from_passphrase(Secret("correct horse"), b"1" * 16).key_id
    assert one.key_id != MasterKey.from_passphrase(Secret("correct horsf"), bytes(16)).key_id
    with pytest.raises(ValueError, match="salt"):
        MasterKey.from_passphrase(Secret("x"), bytes(15))


def test_a_rewrapped_secret_opens_with_the_new_key_in_its_place_only() -> None:
    newer = MasterKey.new()
    sealed = seal(Secret("canary"), KEY, PLACE)
    rewrapped = rewrap(sealed, KEY, newer, PLACE)
    assert unseal(rewrapped, newer, PLACE) == Secret("canary")
    assert rewrapped[61:] == sealed[61:], "the ciphertext stays"
    assert rewrapped[1:61] != sealed[1:61]
    for key, place in ((KEY, PLACE), (newer, replace(PLACE, version=4))):
        with pytest.raises(Unreadable):
            unseal(rewrapped, key, place)
    with pytest.raises(Unreadable):
        rewrap(sealed, newer, KEY, PLACE)
    with pytest.raises(Unreadable):
        rewrap(sealed[:-1], KEY, newer, PLACE)


def test_a_vault_knows_which_keys_it_has() -> None:
    newer = MasterKey.new()
    old = Vault(KEY, "a test")
    succession = old.successor(newer, "a file", "local")
    both = succession.vault
    sealed = old.seal(Secret("canary"), PLACE)
    assert (both.opens(KEY.key_id), both.opens(newer.key_id), old.opens(newer.key_id)) == (True, True, False)
    assert both.unseal(sealed, PLACE, KEY.key_id) == Secret("canary")
    assert both.sign(b"x") == old.sign(b"x"), "the audit goes on"
    alone = Vault(newer, "a file")
    assert alone.sign(b"x") != old.sign(b"x")
    assert alone.with_audit_key(succession.audit_key, "local").sign(b"x") == old.sign(b"x")
    assert alone.with_retiring(succession.retiring, "local").opens(KEY.key_id)
    rewrapped = both.rewrap(sealed, PLACE, KEY.key_id)
    assert alone.unseal(rewrapped, PLACE, newer.key_id) == Secret("canary")
    with pytest.raises(Unreadable, match="not at hand"):
        alone.rewrap(sealed, PLACE, KEY.key_id)
    for text, environment in (
        (succession.retiring, "local"),
        (succession.audit_key, "prod"),
        ("AAAA", "local"),
        ("ä", "local"),
    ):
        with pytest.raises(KeyWrong, match="does not open"):
            alone.with_audit_key(text, environment)
    assert alone.with_retiring(succession.retiring, "prod") is alone
