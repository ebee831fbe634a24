"""“Why is this message not moving?”: one true sentence for every state and every hindrance."""

import itertools
import re
from datetime import datetime

import pytest

from ftos_tui.domain.delivery.breaker import CLOSED, Breaker, after_outcome
from ftos_tui.domain.delivery.moments import by_minute, moment
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.provider import ProviderState
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.delivery.steps import Room, StepState
from ftos_tui.domain.delivery.waiting import (
    CAUSE_IN_WORDS,
    CAUSE_REMEDY,
    Standing,
    blocker_in_words,
    why_waiting,
)
from ftos_tui.domain.visible import is_safe
from tests.domain.delivery.settings import at, provider, rules

NOW = at("12:00:00")
QUEUED = Standing(Dispatch.QUEUED, at("10:00:00"), at("10:00:00"))
RETRY = Standing(Dispatch.RETRY_WAIT, at("11:00:00"), at("10:30:00"), tries=1, said="450 busy")


def opened(cause: Cause, said: str = "535 no\x1b") -> Breaker:
    return after_outcome(
        CLOSED, Outcome(OutcomeKind.PROVIDER_WIDE, said=said, reason=cause), rules(), 1, at("11:50:00")
    )


REFUSED = StepState(breaker=opened(Cause.AUTHENTICATION))
BROKE = StepState(breaker=opened(Cause.CREDITS, ""))
SLOWED = StepState(breaker=Breaker(throttles=3, slow_until=at("12:01:30")))


@pytest.mark.parametrize(
    ("standing", "state", "step", "now", "sentence"),
    [
        (QUEUED, provider(), StepState(), NOW, "Nothing holds it: it goes with the step that starts now."),
        (
            QUEUED,
            provider(),
            StepState(),
            at("18:30:00"),
            "The window 09:00:00 to 18:00:00 UTC is closed: it opens tomorrow 09:00:00 UTC.",
        ),
        (
            Standing(Dispatch.QUEUED, at("08:00:00"), at("08:00:00")),
            provider(),
            StepState(),
            at("08:30:00"),
            "The window 09:00:00 to 18:00:00 UTC is closed: it opens at 09:00:00 UTC.",
        ),
        (Standing(Dispatch.QUEUED, at("13:00:00"), NOW), provider(), StepState(), NOW, "Due at 13:00:00 UTC."),
        (
            Standing(Dispatch.QUEUED, at("19:00:00"), NOW),
            provider(),
            REFUSED,
            NOW,
            "Due at 19:00:00 UTC, outside the window: it goes tomorrow 09:00:00 UTC when the window opens.",
        ),
        (
            Standing(Dispatch.RETRY_WAIT, at("12:15:00"), NOW, tries=1, said="450 busy"),
            provider(),
            StepState(),
            NOW,
            "Error at try 1 of 4 (450 busy). Due at 12:15:00 UTC.",
        ),
        (
            RETRY,
            provider(),
            StepState(next_step_at=at("12:00:40")),
            NOW,
            "Error at try 1 of 4 (450 busy). The next step, of 50 messages at most, starts at 12:00:40 UTC.",
        ),
        (
            QUEUED,
            provider(),
            StepState(in_flight=50),
            NOW,
            "50 messages are in hand, and Bulk No allows 50: it goes when some are done.",
        ),
        (
            QUEUED,
            provider(),
            REFUSED,
            NOW,
            "FTOSEmailGateway is stopped since 11:50:00 UTC because its sign-in was refused (535 no␛); "
            "it stays so until it is edited or an operator closes the breaker.",
        ),
        (
            QUEUED,
            provider(),
            BROKE,
            NOW,
            "FTOSEmailGateway is stopped since 11:50:00 UTC because its account has no credits left; "
            "one message is tried at 12:20:00 UTC.",
        ),
        (
            QUEUED,
            provider(),
            StepState(breaker=BROKE.breaker, in_flight=1),
            at("12:30:00"),
            "One message is tried first, because its account has no credits left: if FTOSEmailGateway takes it, "
            "the others follow.",
        ),
        (
            QUEUED,
            provider(),
            StepState(breaker=BROKE.breaker, next_step_at=at("12:30:30")),
            at("12:30:00"),
            "One message is tried first, at 12:30:30 UTC, because its account has no credits left: if FTOSEmailGateway "
            "takes it, the others follow.",
        ),
        (
            QUEUED,
            provider(),
            SLOWED,
            NOW,
            "FTOSEmailGateway asked for patience: no step starts before 12:01:30 UTC.",
        ),
        (QUEUED, provider(deleted=True), REFUSED, NOW, "FTOSEmailGateway is deleted: cancel the message."),
        (
            Standing(Dispatch.QUEUED, at("19:00:00"), NOW),
            provider(missing=("App Key", "Service Url")),
            StepState(),
            NOW,
            "FTOSEmailGateway is not ready to send: enter App Key, Service Url.",
        ),
        (
            QUEUED,
            ProviderState("A\x1b", 1, None),
            StepState(),
            NOW,
            "A␛ is misconfigured: its window, Bulk No or retry settings make no sense; correct and save them.",
        ),
        (
            QUEUED,
            provider(paused="Month end."),
            StepState(),
            NOW,
            "FTOSEmailGateway is paused: month end.",
        ),
        (
            Standing(Dispatch.QUEUED, at("10:00:00"), NOW, not_after=at("11:00:00")),
            provider(),
            StepState(),
            NOW,
            "Its not-after time 11:00:00 UTC has passed: it expires unsent.",
        ),
        (
            Standing(Dispatch.CLAIMED, NOW, at("11:59:58"), worker="app1:77"),
            provider(),
            StepState(),
            NOW,
            "Taken by worker app1:77 at 11:59:58 UTC; nothing is on the wire yet.",
        ),
        (
            Standing(Dispatch.SENDING, NOW, at("11:59:58")),
            provider(),
            StepState(),
            NOW,
            "Being sent by a worker since 11:59:58 UTC.",
        ),
        (
            Standing(Dispatch.ACCEPTED, NOW, at("11:00:00", 1)),
            provider(),
            StepState(),
            NOW,
            "The provider accepted it yesterday 11:00:00 UTC; it does not move any more here.",
        ),
        (
            Standing(Dispatch.IN_DOUBT, NOW, at("11:00:00"), reason="The connection ended."),
            provider(),
            StepState(),
            NOW,
            "In doubt since 11:00:00 UTC: the connection ended; an event of the provider or an operator settles it.",
        ),
        (
            Standing(Dispatch.HELD, NOW, at("11:00:00")),
            provider(),
            StepState(),
            NOW,
            "Held since 11:00:00 UTC: an operator stopped it; release or cancel it.",
        ),
        (
            Standing(Dispatch.FAILED, NOW, at("11:00:00"), tries=4, reason="Refused for good.", said="550 unknown"),
            provider(),
            StepState(),
            NOW,
            "Failed at 11:00:00 UTC after 4 tries: refused for good (550 unknown); it goes again only by Retry.",
        ),
        (
            Standing(Dispatch.FAILED, NOW, at("11:00:00"), tries=1),
            provider(),
            StepState(),
            NOW,
            "Failed at 11:00:00 UTC after 1 try: refused; it goes again only by Retry.",
        ),
        (
            Standing(Dispatch.EXPIRED, NOW, at("11:00:00"), not_after=at("10:59:00")),
            provider(),
            StepState(),
            NOW,
            "Expired at 11:00:00 UTC: its not-after time 10:59:00 UTC passed before it was accepted.",
        ),
        (
            Standing(Dispatch.CANCELED, NOW, at("11:00:00", 1)),
            provider(),
            StepState(),
            NOW,
            "Canceled by an operator yesterday 11:00:00 UTC.",
        ),
    ],
)
def test_the_sentence(standing: Standing, state: ProviderState, step: StepState, now: datetime, sentence: str) -> None:
    assert why_waiting(standing, state, step, now) == sentence


