"""The difference of two sides, field by field."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.diff import Change, Side, changed_ids, config_words, diff, secret_words, side_of, side_of_draft
from ftos_tui.domain.record import EMPTY_VALUES, SecretState, Value
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.status_presets import SENDGRID, SMTP
from ftos_tui.domain.statuses import StatusRow
from tests.domain.records import GOOD, NOON, judge, saved_draft, stored

VALUES: st.SearchStrategy[Value] = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
ROWS = st.lists(st.builds(StatusRow, st.sampled_from("abAB"), st.text(max_size=2), st.just("accepted")), max_size=5)


def side(**changed: Any) -> Side:
    return Side({**GOOD, **changed}, stored(), SENDGRID)


def told(before: Side, after: Side) -> list[tuple[str, str, str, str]]:
    return [(row.label, str(row.change), row.before, row.after) for row in diff(before, after)]


@given(st.dictionaries(st.sampled_from(list(GOOD)), VALUES), ROWS.map(tuple))
def test_a_side_does_not_differ_from_itself(values: dict[str, Value], rows: tuple[StatusRow, ...]) -> None:
    one = Side({**GOOD, **values}, stored(), rows)
    other = Side({**GOOD, **values}, stored(), rows)
    assert diff(one, other) == ()


@given(st.sampled_from(list(GOOD)), VALUES, ROWS.map(tuple), ROWS.map(tuple))
def test_two_sides_that_differ_say_so_both_ways(
    field_id: str, value: Value, one: tuple[StatusRow, ...], other: tuple[StatusRow, ...]
) -> None:
    before, after = Side(GOOD, stored(), one), Side({**GOOD, field_id: value}, stored(), other)
    there, back = diff(before, after), diff(after, before)
    assert changed_ids(there) == changed_ids(back)
    assert ("statuses" in changed_ids(there)) == (one != other)
    if field_id != "app_config":
        assert (field_id in changed_ids(there)) == (GOOD[field_id] != value or type(GOOD[field_id]) is not type(value))
    assert all(row.before != row.after or row.field == field_id for row in there)


def test_plain_fields() -> None:
    assert told(side(), side(bulk_no=500, from_display_name=None, open_setting=False)) == [
        ("From Display Name", "removed", "Example Bank", ""),
        ("Bulk No", "changed", "50", "500"),
        ("Open Setting", "changed", "on", "off"),
    ]
    assert told(Side(EMPTY_VALUES), Side({**EMPTY_VALUES, "name": "x"})) == [("Name", "added", "", "x")]


def test_a_whole_number_is_not_its_text() -> None:
    assert changed_ids(diff(side(), side(bulk_no="50"))) == ("bulk_no",)
    assert changed_ids(diff(side(bulk_no=1), side(bulk_no=True))) == ("bulk_no",)


def test_app_config_goes_key_by_key_and_order_is_no_difference() -> None:
    one = side(app_config='{"host": "a", "timeout": 5, "headers": {"x": 1, "y": 2}}')
    assert told(one, side(app_config='{"timeout": 5, "headers": {"y": 2, "x": 1}, "host": "a"}')) == []
    assert told(one, side(app_config='{"timeout": 5.0, "headers": {"y": 3, "x": 1}, "sandbox": true}')) == [
        ("appConfig headers", "changed", '{"x": 1, "y": 2}', '{"x": 1, "y": 3}'),
        ("appConfig host", "removed", '"a"', ""),
        ("appConfig sandbox", "added", "", "true"),
        ("appConfig timeout", "changed", "5", "5.0"),
    ]


def test_what_is_no_object_is_compared_as_a_whole() -> None:
    assert told(side(app_config=None), side(app_config="{}")) == [("appConfig", "added", "", "{}")]
    assert told(side(), side(app_config='{"a"')) == [("appConfig", "changed", "{}", '{"a"')]
    assert told(side(app_config="[1]"), side(app_config="[1]")) == []
    deep = "[" * 100_000
    assert told(side(app_config=deep), side()) == [("appConfig", "changed", deep, "{}")]


def test_a_value_nested_past_what_json_writes_is_cut_off() -> None:
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    assert config_words(nested) == "…"


def test_of_secrets_only_what_became_of_them() -> None:
    newer = SecretState(2, NOON, "bob", "elsewhere")
    before = Side(GOOD, stored(app_key=SecretState()))
    after = Side(GOOD, stored(app_key=newer, app_password=SecretState()))
    assert told(before, after) == [
        ("App Password", "cleared", "version 1 by ana", "not set"),
        ("App Key", "set", "not set", "version 2 by bob"),
    ]
    assert told(side(), Side(GOOD, stored(app_key=newer), SENDGRID)) == [
        ("App Key", "changed", "version 1 by ana", "version 2 by bob")
    ]
    assert secret_words(SecretState(3)) == "version 3"


def test_a_draft_is_compared_as_it_would_be_saved() -> None:
    draft = saved_draft({"bulk_no": " 60 "}, {"app_key": Secret("canary-4711"), "app_password": Secret("")})
    rows = diff(side_of(draft.base), side_of_draft(draft, judge(draft)))
    assert [(row.label, row.change, row.after) for row in rows] == [
        ("App Key", Change.CHANGED, "entered anew"),
        ("Bulk No", Change.CHANGED, "60"),
    ]
    assert "canary" not in repr(rows)


def test_statuses_row_by_row() -> None:
    rows = (*SMTP[1:], StatusRow("999", "New", "failed", terminal=True, retryable=True))
    changed = (replace(rows[0], label="Other"), *rows[1:])
    found = told(Side(GOOD, statuses=SMTP), Side(GOOD, statuses=changed))
    assert [(label, change) for label, change, _, _ in found] == [
        (f"Status {SMTP[0].code}", "removed"),
        (f"Status {SMTP[1].code}", "changed"),
        ("Status 999", "added"),
    ]
    assert found[-1][3] == "New = failed, final, retry"


def test_another_order_and_another_case_of_statuses() -> None:
    a, b = StatusRow("a", "A", "accepted"), StatusRow("b", "B", "failed")
    assert told(Side(GOOD, statuses=(a, b)), Side(GOOD, statuses=(b, a))) == [
        ("Statuses", "changed", "in their order", "in another order")
    ]
    renamed = told(Side(GOOD, statuses=(a, b)), Side(GOOD, statuses=(replace(a, code="A"), b)))
    assert renamed == [("Status a", "changed", "a: A = accepted", "A: A = accepted")]
