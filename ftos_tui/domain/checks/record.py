"""Rules that tie several fields, the saved version or the world around the record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ftos_tui.domain.app_config import known_key, top_level
from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.app_config import check_config_hosts
from ftos_tui.domain.checks.context import CheckContext
from ftos_tui.domain.checks.secrets import check_destinations
from ftos_tui.domain.checks.service_url import target_of
from ftos_tui.domain.delivery.event_keys import event_key_faults
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.http_template import template_faults
from ftos_tui.domain.names import name_key
from ftos_tui.domain.pace import LONGEST_HORIZON, STEP_SECONDS, in_words, retry_horizon, total_tries, window_of
from ftos_tui.domain.provider_kind import SCHEMES, ProviderKind, provider_kind
from ftos_tui.domain.record import Value, Values
from ftos_tui.domain.route import NoRoute, route_of
from ftos_tui.domain.visible import shortened
from ftos_tui.domain.window import seconds_of_day

SHORTEST_WINDOW: Final = STEP_SECONDS
"""Seconds a step may take; ours, one step's rhythm."""

SENDGRID_SMTP_HOST: Final = "smtp.sendgrid.net"


@dataclass(frozen=True, slots=True)
class Judged:
    """A record whose fields were judged one by one.

    Attributes:
        draft: What was edited.
        context: The world around it.
        values: Canonical values.
        refused: The ids of plain fields that hold no acceptable value; rules over them would only repeat that.
    """

    draft: Draft
    context: CheckContext
    values: Values
    refused: frozenset[str]

    def accepted(self, field_id: str) -> Value:
        """A field's canonical value; None where it was refused."""
        return None if field_id in self.refused else self.values.get(field_id)

    def text(self, field_id: str) -> str:
        """A field's canonical text; empty where it was refused or is no text."""
        value = self.accepted(field_id)
        return value if isinstance(value, str) else ""

    def number(self, field_id: str) -> int | None:
        """A field's whole number; None where it was refused."""
        value = self.accepted(field_id)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def kind(self) -> ProviderKind:
        """What stands behind the gateway."""
        return provider_kind(self.text("provider_name"), self.text("communication_channel"))


def check_record(judged: Judged) -> Iterator[Finding]:
    """The findings of every rule that ties fields together."""
    for rule in (
        _channel,
        _name,
        _display_name,
        _scheme,
        _user,
        _config,
        _template,
        _route,
        _tracking,
        _window,
        _retries,
    ):
        yield from rule(judged)
    if judged.refused.isdisjoint({"service_url", "app_user", "app_config"}):
        destination = destination_of(judged.values)
        yield from check_destinations(judged.draft.secrets, judged.draft.base.secrets, destination)


def _channel(judged: Judged) -> Iterator[Finding]:
    before, now = judged.draft.base.values.get("communication_channel"), judged.text("communication_channel")
    if judged.context.waiting and judged.draft.base.version and before and now and before != now:
        message = f"Let the {judged.context.waiting:,} waiting messages go first: they were written for {before}."
        yield rules.CHANNEL_CHANGED("communication_channel", message)
    if judged.context.serves_count and before and now and before != now:
        message = f"Give its channels another provider first: it {judged.context.serves_words}."
        yield rules.CHANNEL_SERVED("communication_channel", message)


def _name(judged: Judged) -> Iterator[Finding]:
    name, before = judged.text("name"), judged.draft.base.values.get("name")
    if not name:
        return
    if name_key(name) in judged.context.taken_names:
        yield rules.NAME_TAKEN("name", f"Choose another name: a provider named {shortened(name, 40)} exists already.")
    if judged.draft.base.version and isinstance(before, str) and before and name_key(before) != name_key(name):
        message = f"Rename only if no script refers to {shortened(before, 40)}: callers find a provider by its name."
        if judged.context.serves_count:
            message = f"{message.removesuffix('.')}; it {judged.context.serves_words}."
        yield rules.NAME_RENAMED("name", message)


def _display_name(judged: Judged) -> Iterator[Finding]:
    shown, address = judged.text("from_display_name"), judged.text("from_address")
    if "@" in shown and address and shown.casefold() != address.casefold():
        message = f"Show a name, not another address than {shortened(address, 60)}: mail filters take that for fraud."
        yield rules.DISPLAY_NAME_ADDRESS("from_display_name", message)


def _scheme(judged: Judged) -> Iterator[Finding]:
    target = target_of(judged.text("service_url"))
    if target is None:
        return
    if judged.text("communication_channel") == "sms" and target.scheme in ("smtp", "smtps"):
        yield rules.URL_SCHEME_PROVIDER("service_url", "Use https:// for the sms channel: SMTP carries e-mail only.")
    elif target.scheme not in SCHEMES[judged.kind]:
        wanted = "smtp:// or smtps://" if judged.kind is ProviderKind.SMTP else "https://"
        provider = shortened(judged.text("provider_name"), 40)
        message = f"Use {wanted} for the provider {provider}, or correct Provider Name."
        yield rules.URL_SCHEME_PROVIDER("service_url", message)


