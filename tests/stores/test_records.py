"""A record with all that belongs to it, and a save that is decided by what the store tells; of both databases."""

from dataclasses import replace

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.stores.around_protocol import Around, SaveRequest
from ftos_tui.stores.key_protocol import KEY_FACTS
from ftos_tui.stores.protocol import NameTaken, NewVersion, NotFound, OperationVoid, ProviderStore
from tests.stores.making import new_version, next_version, sealed, sign

KEY = {"secret_versions": {"app_key": 1}, "new_secrets": {"app_key": sealed()}}


def request_of(new: NewVersion, name: str = "") -> SaveRequest:
    """What is to be told before a version is decided."""
    return SaveRequest(
        new.provider_id, name or str(new.values["name"]), new.operation_id, {"app_key": 0, "app_password": 0}
    )


def test_a_record_comes_with_its_secrets_its_keys_and_what_stands_around_it(store: ProviderStore) -> None:
    first = store.write(new_version("Gateway", **KEY), sign)
    other = {"secret_versions": {"app_key": 2}, "new_secrets": {"app_key": sealed(2, b"second")}}
    second = store.write(next_version(first, **other), sign)
    for key in (*KEY_FACTS, "store_id"):
        store.remember(key, f"the {key}")
    store.count_status(first.provider_id, "250", 3)
    bare = store.record(first.provider_id)
    assert (bare.version, bare.sealed, bare.key_facts, bare.around) == (second, {}, {}, None)
    whole = store.record(first.provider_id, sealed=True, keys=True, around=True)
    assert whole.version == second
    assert {field_id: secret.sealed for field_id, secret in whole.sealed.items()} == {"app_key": b"second"}
    assert whole.key_facts == store.key_facts() == {key: f"the {key}" for key in KEY_FACTS}
    assert whole.around == store.around(first.provider_id, "Gateway")
    assert store.record(None, " GATEWAY", sealed=True, keys=True, around=True) == whole
    for provider_id, name in (("nobody", ""), (None, "Nobody"), (None, "\ud800"), (None, "")):
        with pytest.raises(NotFound):
            store.record(provider_id, name)


def test_a_deleted_record_tells_who_bears_its_name_now(store: ProviderStore) -> None:
    first = store.write(new_version("Gateway"), sign)
    deleted = store.write(next_version(first, action="delete"), sign)
    found = store.record(first.provider_id, around=True)
    assert (found.version, found.around) == (deleted, Around(None, status_counts={}))
    heir = store.write(new_version("Gateway"), sign)
    assert store.record(first.provider_id, around=True).around == Around(heir.provider_id, status_counts={})


def test_a_save_is_decided_by_what_stands_around_the_provider(store: ProviderStore) -> None:
    seen: list[Around] = []

    def deciding(outcome: NewVersion | ProviderVersion) -> ProviderVersion:
        def decide(around: Around) -> NewVersion | ProviderVersion:
            seen.append(around)
            return outcome

        return store.save(request_of(new), decide, sign)

    new = new_version("Gateway", **KEY)
    first = deciding(new)
    assert (seen[-1].current, seen[-1].name_owner, seen[-1].secret_numbers) == (None, None, {})
    assert store.by_id(first.provider_id) == first
    new = next_version(first, values={"bulk_no": 7})
    second = deciding(new)
    assert (seen[-1].current, seen[-1].name_owner) == (first, first.provider_id)
    assert seen[-1].secret_numbers == {"app_key": 1}
    assert deciding(new) == second, "the same save again"
    assert len(seen) == 2, "is not decided again"
    new = next_version(second)
    assert deciding(second) == second
    assert store.by_id(first.provider_id) == second, "nothing was to be written"


def test_a_save_that_is_refused_or_settled_writes_nothing(store: ProviderStore) -> None:
    first = store.write(new_version("Gateway"), sign)
    new = next_version(first, values={"bulk_no": 7})

    def refuse(_: Around) -> NewVersion:
        raise Failure("refused")

    with pytest.raises(Failure, match="refused"):
        store.save(request_of(new), refuse, sign)
    assert store.settle(new.operation_id) is None
    with pytest.raises(OperationVoid):
        store.save(request_of(new), lambda _: new, sign)
    assert store.by_id(first.provider_id) == first
    again = replace(new, operation_id=new.operation_id[::-1])
    assert store.save(request_of(again), lambda _: again, sign).number == 2


def test_a_name_that_the_check_put_right_is_asked_for_as_it_is_saved(store: ProviderStore) -> None:
    store.write(new_version("Taken"), sign)
    new = new_version("Taken")
    for typed in ("Tak\0en", "Tak\ud800en", "Other"):
        with pytest.raises(NameTaken):
            store.save(request_of(new, typed), lambda _: new, sign)
    free = new_version("Free")
    assert store.save(request_of(free, "Fr\0ee"), lambda _: free, sign).name == "Free"
