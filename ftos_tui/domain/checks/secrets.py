"""Rules for App Password and App Key. A message never quotes a secret, and no outcome is remembered."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.text import SPACES, is_placeholder
from ftos_tui.domain.destination import destination_changes
from ftos_tui.domain.fields import FIELD_BY_ID, SECRET_IDS, FieldSpec
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.record import SecretState
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import is_safe

_BEARER = re.compile(r"(?:authorization\s*:\s*)?bearer(?:\s+|$)", re.IGNORECASE)
_MASKS = re.compile(r"[•●∙·⁎∗*＊⬤◦‣▪■]+")
_WORDS_FOR_HIDDEN = frozenset({"redacted", "hidden", "masked"})
_UNSET: Final = SecretState()


def fixed_secret(field_id: str, secret: Secret) -> Secret:
    """The secret as it is to be sealed.

    Args:
        field_id: `app_key` or `app_password`.
        secret: What was entered.

    Returns:
        For App Key without outer spaces and the word Bearer, as the findings `key_space` and `key_bearer` say; App
        Password unchanged, for a space may belong to it.
    """
    if field_id != "app_key":
        return secret
    text = secret.reveal().strip(SPACES)
    match = _BEARER.match(text)
    return Secret(text[match.end() :].strip(SPACES) if match else text)


def check_secrets(entered: Mapping[str, Secret], stored: Mapping[str, SecretState]) -> dict[str, list[Finding]]:
    """The findings at each secret, its destination left aside.

    Args:
        entered: Secrets entered anew; a blank one counts as not entered.
        stored: What is set already.

    Returns:
        Findings by field id, an entry for each secret.
    """
    findings: dict[str, list[Finding]] = {}
    for field_id in SECRET_IDS:
        spec, state = FIELD_BY_ID[field_id], stored.get(field_id, _UNSET)
        secret = entered.get(field_id)
        if secret:
            findings[field_id] = list(_entered(spec, secret.reveal()))
        elif not state.is_set:
            findings[field_id] = [rules.REQUIRED(field_id, f"Enter {spec.label}.")]
        elif not state.readable:
            message = f"Enter {spec.label} again if you can: the stored one does not decrypt and is only kept."
            findings[field_id] = [rules.SECRET_UNREADABLE(field_id, message)]
        else:
            findings[field_id] = []
    password, key = entered.get("app_password"), entered.get("app_key")
    if password and key and fixed_secret("app_key", key).reveal() == password.reveal().strip(SPACES):
        message = "Check that App Key is not the App Password: both are the same."
        findings["app_key"].append(rules.SECRETS_SAME("app_key", message))
    return findings


def check_destinations(
    entered: Mapping[str, Secret], stored: Mapping[str, SecretState], destination: str
) -> Iterator[Finding]:
    """Refuses to keep a stored secret for another destination than the one it was entered for.

    Args:
        entered: Secrets entered anew.
        stored: What is set already.
        destination: Where the record would now send them, from `destination_of`.
    """
    for field_id in SECRET_IDS:
        state = stored.get(field_id, _UNSET)
        if entered.get(field_id) or not state.is_set or (state.destination and state.destination == destination):
            continue
        label = FIELD_BY_ID[field_id].label
        if state.destination:
            changed = destination_changes(state.destination, destination)
            named = " and ".join(FIELD_BY_ID[other].label for other in changed)
            message = f"Enter {label} again, because {named} changed: the stored one was meant for another destination."
        else:
            message = f"Enter {label} again: it is not known for which destination the stored one was meant."
        yield rules.SECRET_DESTINATION(field_id, message)


def _entered(spec: FieldSpec, text: str) -> Iterator[Finding]:
    refused = _refused(spec, text)
    if refused:
        yield refused
    elif spec.id == "app_key":
        yield from _key(text)
    else:
        if text != text.strip(SPACES):
            message = "Delete the space before or after App Password, unless the provider really gave it so."
            yield rules.PASSWORD_SPACE(spec.id, message)
        if _BEARER.match(text):
            yield rules.PASSWORD_BEARER(spec.id, "Check App Password: the word Bearer does not belong to a password.")


def _refused(spec: FieldSpec, text: str) -> Finding | None:
    if len(text) > spec.max_length:
        return rules.TOO_LONG(spec.id, f"Enter a {spec.label} of at most {spec.max_length:,} characters.")
    if "\n" in text or "\r" in text:
        return rules.SECRET_CHARACTER(spec.id, f"Paste {spec.label} as one line: what was entered has several.")
    if not is_safe(text):
        message = f"Enter {spec.label} again: it holds a control or invisible character."
        return rules.SECRET_CHARACTER(spec.id, message)
    bare = text.strip(SPACES)
    if not bare:
        return rules.SECRET_BLANK(spec.id, f"Enter {spec.label}: it consists of spaces only.")
    if _MASKS.fullmatch(bare) or is_placeholder(bare) or bare.casefold() in _WORDS_FOR_HIDDEN:
        message = f"Enter {spec.label} itself, or leave it blank to keep what is stored: this only stands in its place."
        return rules.SECRET_PLACEHOLDER(spec.id, message)
    return None


def _key(text: str) -> Iterator[Finding]:
    fixed = fixed_secret("app_key", Secret(text)).reveal()
    if not fixed:
        yield rules.SECRET_BLANK("app_key", "Enter App Key: nothing follows the word Bearer.")
    elif not fixed.isascii():
        yield rules.KEY_NOT_ASCII("app_key", "Enter App Key again: a key consists of ASCII characters only.")
    elif " " in fixed:
        yield rules.KEY_INNER_SPACE("app_key", "Enter App Key again: a key has no space in its middle.")
    elif _MASKS.fullmatch(fixed) or is_placeholder(fixed):
        yield rules.SECRET_PLACEHOLDER("app_key", "Enter App Key itself: this only stands in its place.")
    else:
        if _BEARER.match(text.strip(SPACES)):
            yield rules.KEY_BEARER("app_key", "The word Bearer before App Key is dropped.")
        if text != text.strip(SPACES):
            yield rules.KEY_SPACE("app_key", "Spaces around App Key are dropped.")
