"""Records out of files: the same verdict as the form's, nothing stored."""

import json
from typing import Any

import pytest

from ftos_tui.domain.findings import Verdict
from ftos_tui.studio.providers import ListQuery, list_providers
from ftos_tui.studio.session import Session
from ftos_tui.studio.validate import LARGEST_FILE, Validated, validate
from tests.studio.conftest import OpenSession
from tests.studio.making import GOOD, KEY, PASSWORD, saved

WHOLE = {**GOOD, "app_password": PASSWORD, "app_key": KEY}


def validated(session: Session, record: Any) -> Validated:
    return validate(session, json.dumps(record).encode())


def codes(outcome: Validated) -> list[tuple[str, str]]:
    return [(finding.field, finding.code) for finding in outcome.findings]


def test_a_whole_new_record_is_accepted_typed_or_as_json_types(session: Session) -> None:
    list_providers(session, ListQuery())
    for record in (WHOLE, {**WHOLE, "bulk_no": 50, "retry_max_attempt": 3, "open_setting": True, "app_config": {}}):
        outcome = validated(session, record)
        assert (outcome.verdict, outcome.findings) == (Verdict.ACCEPT, ())
        assert outcome.values["bulk_no"] == 50
        assert outcome.values["open_setting"] is True
        assert outcome.entered == {"app_password", "app_key"}
    assert len(list_providers(session, ListQuery())) == 6


def test_a_check_makes_no_store(session: Session) -> None:
    assert validated(session, WHOLE).verdict is Verdict.ACCEPT
    assert not session.store_path.exists()


def test_a_record_of_a_name_that_is_there_is_an_edit_that_keeps_the_secrets(session: Session) -> None:
    saved(session)
    for blank in ({}, {"app_key": None, "app_password": ""}, {"app_key": {"set": True, "version": 1}}):
        outcome = validated(session, {**GOOD, "name": "gateway", **blank})
        assert outcome.findings == ()
        assert outcome.secrets["app_key"].version == 1
        assert not outcome.entered
    outcome = validated(session, {**GOOD, "service_url": "https://other.example.com"})
    assert codes(outcome) == [
        ("app_password", "secret_destination_changed"),
        ("app_key", "secret_destination_changed"),
    ]


def test_what_a_file_leaves_out_is_empty_not_kept(session: Session) -> None:
    saved(session)
    record = {field: value for field, value in GOOD.items() if field != "bulk_no"}
    assert codes(validated(session, record)) == [("bulk_no", "required")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"open_setting": None}, ("open_setting", "required")),
        ({"bulk_no": 50.0}, ("bulk_no", "value_type")),
        ({"app_key": 5}, ("app_key", "value_type")),
        ({"app_key": {"sett": True}}, ("app_key", "value_type")),
        ({"app_key": "[REDACTED]"}, ("app_key", "secret_placeholder")),
        ({"app_keyy": "x"}, ("app_keyy", "unknown_field")),
        ({"name": "\ud800"}, ("name", "unsafe_character")),
        ({"name": 7}, ("name", "value_type")),
        ({"app_config": "{"}, ("app_config", "app_config_json")),
    ],
)
def test_a_file_gets_the_forms_verdict(session: Session, changed: dict[str, Any], expected: tuple[str, str]) -> None:
    list_providers(session, ListQuery())
    outcome = validated(session, {**WHOLE, **changed})
    assert expected in codes(outcome)
    assert outcome.verdict is Verdict.REFUSE
    assert all(PASSWORD not in finding.message and KEY not in finding.message for finding in outcome.findings)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_not_json"),
        (b"\xff{}", "file_not_utf8"),
        (b"[]", "file_no_object"),
        (b"{,}", "file_not_json"),
        (b'{"a": 1, "a": 2}', "file_duplicate_key"),
        (b'{"app_config": {"x": 1, "x": 2}}', "file_duplicate_key"),
        (b"[" * 200_000, "file_too_deep"),
        (b'{"bulk_no": ' + b"1" * 5000 + b"}", "file_number"),
        (b" " * (LARGEST_FILE + 1), "file_too_large"),
    ],
)
def test_a_file_that_holds_no_record(session: Session, data: bytes, code: str) -> None:
    outcome = validate(session, data)
    assert codes(outcome) == [("record", code)]
    assert outcome.verdict is Verdict.REFUSE
    assert outcome.values == {}


def test_a_byte_order_mark_is_no_mistake(session: Session) -> None:
    assert validate(session, b"\xef\xbb\xbf" + json.dumps(WHOLE).encode()).verdict is Verdict.ACCEPT


def test_deep_json_in_a_field_is_a_finding(session: Session) -> None:
    record = json.dumps(WHOLE)[:-1] + ', "app_config": ' + '{"a":' * 300 + "1" + "}" * 300 + "}"
    record = record.replace('"app_config": "{}", ', "")
    assert codes(validate(session, record.encode())) == [("app_config", "app_config_depth")]


def test_without_a_store_it_still_judges_and_says_so(session: Session, open_session: OpenSession) -> None:
    saved(session)
    session.close()
    session.store_path.write_bytes(b"no database at all, for sure" * 100)
    outcome = validated(open_session(), WHOLE)
    assert outcome.verdict is Verdict.ACCEPT
    assert "Checked without the store" in outcome.note
    assert "without the store" in validated(open_session(), {**WHOLE, "name": None}).note


def test_a_name_nobody_bears_is_checked_as_new(session: Session) -> None:
    saved(session)
    assert validated(session, {**WHOLE, "name": "Other"}).findings == ()
    assert ("app_key", "required") in codes(validated(session, {**GOOD, "name": "Other"}))


def test_the_list_of_statuses_is_judged_as_an_import_judges_it(session: Session) -> None:
    row = {"code": "250", "label": "Accepted", "canonical": "delivered", "terminal": True}
    assert codes(validated(session, {**WHOLE, "statuses": [row]})) == []
    assert codes(validated(session, {**WHOLE, "statuses": None})) == []
    for statuses, code in (
        ([row, {**row, "code": "250 "}], "status_duplicate"),
        ([{**row, "canonical": "arrived"}], "status_canonical"),
        ([{**row, "count": 3}], "unknown_field"),
        ("delivered", "status_type"),
    ):
        outcome = validated(session, {**WHOLE, "statuses": statuses})
        assert outcome.verdict is Verdict.REFUSE
        assert ("statuses", code) in codes(outcome)
    assert codes(validated(session, {**WHOLE, "statuses": [{**row, "canonical": "failed"}]}))[-1][0] == "statuses"
