"""Events of SendGrid as they are read, and the keys they are verified with."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.checks.app_config import check_app_config
from ftos_tui.domain.delivery.event_keys import event_key_faults, event_keys, key_in
from ftos_tui.domain.delivery.sendgrid_events import NotEvents, account_change, events_in, read_event
from ftos_tui.domain.visible import is_safe

KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8"
    "eNEc6wEA3F+g=="
)


def test_the_same_event_under_a_new_id_has_the_same_content() -> None:
    one = read_event({"event": "open", "email": "a@b", "sg_event_id": "1"}).event
    other = read_event({"sg_event_id": "2", "email": "a@b", "event": "open"}).event
    another = read_event({"event": "open", "email": "c@b", "sg_event_id": "1"}).event
    assert one.content_hash == other.content_hash != another.content_hash
    assert (one.event_id, other.event_id) == ("1", "2")


def test_what_happened_is_said_in_few_words() -> None:
    read = read_event({"event": "bounce", "status": "5.1.1", "reason": "550\x1b[2J" + "x" * 1000, "response": 5})
    assert read.event.said.startswith("5.1.1 550␛[2J")
    assert len(read.event.said) == 512
    assert account_change(read) == ""


_NAMES = st.sampled_from(
    ["event", "type", "timestamp", "sg_event_id", "sg_message_id", "smtp-id", "ftos_msg", "reason", "sg_machine_open"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=6),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_is_kept_and_shown_safely(item: Any) -> None:
    read = read_event(item)
    assert read.raw.isascii()
    json.loads(read.raw)
    for text in (read.event.code, read.event.event_id, read.event.said, read.event.message_id, read.event.header_id):
        assert is_safe(text)
    assert len(read.event.event_id) <= 200


def test_items_of_a_post() -> None:
    assert events_in(b'[1, {"a": NaN}]') == [1, {"a": None}]
    for body in (b"", b"{}", b"nonsense", b"[" * 100_000):
        with pytest.raises(NotEvents):
            events_in(body)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotEvents):
        read_event(deep)


def test_keys_are_taken_as_they_are_shown_and_as_pem() -> None:
    assert (
        key_in(KEY) == key_in(f"-----BEGIN PUBLIC KEY-----\n{KEY[:64]}\n{KEY[64:]}\n-----END PUBLIC KEY-----\n") == KEY
    )
    for text in ("", "x", KEY[:-4], KEY.replace("MFkw", "MFkx"), "é" + KEY, KEY + "AAAA"):
        with pytest.raises(ValueError):
            key_in(text)


def test_keys_in_app_config() -> None:
    assert event_keys({}) == ()
    assert event_keys({"event_public_key": KEY}) == (KEY,)
    assert event_keys({"event_public_key": [KEY, "x", 5]}) == (KEY,)
    assert list(event_key_faults({})) == list(event_key_faults({"event_public_key": [KEY, KEY]})) == []
    for wrong in (5, [], [KEY, 5], [KEY] * 6, None):
        [fault] = event_key_faults({"event_public_key": wrong})
        assert fault.startswith("Write one text, or a list")
    [fault] = event_key_faults({"event_public_key": "x"})
    assert fault.startswith("event_public_key in appConfig is no P-256 public key")
    [fault] = event_key_faults({"event_public_key": [KEY, "x"]})
    assert fault.startswith("Key 2 of event_public_key")
    assert check_app_config({"event_public_key": KEY}).findings == ()
