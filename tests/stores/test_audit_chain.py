"""A chain that was tampered with shows where."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ftos_tui.domain.record import Author
from ftos_tui.stores.audit_chain import broken_link, canonical, chained
from ftos_tui.stores.protocol import AuditEntry
from tests.stores.making import ANA, sign

_BLANK = AuditEntry(0, "2026-01-02T03:04:05.000000+00:00", ANA, "save", "p", "Name", 1, "{}", "", "")


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for version in range(1, length + 1):
        entries.append(chained(replace(_BLANK, version=version), entries[-1] if entries else None, sign))
    return entries


@pytest.mark.parametrize(
    "tamper",
    [
        lambda entry: replace(entry, at="2027"),
        lambda entry: replace(entry, author=Author("eve", ANA.host, ANA.ssh_client)),
        lambda entry: replace(entry, author=Author(ANA.user, ANA.host, None)),
        lambda entry: replace(entry, action="delete"),
        lambda entry: replace(entry, provider_id="q"),
        lambda entry: replace(entry, provider_name="Other"),
        lambda entry: replace(entry, version=9),
        lambda entry: replace(entry, detail='{"reason": ""}'),
        lambda entry: replace(entry, mac="0" * 64),
        lambda entry: replace(entry, previous="0" * 64),
        lambda entry: replace(entry, sequence=7),
    ],
)
def test_a_changed_entry_breaks_the_chain(tamper: Callable[[AuditEntry], AuditEntry]) -> None:
    entries = chain(4)
    assert broken_link(entries, sign) is None
    changed = tamper(entries[1])
    assert broken_link([entries[0], changed, *entries[2:]], sign) == changed


def test_entries_left_out_swapped_or_signed_by_another_key_break_the_chain() -> None:
    entries = chain(4)
    assert broken_link(entries[1:], sign) == entries[1]
    assert broken_link([entries[0], *entries[2:]], sign) == entries[2]
    assert broken_link([entries[0], entries[2], entries[1]], sign) == entries[2]
    assert broken_link(entries, lambda message: sign(message + b" ")) == entries[0]


def test_the_parts_of_an_entry_are_kept_apart() -> None:
    one = replace(_BLANK, provider_id='a","b', provider_name="c")
    other = replace(_BLANK, provider_id="a", provider_name='b","c')
    assert canonical(one) != canonical(other)
