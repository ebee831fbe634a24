"""What a change brings about, in words."""

from typing import Any

import pytest

from ftos_tui.domain.checks.context import CheckContext
from ftos_tui.domain.consequences import consequences
from ftos_tui.domain.diff import Side
from ftos_tui.domain.record import EMPTY_VALUES, SecretState
from tests.domain.records import GOOD, NOON, stored


def said(entered: frozenset[str] = frozenset(), waiting: int = 0, **changed: Any) -> list[str]:
    before, after = Side(GOOD, stored()), Side({**GOOD, **changed}, stored(), entered=entered)
    return list(consequences(before, after, CheckContext(now=NOON, waiting=waiting)))


def test_nothing_changed_has_none() -> None:
    assert said() == []
    assert consequences(Side(EMPTY_VALUES), Side(EMPTY_VALUES), CheckContext(now=NOON)) == ()


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        ({"bulk_no": 500}, ["50 to 500 a step = at most 30,000 an hour instead of 3,000."]),
        ({"bulk_no": "many"}, []),
        (
            {"interval_min": "13:00:00"},
            [
                "The window closes now: it opens again at 13:00:00 UTC.",
                "It is open 5 h a day instead of 9 h.",
            ],
        ),
        (
            {"interval_max": "10:00:00"},
            [
                "The window closes now: it opens again at 09:00:00 UTC tomorrow.",
                "It is open 1 h a day instead of 9 h.",
            ],
        ),
        ({"interval_min": "08:00:00"}, ["It is open 10 h a day instead of 9 h."]),
        ({"interval_min": "09:00:01", "interval_max": "18:00:01"}, []),
        ({"interval_min": "00:00:00", "interval_max": "23:59:59"}, ["It is open 24 h a day instead of 9 h."]),
        ({"interval_min": "9"}, []),
        (
            {"retry_max_attempt": 5},
            [
                "A message gets 6 tries in all instead of 4, the last at least 2 h 30 min after the first "
                "instead of 1 h 30 min."
            ],
        ),
        ({"retry_max_attempt": 0}, ["A message gets 1 try in all instead of 4."]),
        (
            {"pool_time_retry": "00:10:00"},
            ["A message gets 4 tries in all, the last at least 30 min after the first instead of 1 h 30 min."],
        ),
        ({"pool_time_retry": "later"}, ["A message gets 4 tries in all."]),
        ({"retry_max_attempt": "x"}, []),
        ({"open_setting": False}, ["Opened e-mail is no longer tracked."]),
        ({"click_setting": True}, ["Clicked links are tracked from now on."]),
        ({"click_setting": None}, []),
        (
            {"name": "Other"},
            ["Scripts and configuration keys that name FTOSEmailGateway no longer find it (inferred)."],
        ),
        ({"name": "ftosEMAILgateway"}, []),
        (
            {"communication_channel": "sms"},
            ["It serves sms and no longer email: communication channels that use it are affected."],
        ),
        (
            {"from_address": "info@bank.example.com"},
            ["Customers see info@bank.example.com as the sender instead of office@bank.example.com."],
        ),
        ({"from_address": None}, []),
        ({"app_config": '{"timeout": 3}'}, []),
        (
            {"app_user": "me"},
            [
                "App Password must be entered again, because App user changed.",
                "App Key must be entered again, because App user changed.",
            ],
        ),
        ({"service_url": "nowhere"}, []),
    ],
)
def test_each_kind(changed: dict[str, Any], sentences: list[str]) -> None:
    assert said(**changed) == sentences


def test_another_host_wants_what_was_not_entered() -> None:
    assert said(service_url="https://evil.example.com", entered=frozenset({"app_key"})) == [
        "Messages go to evil.example.com instead of api.sendgrid.com.",
        "App Password must be entered again, because Service Url changed.",
        "The stored App Key is replaced by the one entered.",
    ]


def test_waiting_messages_are_counted() -> None:
    [closes, _] = said(interval_min="13:00:00", waiting=1200)
    assert closes.endswith("13:00:00 UTC, and 1,200 waiting messages stay until then.")


def test_a_closed_window_opens() -> None:
    closed = {**GOOD, "interval_min": "13:00:00"}
    context = CheckContext(now=NOON)
    opens = consequences(Side(closed, stored()), Side(GOOD, stored()), context)
    assert opens[0] == "The window opens now, until 18:00:01 UTC: what waits is sent."
    always = {**GOOD, "interval_min": "00:00:00", "interval_max": "23:59:59"}
    opens = consequences(Side(closed, stored()), Side(always, stored()), context)
    assert opens[0] == "The window opens now and never closes: what waits is sent."
    assert consequences(Side({**GOOD, "interval_min": None}, stored()), Side(GOOD, stored()), context) == ()


def test_a_window_that_stays_closed_does_not_close_now() -> None:
    before, after = ({**GOOD, "interval_min": start} for start in ("13:00:00", "14:00:00"))
    assert consequences(Side(before, stored()), Side(after, stored()), CheckContext(now=NOON)) == (
        "It is open 4 h a day instead of 5 h.",
    )


def test_a_cleared_secret_stops_sending() -> None:
    after = Side(GOOD, stored(app_key=SecretState()))
    assert consequences(Side(GOOD, stored()), after, CheckContext(now=NOON)) == (
        "Nothing is sent until App Key is entered.",
    )


def test_a_retry_that_was_none_before() -> None:
    before = Side({**GOOD, "retry_max_attempt": None, "pool_time_retry": None}, stored())
    assert consequences(before, Side(GOOD, stored()), CheckContext(now=NOON)) == (
        "A message gets 4 tries in all, the last at least 1 h 30 min after the first.",
    )


def test_the_channels_it_serves_are_named() -> None:
    context = CheckContext(now=NOON, serves=("Mail", "News"), serves_count=3)
    before = Side(GOOD, stored())
    assert consequences(before, Side({**GOOD, "app_config": '{"timeout": 1}'}, stored()), context) == (
        "It serves 3 channels: Mail, News and 1 more; the change reaches all of them.",
    )
    assert consequences(before, Side(dict(GOOD), stored()), context) == ()
