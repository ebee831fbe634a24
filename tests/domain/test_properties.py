"""Whatever comes in: no exception, the same verdict twice, fixes that stay, messages that may be shown."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ftos_tui.domain.checks.context import CheckContext
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.checks.rules import RULES
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.fields import FIELD_BY_ID, FIELD_IDS, PLAIN_IDS, SECRET_IDS, DataType
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.record import values_model
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import is_safe
from tests.domain.records import GOOD, SECRETS, judge, new_draft

CHARACTERS = st.characters() | st.sampled_from(
    "\x00\x1b\n\t\x7f\u009b\u200b\u202e\ufeff\ud800\u3000\u00a0%\\\"'{}[]:/@."
)
TEXTS = st.text(CHARACTERS, max_size=40)
SHAPED = st.one_of(
    TEXTS,
    st.text("0123456789:.-amp Zh", max_size=12),
    st.from_regex(r"(https?|smtps?|HTTPS)://[a-zA-Z0-9.:@\[\]%я-]{0,20}(:[0-9]{0,6})?(/[!-~]{0,8})?", fullmatch=True),
    st.from_regex(r"[!-~]{1,10}@[a-zя.\[\]0-9-]{1,15}", fullmatch=True),
    st.text('{}[]":,0123456789.eE-NaInfty\\u \n', max_size=30),
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.sampled_from(["host", "url", "proxy"]), inner, max_size=3)
    ),
    max_leaves=8,
)
RAWS = SHAPED | JSONS


def assert_sound(draft: Draft, context: CheckContext) -> None:
    checked = check_draft(draft, context)
    assert checked == check_draft(draft, context)
    for finding in checked.findings:
        assert is_safe(finding.message), finding
        assert is_safe(finding.field)
        assert finding.message.endswith(".")
        assert 10 < len(finding.message) < 400
        assert RULES[finding.code].severity is finding.severity
    assert set(checked.values) == set(PLAIN_IDS)
    repr(checked)


def assert_fixes_stay(draft: Draft) -> None:
    """Saved again as it was put right, a record has nothing left to fix, and nothing else changes."""
    first = judge(draft)
    refused = {finding.field for finding in first.findings if finding.severity is Severity.REFUSE}
    second = judge(Draft(draft.base, first.values, draft.secrets, first.statuses))
    for field_id in set(PLAIN_IDS) - refused:
        assert second.values[field_id] == first.values[field_id]
        kept = [finding for finding in first.of(field_id) if finding.severity is not Severity.FIX]
        assert list(second.of(field_id)) == kept
    if not refused:
        values_model().model_validate(dict(first.values))


@pytest.mark.parametrize("field_id", PLAIN_IDS)
@settings(max_examples=60, deadline=None)
@given(raw=RAWS)
@example(raw="https://xn--a.de")
@example(raw='{"host": "http://[::1"}')
@example(raw=10**5000)
@example(raw=float("nan"))
@example(raw={"a": "\ud800"})
@example(raw={"0": None, "": None})
def test_any_value_in_any_field(field_id: str, raw: Any) -> None:
    draft = new_draft({field_id: raw})
    assert_sound(draft, CheckContext())
    assert_sound(draft, CheckContext(allowed_hosts=frozenset({"api.sendgrid.com", "x:y"}), test=True, allow_http=True))
    assert_fixes_stay(draft)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELD_IDS) | TEXTS, RAWS, max_size=17))
def test_any_record(edits: dict[str, Any]) -> None:
    draft = Draft(Base(None, 0, {}), edits, SECRETS)
    assert_sound(draft, CheckContext())
    assert_fixes_stay(draft)


@pytest.mark.parametrize("field_id", SECRET_IDS)
@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_no_message_quotes_a_secret(field_id: str, text: str) -> None:
    canary = f"zq7{text}zq7"
    draft = new_draft({}, {**SECRETS, field_id: Secret(canary)})
    assert_sound(draft, CheckContext())
    assert "zq7" not in repr(check_draft(draft, CheckContext()))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["timeout", "method", "body", "host", "proxy"]), JSONS, min_size=2))
def test_the_order_of_keys_is_no_difference(config: dict[str, Any]) -> None:
    turned = dict(reversed(config.items()))
    first, second = (judge(new_draft({"app_config": value})) for value in (config, turned))
    if not first.of("app_config") or first.of("app_config")[0].severity is not Severity.REFUSE:
        assert first.values["app_config"] == second.values["app_config"]
        assert json.loads(str(first.values["app_config"])) == config


@pytest.mark.parametrize("field_id", PLAIN_IDS)
def test_a_mandatory_field_never_becomes_a_default(field_id: str) -> None:
    for nothing in (None, "", " "):
        checked = judge(new_draft({field_id: nothing}))
        refused = any(finding.severity is Severity.REFUSE for finding in checked.of(field_id))
        assert refused is FIELD_BY_ID[field_id].mandatory
        assert checked.values[field_id] is None
    missing = {other: value for other, value in GOOD.items() if other != field_id}
    assert judge(Draft(Base(None, 0, {}), missing, SECRETS)).values[field_id] is None


@pytest.mark.parametrize("field_id", [f for f in PLAIN_IDS if FIELD_BY_ID[f].data_type is not DataType.JSON])
def test_examples_of_the_table_pass(field_id: str) -> None:
    assert judge(new_draft({field_id: FIELD_BY_ID[field_id].example})).findings == ()


def test_rules_are_named_once() -> None:
    assert all(code == rule.code and code.replace("_", "").isalnum() and code.islower() for code, rule in RULES.items())
    assert all(rule.about.endswith(".") for rule in RULES.values())
