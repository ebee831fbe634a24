"""Rules for whole numbers: ASCII digits only, within their range."""

import re
import unicodedata
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.rules import Outcome, Rule
from ftos_tui.domain.checks.text import take_text, typed_text
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FieldSpec
from ftos_tui.domain.visible import shortened

RANGES: Final[dict[str, tuple[int, int, Rule]]] = {
    "bulk_no": (1, 1000, rules.BULK_RANGE),
    "retry_max_attempt": (0, 20, rules.RETRY_RANGE),
}
"""By field id the least and greatest number and the rule that names them. The limits are ours; the vendor has none."""

_DIGITS = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[+]?([0-9]{1,3}(?:[,._ '’][0-9]{3})+|[0-9]+(?=[.,]0*$))")


def check_whole(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on a whole number, typed or of JSON's integer type.

    `int()` is no check: it takes `１２`, `٣`, `1_000` and `-0`.
    """
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _in_range(spec, raw, typed_text(raw))
    if raw is not None and not isinstance(raw, str):
        message = f"Write {spec.label} as a whole number, for example {spec.example}."
        return Outcome(typed_text(raw), (rules.VALUE_TYPE(spec.id, message),))
    taken = take_text(spec, raw)
    if isinstance(taken, Outcome):
        return taken
    if not _DIGITS.fullmatch(taken.text):
        message = f"Write {spec.label} in the digits 0 to 9 only, {_suggestion(taken.text, spec)}."
        return Outcome(raw, (rules.WHOLE_FORMAT(spec.id, message),))
    digits = taken.text.lstrip("0") or "0"
    outcome = _in_range(spec, int(digits[:19]), raw)
    if outcome.refused:
        return outcome
    if digits == taken.text:
        return Outcome(outcome.value, taken.fixes)
    zeros = rules.WHOLE_ZEROS(spec.id, f"{spec.label} is written {digits}.")
    return Outcome(outcome.value, (*taken.fixes, zeros))


def _in_range(spec: FieldSpec, number: int, typed: str | int | bool | None) -> Outcome:
    least, greatest, rule = RANGES[spec.id]
    if least <= number <= greatest:
        return Outcome(number)
    return Outcome(typed, (rule(spec.id, f"Write {spec.label} from {least:,} to {greatest:,}."),))


def _suggestion(text: str, spec: FieldSpec) -> str:
    """Names the number that was probably meant; only one that would be accepted."""
    western = "".join(str(digit) if (digit := unicodedata.decimal(sign, None)) is not None else sign for sign in text)
    grouped = _GROUPED.match(western)
    digits = re.sub("[^0-9]", "", grouped[1]) if grouped else western.removeprefix("+")
    least, greatest, _ = RANGES[spec.id]
    if _DIGITS.fullmatch(digits) and len(digits) < 9 and least <= int(digits) <= greatest:
        return f"for example {int(digits)} instead of {shortened(text, 20)}"
    return f"for example {spec.example}, instead of {shortened(text, 20)}"
