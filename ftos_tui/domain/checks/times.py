"""Rules for HH:MM:SS: ASCII digits, two each, and a suggestion where another way of writing can be guessed."""

import re
import unicodedata

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.rules import Outcome
from ftos_tui.domain.checks.text import take_text, typed_text
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FieldSpec
from ftos_tui.domain.visible import shortened
from ftos_tui.domain.window import HH_MM_SS

_SHAPED = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})")
_CLOCK = re.compile(
    r"t?([0-9]{1,2})(?:[:.\-h ]([0-9]{1,2}))?(?:[:.\-m ]([0-9]{1,2}))?s?(?:[.,][0-9]+)?\s*(am|pm|h|z|utc)?"
)
_RUN = re.compile(r"t?([0-9]{2})([0-9]{2})([0-9]{2})?\s*(am|pm|h|z|utc)?")
_END_OF_DAY = {
    "interval_min": "Write 00:00:00 for the start of the day or 23:59:59 for its end",
    "interval_max": "Use 23:59:59 for the end of the day",
    "pool_time_retry": "Use 23:59:59, the longest wait,",
}


def check_time(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on a time of day, or on the wait of Pool Time Retry, which is written alike."""
    if raw is not None and not isinstance(raw, str):
        message = f'Write {spec.label} as text in quotes, for example "{spec.example}".'
        return Outcome(typed_text(raw), (rules.VALUE_TYPE(spec.id, message),))
    taken = take_text(spec, raw)
    if isinstance(taken, Outcome):
        return taken
    if HH_MM_SS.fullmatch(taken.text):
        return Outcome(taken.text, taken.fixes)
    shown = shortened(taken.text, 30)
    if taken.text in ("24:00:00", "24:00", "240000"):
        return Outcome(raw, (rules.TIME_RANGE(spec.id, f"{_END_OF_DAY[spec.id]} instead of {shown}."),))
    shaped = _SHAPED.fullmatch(taken.text)
    if shaped and shaped[0].isascii():
        message = "Write hours from 00 to 23, minutes and seconds from 00 to 59"
        return Outcome(raw, (rules.TIME_RANGE(spec.id, f"{message}, instead of {shown}."),))
    meant = suggested_time(taken.text)
    message = f"Write {meant} instead of {shown}" if meant else f"Write HH:MM:SS, for example {spec.example}"
    return Outcome(raw, (rules.TIME_FORMAT(spec.id, f"{message}."),))


def suggested_time(text: str) -> str | None:
    """The HH:MM:SS that was probably meant by `9am`, `09:00`, `9:0:0`, `090000`, `٠٩:٠٠:٠٠`; None without a guess."""
    if len(text) > 20:
        return None
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(str(d) if (d := unicodedata.decimal(sign, None)) is not None else sign for sign in plain)
    plain = plain.casefold().replace("a.m.", "am").replace("p.m.", "pm")
    match = _RUN.fullmatch(plain) or _CLOCK.fullmatch(plain)
    if not match:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if match[4] in ("am", "pm"):
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if match[4] == "pm" else 0)
    meant = f"{hours:02}:{minutes:02}:{seconds:02}"
    return meant if HH_MM_SS.fullmatch(meant) else None