def test_a_message_behind_others_or_without_a_processor() -> None:
    assert why_waiting(QUEUED, provider(), StepState(), NOW, workers=0).startswith("No processor is running")
    turn = why_waiting(QUEUED, provider(), StepState(), NOW, workers=2, ahead=120)
    assert turn == "It waits its turn: 120 messages are due before it, and a step takes 50."
    assert why_waiting(QUEUED, provider(), StepState(), NOW, ahead=49).startswith("Nothing holds it")


def test_every_message_gets_a_sentence_that_may_be_shown() -> None:
    providers = (
        provider(),
        provider(deleted=True),
        provider(missing=("App Key",)),
        provider(paused="\x1b[2J"),
        ProviderState("\u202egateway", 1, None),
    )
    steps = (StepState(), REFUSED, BROKE, SLOWED, StepState(in_flight=99), StepState(next_step_at=at("12:00:30")))
    times = (NOW, at("03:00:00"), at("23:00:00"))
    for state, gateway, step, now in itertools.product(Dispatch, providers, steps, times):
        for due, not_after in ((at("10:00:00"), None), (at("20:00:00"), at("20:30:00"))):
            standing = Standing(state, due, at("09:00:00"), 2, not_after, "Why\x00.", "\x1b]0;x\x07", "w\n1")
            sentence = why_waiting(standing, gateway, step, now)
            assert is_safe(sentence)
            assert re.fullmatch(r"[A-Z0-9�].{15,400}[.]", sentence), sentence


def test_each_cause_has_words_and_a_remedy() -> None:
    assert set(CAUSE_IN_WORDS) == set(CAUSE_REMEDY) == set(Cause)
    for cause in Cause:
        sentence = blocker_in_words(Room(0, None), ProviderState("A", 1, None), StepState(), NOW)
        assert sentence.startswith("A is misconfigured")
        assert CAUSE_REMEDY[cause].endswith(".")


def test_times_as_they_are_said() -> None:
    assert moment(at("09:00:00"), NOW) == "09:00:00 UTC"
    assert moment(at("09:00:00", 3), NOW) == "tomorrow 09:00:00 UTC"
    assert moment(at("09:00:00", 5), NOW) == "2026-01-05 09:00:00 UTC"
    assert by_minute(at("15:39:01"), NOW) == "today 15:40 UTC"
    assert by_minute(at("15:40:00"), NOW) == "today 15:40 UTC"
    assert by_minute(at("23:59:30"), NOW) == "tomorrow 00:00 UTC"
    assert by_minute(at("11:20:00", 9), NOW) == "Fri 2026-01-09 11:20 UTC"
