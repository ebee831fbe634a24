"""Base, theirs and mine: what is merged, what clashes, and that nothing typed is lost."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import PLAIN_IDS
from ftos_tui.domain.merge import Outcome, clashes, merged, three_way
from ftos_tui.domain.record import SecretState
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.status_presets import SMTP
from ftos_tui.domain.statuses import StatusRow
from tests.domain.records import GOOD, NOON, stored

BASE = Base("1" * 32, 1, GOOD, stored(), SMTP)
SIMPLE = tuple(field_id for field_id in PLAIN_IDS if isinstance(GOOD[field_id], str) and field_id != "app_config")
A, B, C = (StatusRow(code, code.upper(), "accepted") for code in "abc")


def theirs(statuses: tuple[StatusRow, ...] = SMTP, secrets: Any = None, **changed: Any) -> Base:
    return Base("1" * 32, 2, {**GOOD, **changed}, secrets or stored(), statuses)


def mine(base: Base = BASE, **texts: str) -> Draft:
    draft = Draft(base)
    for field_id, text in texts.items():
        draft = draft.with_text(field_id, text)
    return draft


def outcomes(draft: Draft, now: Base) -> dict[str, str]:
    return {part.id: str(part.outcome) for part in three_way(draft, now)}


@given(
    st.dictionaries(st.sampled_from(SIMPLE), st.text("xyz", min_size=1, max_size=3)),
    st.dictionaries(st.sampled_from(SIMPLE), st.text("xyz", min_size=1, max_size=3)),
    st.booleans(),
)
def test_what_only_one_changed_is_kept_and_the_rest_is_as_chosen(
    my: dict[str, Any], their: dict[str, Any], take: bool
) -> None:
    draft, now = mine(**my), theirs(**their)
    parts = three_way(draft, now)
    ids = {part.id for part in clashes(parts)}
    assert ids == {field_id for field_id in my if field_id in their and my[field_id] != their[field_id]}
    result = merged(draft, now, frozenset(ids) if take else frozenset())
    assert result.base == now
    for field_id in SIMPLE:
        stays = text_of(field_id, GOOD[field_id])
        chosen = (
            their.get(field_id, stays) if take and field_id in ids else my.get(field_id, their.get(field_id, stays))
        )
        assert result.text(field_id) == chosen
    assert three_way(result, now) == tuple(part for part in three_way(result, now) if part.outcome is Outcome.MINE)


@given(st.dictionaries(st.sampled_from(SIMPLE), st.text("xyz", min_size=1, max_size=3)))
def test_the_same_change_is_no_clash(changed: dict[str, Any]) -> None:
    parts = three_way(mine(**changed), theirs(**changed))
    assert {part.outcome for part in parts} <= {Outcome.SAME}
    assert merged(mine(**changed), theirs(**changed)) == Draft(theirs(**changed))


@given(st.dictionaries(st.sampled_from(SIMPLE), st.text("xyz", min_size=1, max_size=3)))
def test_an_edit_on_an_unchanged_version_stays_whole(changed: dict[str, Any]) -> None:
    draft = mine(**changed)
    now = replace(BASE, version=2)
    assert merged(draft, now) == replace(draft, base=now)
    assert clashes(three_way(draft, now)) == ()


def test_texts_of_all_three_sides() -> None:
    [part] = three_way(mine(bulk_no="60"), theirs(bulk_no=70))
    assert (part.id, part.label, part.base, part.theirs, part.mine) == ("bulk_no", "Bulk No", "50", "70", "60")
    assert part.outcome is Outcome.CLASH


def test_app_config_is_merged_key_by_key() -> None:
    base = replace(BASE, values={**GOOD, "app_config": '{"host": "a", "timeout": 5}'})
    draft = mine(base, app_config='{"timeout": 6, "host": "a", "sandbox": true}')
    now = theirs(app_config='{"host": "b", "timeout": 5, "region": "eu"}')
    assert outcomes(draft, now) == {
        "app_config/host": "theirs",
        "app_config/region": "theirs",
        "app_config/sandbox": "mine",
        "app_config/timeout": "mine",
    }
    text = merged(draft, now).text("app_config")
    assert json.loads(text) == {"host": "b", "timeout": 6, "region": "eu", "sandbox": True}


def test_a_clashing_key_is_chosen_by_itself_and_a_removed_one_stays_removed() -> None:
    base = replace(BASE, values={**GOOD, "app_config": '{"a": 1, "b": 1, "c": 1}'})
    draft, now = mine(base, app_config='{"a": 2, "c": 1}'), theirs(app_config='{"a": 3, "b": 1}')
    assert outcomes(draft, now) == {"app_config/a": "clash", "app_config/b": "mine", "app_config/c": "theirs"}
    assert json.loads(merged(draft, now).text("app_config")) == {"a": 2}
    assert json.loads(merged(draft, now, frozenset({"app_config/a"})).text("app_config")) == {"a": 3}
    all_theirs = mine(base, app_config='{"a": 2, "b": 1, "c": 1}')
    assert merged(all_theirs, now, frozenset({"app_config/a"})) == Draft(now)


def test_app_config_as_typed_stays_as_typed() -> None:
    typed = '{"b": 1,\n "a": 2}'
    assert merged(mine(app_config=typed), theirs(bulk_no=7)).text("app_config") == typed
    bad = mine(app_config='{"a"')
    assert outcomes(bad, theirs()) == {"app_config": "mine"}
    assert merged(bad, theirs(bulk_no=7)).text("app_config") == '{"a"'
    assert outcomes(bad, theirs(app_config='{"x": 1}')) == {"app_config": "clash"}
    taken = merged(bad, theirs(app_config='{"x": 1}'), frozenset({"app_config"}))
    assert taken.text("app_config") == '{"x": 1}'


def test_a_secret_that_both_entered_clashes() -> None:
    draft = mine().with_secret("app_key", Secret("canary-4711"))
    newer = SecretState(2, NOON, "bob", destination_of(GOOD))
    assert outcomes(draft, theirs()) == {"app_key": "mine"}
    assert merged(draft, theirs()).secrets == draft.secrets
    now = theirs(secrets=stored(app_key=newer))
    [part] = three_way(draft, now)
    assert (part.base, part.theirs, part.mine) == ("version 1 by ana", "version 2 by bob", "entered anew")
    assert part.outcome is Outcome.CLASH
    assert merged(draft, now).secrets == draft.secrets
    assert merged(draft, now, frozenset({"app_key"})).secrets == {}
    assert outcomes(mine(), now) == {"app_key": "theirs"}


def test_a_secret_entered_for_one_destination_does_not_go_to_another_unasked() -> None:
    draft = mine().with_secret("app_key", Secret("canary-4711"))
    now = theirs(service_url="https://evil.example.com")
    parts = clashes(three_way(draft, now))
    assert [part.id for part in parts] == ["app_key"]
    assert parts[0].theirs == "version 1 by ana, for another destination"
    assert merged(draft, now, frozenset({"app_key"})).secrets == {}


def test_statuses_are_merged_row_by_row() -> None:
    base = replace(BASE, statuses=(A, B))
    draft = Draft(base).with_statuses((A, replace(B, label="mine"), C))
    now = theirs((replace(A, label="theirs"), B))
    assert outcomes(draft, now) == {"statuses/a": "theirs", "statuses/b": "mine", "statuses/c": "mine"}
    assert merged(draft, now).statuses == (replace(A, label="theirs"), replace(B, label="mine"), C)
    removed = Draft(base).with_statuses((B,))
    assert merged(removed, theirs((A, replace(B, label="theirs")))).statuses == (replace(B, label="theirs"),)
    both = Draft(base).with_statuses((A, replace(B, label="mine")))
    now = theirs((A, replace(B, label="theirs")))
    assert outcomes(both, now) == {"statuses/b": "clash"}
    assert merged(both, now).statuses == (A, replace(B, label="mine"))
    assert merged(both, now, frozenset({"statuses/b"})).statuses is None


def test_an_order_or_a_doubled_code_is_chosen_as_a_whole() -> None:
    base = replace(BASE, statuses=(A, B))
    order = Draft(base).with_statuses((B, A))
    assert outcomes(order, replace(base, version=2)) == {"statuses": "mine"}
    assert merged(order, replace(base, version=2)).statuses == (B, A)
    assert outcomes(order, theirs((A, B, C))) == {"statuses": "clash"}
    assert merged(order, theirs((A, B, C))).statuses == (B, A)
    assert merged(order, theirs((A, B, C)), frozenset({"statuses"})).statuses is None
    doubled = Draft(base).with_statuses((A, A))
    assert outcomes(doubled, theirs((A, B, C))) == {"statuses": "clash"}
    assert merged(doubled, theirs((A, B, C)), frozenset({"statuses"})).statuses is None
    twice = replace(BASE, statuses=(A, A))
    assert outcomes(Draft(twice), replace(twice, version=2)) == {}
    assert outcomes(Draft(twice), theirs((A,))) == {"statuses": "theirs"}


def test_what_no_table_knows_is_kept_for_the_check_to_refuse() -> None:
    draft = Draft(BASE, {"bulk_number": "7", "app_key": "misplaced"})
    assert merged(draft, theirs(bulk_no=9)).edits == draft.edits


def test_a_secret_typed_into_a_plain_field_is_not_shown_in_a_conflict() -> None:
    key = "SG." + "a" * 22 + "." + "b" * 43
    draft = mine(app_user=key, app_config=f'{{"body": "{key}"}}', service_url="https://me:canary@api.example.com")
    now = theirs(app_user="other", service_url="https://other.example.com")
    parts = {part.id: part for part in three_way(draft, now)}
    assert parts["app_user"].mine == "[REDACTED]"
    assert parts["service_url"].mine == "https://me:[REDACTED]@api.example.com"
    assert "aaaa" not in repr(parts)
    assert merged(draft, now).text("app_user") == key
