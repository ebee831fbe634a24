"""From "subscription key applied for" to "ready to send": what is done, and what to do next."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.record import SecretState, Values


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way.

    Attributes:
        label: What is to be done, as done.
        done: Whether it is.
        hint: How to do it, in one sentence.
        field_id: Where to go for it: the first field that lacks something; `statuses` for the list; None for none.
    """

    label: str
    done: bool
    hint: str
    field_id: str | None


_STEPS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    (
        "Subscription key applied for",
        ("app_key",),
        "Apply for it in the FintechOS Services Portal, then paste it into App Key.",
    ),
    (
        "Gateway named",
        ("communication_channel", "name", "provider_name"),
        "Choose the channel, then name the gateway and the provider behind it.",
    ),
    (
        "Service URL from FintechOS entered",
        ("service_url",),
        "FintechOS gives you the URL; for another provider take it from that provider's pages.",
    ),
    (
        "User and password from the provider entered",
        ("app_user", "app_password"),
        "The provider gives you both; the password is stored encrypted.",
    ),
    ("appConfig filled in", ("app_config",), "Paste the provider's configuration file, or write {} for none."),
    (
        "From Address agreed with FintechOS",
        ("from_address", "from_display_name"),
        "Consult FintechOS to create an address with the name of the company.",
    ),
    (
        "Window and pace set",
        ("bulk_no", "interval_min", "interval_max", "retry_max_attempt", "pool_time_retry"),
        "Say how many messages go in one step, between which times of day in UTC, and how failed ones are retried.",
    ),
    (
        "Tracking chosen",
        ("open_setting", "click_setting"),
        "Decide whether opened e-mail and clicked links are tracked; off is an answer too.",
    ),
    ("Statuses listed, one of them a success", ("statuses",), "Add a status that means success, such as delivered."),
)


def checklist(
    values: Values,
    secrets: Mapping[str, SecretState],
    findings: Iterable[Finding],
    entered: Collection[str] = (),
) -> tuple[Step, ...]:
    """The way to a provider that is ready to send.

    Args:
        values: Plain values, canonical or as typed.
        secrets: What is stored of the secrets.
        findings: What the check said about them.
        entered: The ids of secrets that were entered anew and not saved yet.

    Returns:
        The steps in order; the last one, "Ready to send", is done when all the others are.
    """
    refused = {
        finding.field
        for finding in findings
        if finding.severity is Severity.REFUSE or finding.code == rules.STATUS_NO_SUCCESS.code
    }
    steps = []
    for label, field_ids, hint in _STEPS:
        open_field = next((f for f in field_ids if f in refused or not _holds(f, values, secrets, entered)), None)
        steps.append(Step(label, open_field is None, hint, open_field or field_ids[0]))
    following = next((step for step in steps if not step.done), None)
    ready = following is None and not refused
    hint = "Everything is there." if ready else "Go through what is still open above."
    return (*steps, Step("Ready to send", ready, hint, following.field_id if following else None))


def _holds(field_id: str, values: Values, secrets: Mapping[str, SecretState], entered: Collection[str]) -> bool:
    spec = FIELD_BY_ID.get(field_id)
    if spec is None or not spec.mandatory:
        return True
    if spec.secret:
        return field_id in entered or secrets.get(field_id, SecretState()).is_set
    return values.get(field_id) not in (None, "")