def _user(judged: Judged) -> Iterator[Finding]:
    target, user = target_of(judged.text("service_url")), judged.text("app_user")
    if (
        target
        and target.host == SENDGRID_SMTP_HOST
        and target.scheme in ("smtp", "smtps")
        and user not in ("", "apikey")
    ):
        yield rules.USER_SENDGRID("app_user", "Write apikey: SendGrid over SMTP takes no other user.")


def _config(judged: Judged) -> Iterator[Finding]:
    config = judged.text("app_config")
    if not config or config == "{}":
        return
    yield from check_config_hosts(config, judged.context.allowed_hosts)
    for fault in event_key_faults(top_level(config)):
        yield rules.CONFIG_EVENT_KEY("app_config", fault)
    bulk = judged.number("bulk_no")
    for key, value in json.loads(config).items():
        known = known_key(key)
        if known is None or known.name != "max_connections" or not isinstance(value, int) or isinstance(value, bool):
            continue
        if bulk is not None and 0 < value < bulk:
            message = f"Expect {value:,} messages at a time: max_connections in appConfig is below Bulk No {bulk:,}."
            yield rules.BULK_OVER_CONNECTIONS("bulk_no", message)


def _template(judged: Judged) -> Iterator[Finding]:
    """An HTTP template is judged where the record leads to one: by HTTP, and with any part of one in appConfig."""
    target, config = target_of(judged.text("service_url")), top_level(judged.text("app_config"))
    smtp = judged.kind is ProviderKind.SMTP or (target is not None and target.scheme in ("smtp", "smtps"))
    if smtp or (judged.kind is ProviderKind.SENDGRID and "body" not in config):
        return
    faults = list(template_faults(config))
    for fault in faults:
        yield rules.CONFIG_TEMPLATE("app_config", fault)
    if target and not faults and judged.text("app_config") and "body" not in config:
        message = "Add a body to appConfig: it says what is posted to the gateway, and without it nothing is sent."
        yield rules.CONFIG_NO_BODY("app_config", message)


def _route(judged: Judged) -> Iterator[Finding]:
    """What appConfig makes of the way; Service Url, its scheme and hosts in appConfig have rules of their own."""
    config = judged.text("app_config")
    if "service_url" in judged.refused or not config or not judged.text("service_url"):
        return
    try:
        route_of(judged.values)
    except NoRoute as fault:
        if fault.field_id == "app_config" and not any(check_config_hosts(config, judged.context.allowed_hosts)):
            yield rules.CONFIG_ROUTE("app_config", str(fault))


def _tracking(judged: Judged) -> Iterator[Finding]:
    target = target_of(judged.text("service_url"))
    smtp = judged.kind is ProviderKind.SMTP or (target is not None and target.scheme in ("smtp", "smtps"))
    if smtp and judged.accepted("click_setting") is True:
        yield rules.CLICK_SMTP("click_setting", "Switch Click Setting off: plain SMTP cannot track clicked links.")


def _window(judged: Judged) -> Iterator[Finding]:
    if not judged.text("interval_min") or not judged.text("interval_max"):
        return
    window, before = window_of(judged.values), window_of(judged.draft.base.values)
    if window is None:  # two valid times make no window only when they are the same
        message = "Change Interval Max: when both ends are the same, the window could mean never or always."
        yield rules.WINDOW_EMPTY("interval_max", message)
        return
    if window.always_open and window.crosses_midnight:
        message = (
            "Write 00:00:00 and 23:59:59 if the whole day is meant: this window closes one second before it opens."
        )
        yield rules.WINDOW_ALWAYS("interval_max", message)
    if window.open_seconds < SHORTEST_WINDOW:
        message = f"Widen the window: {window.open_seconds} s are shorter than one step's likely time."
        yield rules.WINDOW_SHORT("interval_max", message)
    now, waiting = judged.context.now, judged.context.waiting
    if waiting and before and judged.draft.base.version and before.is_open_at(now) and not window.is_open_at(now):
        opens = window.next_open(now)
        message = (
            f"Mind that {waiting:,} waiting messages stay until {opens:%Y-%m-%d %H:%M:%S} UTC: the window closes now."
        )
        yield rules.WINDOW_CLOSES("interval_max", message)


def _retries(judged: Judged) -> Iterator[Finding]:
    retries, pool = judged.number("retry_max_attempt"), judged.text("pool_time_retry")
    if not retries or not pool:
        return
    seconds = seconds_of_day(pool)
    if seconds == 0:
        message = "Write at least 00:00:01, better 00:05:00: retries without a wait hammer the provider."
        yield rules.POOL_ZERO("pool_time_retry", message)
    elif seconds < STEP_SECONDS:
        message = f"Write at least 00:01:00: {seconds} s between retries give a provider no time to recover."
        yield rules.POOL_SHORT("pool_time_retry", message)
    horizon = retry_horizon(retries, seconds)
    if horizon > LONGEST_HORIZON:
        message = (
            f"Lower Retry Max Attempt or Pool Time Retry: {total_tries(retries)} tries reach over {in_words(horizon)}, "
            f"more than {LONGEST_HORIZON // 3600} h."
        )
        yield rules.RETRY_HORIZON("retry_max_attempt", message)
