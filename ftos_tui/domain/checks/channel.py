"""The check of a Communication Channel, the same for the form, the command line and every other way in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ftos_tui.domain.channel import CHANNEL_FIELD_BY_ID, CHANNEL_FIELDS, ChannelDraft
from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.checks.rules import Outcome
from ftos_tui.domain.checks.text import check_option, check_plain, take_text
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import DataType, FieldSpec
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import Value
from ftos_tui.domain.visible import shortened

_GRAVITY: Final = {Severity.REFUSE: 0, Severity.WARN: 1, Severity.FIX: 2}


@dataclass(frozen=True, slots=True)
class Carrier:
    """The provider that bears the name in a channel's draft.

    Attributes:
        provider_id: The store's id.
        name: Its Name as it is saved.
        communication_channel: The channel it serves; None where it has none yet.
        ready: Whether nothing is missing in it.
    """

    provider_id: str
    name: str
    communication_channel: str | None
    ready: bool


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What the check is told of the store.

    Attributes:
        carrier: The provider of the name in the draft; None where there is none.
        near: Names like the one that no provider bears.
        taken_codes: Keys (`names.name_key`) of codes that other channels bear.
    """

    carrier: Carrier | None = None
    near: tuple[str, ...] = ()
    taken_codes: frozenset[str] = frozenset()


def check_channel(draft: ChannelDraft, context: ChannelContext) -> Checked:
    """Judges a channel as it would be saved.

    Args:
        draft: What was edited, from which saved channel.
        context: What the store knows about the names in it.

    Returns:
        Canonical values and the findings, in the fields' order, the gravest first within a field.
    """
    outcomes = {spec.id: _judge(spec, draft.raw(spec.id)) for spec in CHANNEL_FIELDS}
    values: dict[str, Value] = {field_id: outcome.value for field_id, outcome in outcomes.items()}
    accepted = {field_id: str(o.value) for field_id, o in outcomes.items() if not o.refused and o.value is not None}
    findings = [finding for outcome in outcomes.values() for finding in outcome.findings]
    findings += _unknown(draft)
    for rule in (_code, _action_type):
        findings += rule(draft, context, accepted)
    findings += _provider(context, accepted)
    if "provider" in accepted and context.carrier is not None:
        values["provider"] = context.carrier.name
    place = {spec.id: number for number, spec in enumerate(CHANNEL_FIELDS)}
    findings.sort(key=lambda finding: (place.get(finding.field, len(place)), _GRAVITY[finding.severity]))
    return Checked(values, (), tuple(findings))


def _judge(spec: FieldSpec, raw: Raw) -> Outcome:
    if spec.data_type is DataType.OPTION:
        return check_option(spec, raw)
    if spec.id != "provider":
        return check_plain(spec, raw)
    taken = take_text(spec, raw)  # its letters were judged when the provider was named
    return taken if isinstance(taken, Outcome) else Outcome(taken.text, taken.fixes)


def _unknown(draft: ChannelDraft) -> Iterator[Finding]:
    for field_id in draft.edits:
        if field_id not in CHANNEL_FIELD_BY_ID:
            shown = shortened(str(field_id), 40)
            yield rules.UNKNOWN_FIELD(shown, f"Correct or remove {shown}: a channel has no such field.")


def _code(draft: ChannelDraft, context: ChannelContext, accepted: Mapping[str, str]) -> Iterator[Finding]:
    code = accepted.get("code")
    if code is None:
        return
    if name_key(code) in context.taken_codes:
        yield rules.CODE_TAKEN("code", f"Choose another code: a channel {shortened(code, 40)} exists already.")
    if draft.base is not None and name_key(draft.base.code) != name_key(code):
        message = f"Change the code only if nothing refers to {shortened(draft.base.code, 40)}."
        yield rules.CODE_CHANGED("code", message)


def _action_type(draft: ChannelDraft, context: ChannelContext, accepted: Mapping[str, str]) -> Iterator[Finding]:
    del draft, context
    action, channel = accepted.get("default_action_type"), accepted.get("communication_channel")
    if action and channel and action != channel:
        message = f"Choose {channel} unless messages on this channel really are {action} by default."
        yield rules.ACTION_TYPE_DIFFERS("default_action_type", message)


def _provider(context: ChannelContext, accepted: Mapping[str, str]) -> Iterator[Finding]:
    name, channel = accepted.get("provider"), accepted.get("communication_channel")
    if name is None:
        return
    carrier = context.carrier
    if carrier is None:
        near = f": did you mean {' or '.join(shortened(other, 40) for other in context.near)}?" if context.near else "."
        yield rules.PROVIDER_UNKNOWN("provider", f"There is no channel provider {shortened(name, 40)}{near}")
        return
    if channel and carrier.communication_channel != channel:
        serves = carrier.communication_channel or "no channel yet"
        message = f"Choose a provider for {channel}: {shortened(carrier.name, 40)} serves {serves}."
        yield rules.PROVIDER_CHANNEL("provider", message)
    elif not carrier.ready:
        message = f"Configure {shortened(carrier.name, 40)} before messages are sent: mandatory fields are empty."
        yield rules.PROVIDER_NOT_READY("provider", message)
