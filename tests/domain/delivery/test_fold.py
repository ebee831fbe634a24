"""Events add up to the same end in any order, however often they come; and what they settle."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftos_tui.domain.delivery.events import ProviderEvent, meaning_of, row_for
from ftos_tui.domain.delivery.fold import (
    NOTHING,
    RANK,
    Delivery,
    Reported,
    apply,
    fold,
    in_words,
    is_conflict,
    settlement,
)
from ftos_tui.domain.delivery.states import Actor, Dispatch, allowed
from ftos_tui.domain.status_presets import HTTP, SENDGRID, SMPP, SMTP
from ftos_tui.domain.statuses import Canonical, StatusRow
from tests.domain.delivery.settings import at


def event(
    meaning: Canonical | None, clock: str | None = "10:00:00", *, name: str = "", machine: bool = False
) -> ProviderEvent:
    name = name or f"{meaning}-{clock}-{machine}"
    return ProviderEvent(
        str(meaning or "odd"), meaning, at(clock) if clock else None, f"id-{name}", f"hash-{name}", machine=machine
    )


TIMES = st.none() | st.integers(0, 300_000).map(lambda seconds: at("00:00:00") + timedelta(seconds=seconds))
EVENTS = st.lists(
    st.builds(
        lambda meaning, moment, machine: (meaning, moment, machine),
        st.none() | st.sampled_from(list(Canonical)),
        TIMES,
        st.booleans(),
    ),
    max_size=8,
).map(
    lambda rows: [
        ProviderEvent(str(meaning), meaning, moment, f"id{n}" if n % 3 else "", f"hash{n}", machine=machine)
        for n, (meaning, moment, machine) in enumerate(rows)
    ]
)


@settings(max_examples=150)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_duplicates_come_to_the_same_end(events: list[ProviderEvent], chance: random.Random) -> None:
    copies = [
        replace(copy, event_id=f"again-{n}") if chance.random() < 0.5 else copy
        for n, copy in enumerate(chance.choices(events, k=len(events)) if events else [])
    ]
    shuffled = [*events, *copies]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(events)


@settings(max_examples=80)
@given(EVENTS)
def test_delivery_never_falls_and_evidence_never_goes(events: list[ProviderEvent]) -> None:
    reported = NOTHING
    for one in events:
        after = apply(reported, one)
        assert after.rank >= reported.rank
        assert after.is_evidence or not reported.is_evidence
        reported = after


def test_ranks_are_those_of_the_rules() -> None:
    assert {delivery.value: rank for delivery, rank in RANK.items()} == {
        "none": 0,
        "processed": 1,
        "deferred": 2,
        "delivered": 3,
        "blocked": 4,
        "dropped": 4,
        "bounced": 5,
    }


@pytest.mark.parametrize(
    ("meanings", "delivery"),
    [
        ([Canonical.PROCESSED, Canonical.DELIVERED], Delivery.DELIVERED),
        ([Canonical.DELIVERED, Canonical.BOUNCED], Delivery.BOUNCED),
        ([Canonical.DELIVERED, Canonical.DEFERRED, Canonical.PROCESSED], Delivery.DELIVERED),
        ([Canonical.OPENED], Delivery.DELIVERED),
        ([Canonical.CLICKED, Canonical.PROCESSED], Delivery.DELIVERED),
        ([Canonical.BOUNCED, Canonical.OPENED], Delivery.BOUNCED),
        ([Canonical.BLOCKED, Canonical.DROPPED], Delivery.DROPPED),
        ([Canonical.DROPPED, Canonical.BLOCKED], Delivery.DROPPED),
        ([Canonical.ACCEPTED], Delivery.PROCESSED),
        ([Canonical.EXPIRED], Delivery.DROPPED),
        ([Canonical.FAILED], Delivery.BOUNCED),
        ([Canonical.UNKNOWN], Delivery.NONE),
        ([None], Delivery.NONE),
    ],
)
def test_delivery_only_rises(meanings: list[Canonical | None], delivery: Delivery) -> None:
    assert fold([event(meaning) for meaning in meanings]).delivery is delivery


def test_opens_of_readers_and_machines_are_told_apart() -> None:
    reported = fold(
        [
            event(Canonical.OPENED, "11:00:00"),
            event(Canonical.OPENED, "09:00:00", machine=True),
            event(Canonical.OPENED, "10:00:00"),
            event(Canonical.OPENED, None),
            event(Canonical.CLICKED, "12:00:00"),
            event(Canonical.COMPLAINED, "13:00:00"),
            event(Canonical.UNSUBSCRIBED, "14:00:00"),
        ]
    )
    assert reported == Reported(
        Delivery.DELIVERED, None, 3, 1, 1, at("10:00:00"), at("11:00:00"), complained=True, unsubscribed=True
    )


def test_the_time_of_delivery_is_that_of_its_own_event() -> None:
    told = fold([event(Canonical.OPENED, "09:00:00"), event(Canonical.DELIVERED, "10:00:00")])
    assert told.delivery_at == at("10:00:00")
    assert fold([event(Canonical.DELIVERED, None), event(Canonical.DELIVERED, "10:00:00")]).delivery_at == at(
        "10:00:00"
    )


def test_the_same_event_under_a_new_id_counts_once() -> None:
    click = event(Canonical.CLICKED)
    assert fold([click, replace(click, event_id="other")]).clicks == 1
    assert fold([click, replace(click, content_hash="other")]).clicks == 1
    assert fold([replace(click, event_id=""), replace(click, event_id="", content_hash="other")]).clicks == 2


def test_what_evidence_settles_follows_the_table_of_states() -> None:
    settled = {state: settlement(state) for state in Dispatch if settlement(state)}
    assert set(settled) == {
        Dispatch.IN_DOUBT,
        Dispatch.RETRY_WAIT,
        Dispatch.FAILED,
        Dispatch.HELD,
        Dispatch.QUEUED,
    }
    for state, path in settled.items():
        assert path[-1] is Dispatch.ACCEPTED
        for before, after in zip((state, *path), path, strict=False):
            assert allowed(before, after, Actor.EVENT)
    assert [state for state in Dispatch if is_conflict(state)] == [Dispatch.EXPIRED, Dispatch.CANCELED]


def test_what_is_reported_in_words() -> None:
    reported = fold(
        [
            event(Canonical.DELIVERED, "10:00:00"),
            event(Canonical.OPENED, "11:00:00"),
            event(Canonical.OPENED, "12:00:00"),
            event(Canonical.OPENED, "12:30:00", machine=True),
            event(Canonical.CLICKED, "13:00:00"),
            event(Canonical.COMPLAINED),
            event(Canonical.UNSUBSCRIBED),
        ]
    )
    assert in_words(reported, opens_tracked=True, clicks_tracked=True) == (
        "delivered, 2026-01-02 10:00:00 UTC",
        "opened 2 times, first 2026-01-02 11:00:00 UTC",
        "opened by machines once",
        "clicked once",
        "reported as spam",
        "unsubscribed",
    )
    assert in_words(NOTHING, opens_tracked=True, clicks_tracked=True) == ()
    assert in_words(reported, opens_tracked=False, clicks_tracked=False)[1:3] == (
        "opens: tracking off at send time",
        "clicks: tracking off at send time",
    )


@pytest.mark.parametrize(
    ("rows", "code", "found"),
    [
        (SENDGRID, "delivered", "delivered"),
        (SENDGRID, " Delivered ", "delivered"),
        (SENDGRID, "group_resubscribe", None),
        (SMTP, "450", "450"),
        (SMTP, "454", "4xx"),
        (SMTP, "5.1.1", "5xx"),
        (SMTP, "250", "2xx"),
        (SMTP, "4.7", None),
        (SMTP, "4x1", None),
        (SMTP, "٤٥٠", None),
        (SMTP, "", None),
        (HTTP, "404", "4xx"),
        (HTTP, "429", "429"),
        (SMPP, "delivrd", "DELIVRD"),
        (SMPP, "450", None),
    ],
)
def test_a_code_is_looked_up_by_itself_then_by_its_class(
    rows: tuple[StatusRow, ...], code: str, found: str | None
) -> None:
    row = row_for(code, rows)
    assert (row.code if row else None) == found


def test_meaning_of_a_code() -> None:
    assert meaning_of("bounce", SENDGRID) is Canonical.BOUNCED
    assert meaning_of("UNKNOWN", SMPP) is None
    assert meaning_of("new_in_2027", SENDGRID) is None
    assert meaning_of("x", [StatusRow("x", "X", "no such meaning")]) is None


def test_no_event_of_the_presets_is_without_effect() -> None:
    moment: datetime = at("10:00:00")
    for row in (*SENDGRID, *SMPP):
        meaning = meaning_of(row.code, (*SENDGRID, *SMPP))
        reported = apply(NOTHING, ProviderEvent(row.code, meaning, moment, "1", "h"))
        assert reported.is_evidence is (row.code != "UNKNOWN")
