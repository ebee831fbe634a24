"""The checklist from the subscription key to ready to send."""

from ftos_tui.domain.readiness import Step, checklist
from ftos_tui.domain.record import EMPTY_VALUES, NO_SECRETS
from tests.domain.records import GOOD, judge, new_draft, saved_draft, stored


def open_steps(steps: tuple[Step, ...]) -> list[tuple[str, str | None]]:
    return [(step.label, step.field_id) for step in steps if not step.done]


def test_a_shipped_provider_has_the_way_before_it() -> None:
    values = {**EMPTY_VALUES, "communication_channel": "email", "name": "FTOSEmailGateway"}
    steps = checklist(values, NO_SECRETS, ())
    assert steps[0].label == "Subscription key applied for"
    assert "FintechOS Services Portal" in steps[0].hint
    assert open_steps(steps) == [
        ("Subscription key applied for", "app_key"),
        ("Gateway named", "provider_name"),
        ("Service URL from FintechOS entered", "service_url"),
        ("User and password from the provider entered", "app_user"),
        ("appConfig filled in", "app_config"),
        ("From Address agreed with FintechOS", "from_address"),
        ("Window and pace set", "bulk_no"),
        ("Tracking chosen", "open_setting"),
        ("Ready to send", "app_key"),
    ]


def test_everything_done() -> None:
    steps = checklist(GOOD, stored(), judge(saved_draft({})).findings)
    assert open_steps(steps) == []
    assert steps[-1] == Step("Ready to send", True, "Everything is there.", None)


def test_secrets_entered_and_not_saved_count() -> None:
    assert open_steps(checklist(GOOD, {}, (), ("app_key",))) == [
        ("User and password from the provider entered", "app_password"),
        ("Ready to send", "app_password"),
    ]


def test_a_refused_field_is_open_and_switched_off_is_an_answer() -> None:
    checked = judge(saved_draft({"interval_max": "09:00:00", "open_setting": False}))
    assert open_steps(checklist(checked.values, stored(), checked.findings)) == [
        ("Window and pace set", "interval_max"),
        ("Ready to send", "interval_max"),
    ]


def test_no_success_among_the_statuses() -> None:
    checked = judge(saved_draft({}, statuses=()))
    assert open_steps(checklist(checked.values, stored(), checked.findings)) == [
        ("Statuses listed, one of them a success", "statuses"),
        ("Ready to send", "statuses"),
    ]


def test_a_refusal_outside_the_steps_is_not_ready() -> None:
    checked = judge(new_draft({"unknown": 1}))
    step = checklist(checked.values, stored(), checked.findings)[-1]
    assert not step.done
