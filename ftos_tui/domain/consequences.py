"""What a change of a provider brings about, in plain words, a sentence each."""

from collections.abc import Iterator

from ftos_tui.domain.channel import serves_in_words
from ftos_tui.domain.checks.context import CheckContext
from ftos_tui.domain.checks.service_url import target_of
from ftos_tui.domain.destination import destination_changes, destination_of
from ftos_tui.domain.diff import Side
from ftos_tui.domain.fields import FIELD_BY_ID, SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.pace import in_words, messages_an_hour, retry_horizon, total_tries, window_of
from ftos_tui.domain.record import Value
from ftos_tui.domain.visible import shortened
from ftos_tui.domain.window import Window, seconds_of_day

_LONGEST = 60
"""Characters of a value that a sentence quotes."""


def consequences(before: Side, after: Side, context: CheckContext) -> tuple[str, ...]:
    """What becomes different when one side takes the other's place.

    Args:
        before: What is in force.
        after: What would be.
        context: The world around it: the time, the messages waiting.

    Returns:
        Sentences, the gravest first; none where nothing that they speak of differs.
    """
    return tuple(
        sentence
        for part in (_destination, _secrets, _name, _channel, _window, _sender, _pace, _retries, _tracking, _serves)
        for sentence in part(before, after, context)
    )


def _differs(before: Side, after: Side, field_id: str) -> bool:
    return before.values.get(field_id) != after.values.get(field_id)


def _quoted(value: Value) -> str:
    return shortened(str(value), _LONGEST)


def _destination(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    old, new = destination_of(before.values), destination_of(after.values)
    if not old or not new or old == new:
        return
    was, now = (target_of(str(side.values.get("service_url"))) for side in (before, after))
    if was and now and was.host != now.host:
        yield f"Messages go to {_quoted(now.host)} instead of {_quoted(was.host)}."
    named = " and ".join(FIELD_BY_ID[field_id].label for field_id in destination_changes(old, new))
    for field_id in SECRET_IDS:
        state = after.secrets[field_id]
        if state.is_set and field_id not in after.entered and state.destination != new:
            yield f"{FIELD_BY_ID[field_id].label} must be entered again, because {named} changed."


def _secrets(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    for field_id in SECRET_IDS:
        label, old, new = FIELD_BY_ID[field_id].label, before.secrets[field_id], after.secrets[field_id]
        if field_id in after.entered and old.is_set:
            yield f"The stored {label} is replaced by the one entered."
        elif old.is_set and not new.is_set and field_id not in after.entered:
            yield f"Nothing is sent until {label} is entered."


def _name(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    old, new = before.values.get("name"), after.values.get("name")
    if old and new and name_key(str(old)) != name_key(str(new)):
        yield f"Scripts and configuration keys that name {_quoted(old)} no longer find it (inferred)."


def _channel(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    old, new = (side.values.get("communication_channel") for side in (before, after))
    if old and new and old != new:
        yield f"It serves {_quoted(new)} and no longer {_quoted(old)}: communication channels that use it are affected."


def _sender(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    old, new = (side.values.get("from_address") for side in (before, after))
    if old and new and old != new:
        yield f"Customers see {_quoted(new)} as the sender instead of {_quoted(old)}."


def _window(before: Side, after: Side, context: CheckContext) -> Iterator[str]:
    new = window_of(after.values)
    if new is None or not (_differs(before, after, "interval_min") or _differs(before, after, "interval_max")):
        return
    old, now = window_of(before.values), context.now
    was_open = old is not None and old.is_open_at(now)
    if was_open and not new.is_open_at(now):
        opens = new.next_open(now)
        day = "" if opens.date() == now.date() else " tomorrow"
        held = f", and {context.waiting:,} waiting messages stay until then" if context.waiting else ""
        yield f"The window closes now: it opens again at {opens:%H:%M:%S} UTC{day}{held}."
    elif old is not None and not was_open and new.is_open_at(now):
        change = new.next_change(now)
        until = f", until {change:%H:%M:%S} UTC" if change else " and never closes"
        yield f"The window opens now{until}: what waits is sent."
    if old is not None and old.open_seconds != new.open_seconds:
        yield f"It is open {_open(new)} a day instead of {_open(old)}."


def _open(window: Window) -> str:
    return "24 h" if window.always_open else in_words(window.open_seconds)


def _pace(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    old, new = before.values.get("bulk_no"), after.values.get("bulk_no")
    if isinstance(old, int) and isinstance(new, int) and old != new:
        hourly, before_hourly = messages_an_hour(new), messages_an_hour(old)
        yield f"{old:,} to {new:,} a step = at most {hourly:,} an hour instead of {before_hourly:,}."


def _retries(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    if not _differs(before, after, "retry_max_attempt") and not _differs(before, after, "pool_time_retry"):
        return
    retries = after.values.get("retry_max_attempt")
    if not isinstance(retries, int) or retries < 0:
        return
    was = before.values.get("retry_max_attempt")
    tries = "1 try" if retries == 0 else f"{total_tries(retries)} tries"
    instead = f" instead of {total_tries(was)}" if isinstance(was, int) and was != retries else ""
    last = _horizon(after)
    until = f", the last at least {in_words(last)} after the first" if last else ""
    earlier = _horizon(before)
    yield f"A message gets {tries} in all{instead}{until}{_instead_of(earlier, last)}."


def _instead_of(earlier: int | None, last: int | None) -> str:
    return f" instead of {in_words(earlier)}" if earlier and last and earlier != last else ""


def _horizon(side: Side) -> int | None:
    """Seconds from the first try to the last; None where the record does not tell."""
    retries = side.values.get("retry_max_attempt")
    try:
        pool = seconds_of_day(str(side.values.get("pool_time_retry")))
    except ValueError:
        return None
    return retry_horizon(retries, pool) if isinstance(retries, int) and retries >= 0 else None


def _tracking(before: Side, after: Side, _: CheckContext) -> Iterator[str]:
    for field_id, what in (("open_setting", "Opened e-mail is"), ("click_setting", "Clicked links are")):
        old, new = before.values.get(field_id), after.values.get(field_id)
        if isinstance(new, bool) and old != new and (new or old):
            yield f"{what} {'tracked from now on' if new else 'no longer tracked'}."


def _serves(before: Side, after: Side, context: CheckContext) -> Iterator[str]:
    if context.serves_count and before != after:
        codes = tuple(shortened(code, _LONGEST) for code in context.serves)
        yield f"It {serves_in_words(context.serves_count, codes)}; the change reaches all of them."
