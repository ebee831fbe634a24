"""What others do, in words: one line for a change, one for many, and who else has a form open."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ftos_tui.domain.names import name_key
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.live_protocol import Change, Present
from ftos_tui.studio.failures import counted, field_label

MOST_TOLD: Final = 5
"""Changes that get a line each; of more, as after an import or a long absence, a line tells how many."""

_MOST_FIELDS: Final = 4

_NO_VERSION: Final = {
    "trial_confirmed": "confirmed the trial of {name}: it stays",
    "trial_ended": "ended the trial of {name}",
    "channel_create": "made a communication channel of {name}",
    "channel_save": "saved a communication channel of {name}",
    "channel_delete": "deleted a communication channel of {name}",
    "delete": "deleted {name}",
    "rotate_key": "replaced the master key",
    "store_copied": "copied the store here",
    "export_secrets": "exported secrets of {name}",
    "test_connection": "tested the connection of {name}",
    "test_message": "sent a test message by {name}",
    "message_hold": "held messages of {name}",
    "message_release": "released messages of {name}",
    "message_cancel": "canceled messages of {name}",
    "message_retry": "had messages of {name} tried again",
    "message_resolve": "settled messages of {name} that were in doubt",
    "delivery_pause": "paused the sending of {name}",
    "delivery_resume": "let {name} send again",
}

_WITH_VERSION: Final = {
    "shipped": "shipped {name}",
    "create": "made {name}",
    "save": "saved {name} version {version}",
    "import": "imported {name} version {version}",
    "rollback": "rolled {name} back, as version {version}",
    "clear_secret": "cleared a secret of {name}, as version {version}",
    "trial_reverted": "reverted {name}, whose trial was over, as version {version}",
}


def in_words(change: Change) -> str:
    """A change as one sentence: "ana saved FTOSEmailGateway version 5: Bulk No, Interval Max."."""
    words = _NO_VERSION.get(change.action) or _WITH_VERSION.get(change.action)
    if words is None:
        plain = change.action.replace("_", " ")
        words = f"{shortened(plain, 40)}: {{name}}" if change.name else shortened(plain, 40)
        words += " version {version}" if change.version else ""
    said = words.format(name=shortened(change.name, 60), version=change.version)
    fields = fields_in_words(change) if change.version > 1 and change.action in _WITH_VERSION else ""
    return f"{shortened(change.user, 40)} {said}{': ' if fields else ''}{fields}."


def fields_in_words(change: Change) -> str:
    """The labels of what a change changed, the first few of many; empty where it tells none."""
    labels = [field_label(field_id) for field_id in change.fields]
    more = len(labels) - _MOST_FIELDS
    if more > 1:
        labels = [*labels[:_MOST_FIELDS], f"{more} more"]
    return ", ".join(labels)


def all_in_words(changes: Sequence[Change], left_out: int = 0) -> list[str]:
    """Changes as sentences: one each, or one for each operator where there are many.

    Args:
        changes: What others did, in order.
        left_out: How many changes there were before those.
    """
    if len(changes) + left_out <= MOST_TOLD:
        return [in_words(change) for change in changes]
    told = []
    for user, number in Counter(change.user for change in changes).most_common(MOST_TOLD):
        names = {name_key(change.name) for change in changes if change.user == user and change.provider_id}
        of = f" to {counted(len(names), 'provider', 'providers')}" if names else ""
        told.append(f"{shortened(user, 40)} made {counted(number, 'change', 'changes')}{of}.")
    if left_out:
        told.append(f"{counted(left_out, 'change', 'changes')} before that: the audit tells them.")
    return told


def also_open(present: Iterable[Present]) -> str:
    """Who else has a form open: "ana on jump2, bo on jump3"; empty for nobody."""
    people = dict.fromkeys(f"{shortened(one.user, 30)} on {shortened(one.host, 30)}" for one in present)
    return ", ".join(people)


def who_short(present: Iterable[Present], most: int = 2) -> str:
    """Who else has a form open, in few characters: "ana, bo +3"."""
    names = list(dict.fromkeys(shortened(one.user, 20) for one in present))
    more = len(names) - most
    return ", ".join(names[:most]) + (f" +{more}" if more > 0 else "")
