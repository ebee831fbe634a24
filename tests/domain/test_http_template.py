"""The HTTP template in appConfig: what is refused when the provider is saved, and what its answers mean."""

import json
from typing import Any

import pytest

from ftos_tui.domain.http_template import DEFAULT_KEY_HEADER, template_faults, template_of, value_at
from tests.domain.records import ACCEPTED, codes, judge, new_draft

BODY = {"to": "{to}", "text": "{text}"}
SMS = {"communication_channel": "sms", "provider_name": "GatewaySMS", "service_url": "https://sms.example.com"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"method": "GET"}, "POST or PUT"),
        ({"method": 1}, "POST or PUT"),
        ({"headers": ["X"]}, "object of texts for headers"),
        ({"headers": {"X Y": "a"}}, "no name of a header"),
        ({"headers": {"Content-Length": "1"}}, "follows from the request"),
        ({"headers": {"X": 1}}, "ASCII characters"),
        ({"headers": {"X": "ü"}}, "ASCII characters"),
        ({"headers": {"X": "{to}"}}, "Correct {to} in the header X"),
        ({"key_header": "a b"}, "name of a header for key_header"),
        ({"key_header": None}, "name of a header for key_header"),
        ({"body": "{to} {text}"}, "Write an object for body"),
        ({"body": {}}, "Write an object for body"),
        ({"body": {"text": "{text}"}}, "Put {to} into body"),
        ({"body": {"to": "{to}"}}, "Put {text} into body"),
        ({"body": {**BODY, "x": "{nobody}"}}, "Correct {nobody} in body"),
        ({"body": {**BODY, "x": "{params.}"}}, "Correct {params.}"),
        ({"answers": []}, "object for answers"),
        ({"answers": {"maybe": [200]}}, "Correct maybe in answers"),
        ({"answers": {"accepted": []}}, "list of statuses"),
        ({"answers": {"accepted": [99]}}, "list of statuses"),
        ({"answers": {"accepted": ["2x"]}}, "list of statuses"),
        ({"answers": {"accepted": [True]}}, "list of statuses"),
        ({"answers": {"accepted": 200}}, "list of statuses"),
        ({"answers": {"accepted": [200], "permanent": ["200"]}}, "Give 200 one meaning"),
        ({"answers": {"id": "a..b"}}, "keys parted by dots"),
        ({"answers": {"error": 7}}, "keys parted by dots"),
    ],
)
def test_what_is_refused_when_the_provider_is_saved(config: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in template_faults(config))
    with pytest.raises(ValueError, match="appConfig"):
        template_of({"body": BODY, **config})
    checked = judge(new_draft({**SMS, "app_config": json.dumps(config)}))
    assert codes(checked, "app_config") == {"refuse:app_config_template"}


def test_a_whole_template_is_accepted() -> None:
    config = {
        "method": "put",
        "headers": {"Authorization": "Basic {basic_auth}", "X-Empty": ""},
        "key_header": "X-Key",
        "body": {**BODY, "list": ["{params.ref}", 1, None, "{sender_id}"]},
        "answers": {"accepted": [200, "201"], "temporary": ["5XX"], "id": "a.0.b", "error": ""},
        "sender_id": "BANK",
    }
    assert codes(judge(new_draft({**SMS, "app_config": json.dumps(config)})), "app_config") == ACCEPTED
    template = template_of(config)
    assert (template.method, template.key_header) == ("PUT", "X-Key")
    assert [template.answers.meaning(status) for status in (200, 202, 503, 418)] == [
        "accepted",
        "accepted",
        "temporary",
        "",
    ]


def test_a_template_on_smtp_is_nobodys_business() -> None:
    edits = {"provider_name": "SMTP", "service_url": "smtp://mail.example.com", "app_config": '{"method": "GET"}'}
    assert codes(judge(new_draft(edits)), "app_config") == ACCEPTED
    assert codes(judge(new_draft({"app_config": '{"method": "GET"}'})), "app_config") == ACCEPTED


def test_app_key_goes_into_one_place_unless_told() -> None:
    assert template_of({"body": BODY}).key_header == DEFAULT_KEY_HEADER
    assert template_of({"body": BODY, "headers": {"X": "{app_key}"}}).key_header == ""
    assert template_of({"body": BODY, "headers": {"X": "{app_key}"}, "key_header": "Y"}).key_header == "Y"
    with pytest.raises(ValueError, match="Add a body"):
        template_of({})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ""),
        ("a.0.b", "7"),
        ("a.1.b", ""),
        ("a.x", ""),
        ("c", ""),
        ("t", ""),
        ("s", "x"),
        ("s.y", ""),
        ("a.٠.b", ""),
    ],
)
def test_a_value_at_a_path(path: str, found: str) -> None:
    assert value_at({"a": [{"b": 7}], "c": None, "t": True, "s": "x"}, path) == found
