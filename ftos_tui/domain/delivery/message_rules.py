"""Every rule that the check of a message can name: its code, how grave it is and what it is about."""

from typing import Final

from ftos_tui.domain.checks.rules import Rule
from ftos_tui.domain.findings import Severity

MESSAGE_RULES: dict[str, Rule] = {}
"""All of them by code, in the order of this module."""


def _rule(severity: Severity, code: str, about: str) -> Rule:
    rule = Rule(code, severity, about)
    MESSAGE_RULES[code] = rule
    return rule


def _refuse(code: str, about: str) -> Rule:
    return _rule(Severity.REFUSE, code, about)


def _fix(code: str, about: str) -> Rule:
    return _rule(Severity.FIX, code, about)


def _warn(code: str, about: str) -> Rule:
    return _rule(Severity.WARN, code, about)


# Recipients
RECIPIENT_MISSING: Final = _refuse("recipient_missing", "To names nobody.")
RECIPIENT_FORMAT: Final = _refuse("recipient_format", "A recipient is not one plain address.")
RECIPIENT_LOCAL: Final = _refuse("recipient_local", "A recipient at localhost or at an IP address.")
RECIPIENT_COUNT: Final = _refuse("recipient_count", "More recipients than one message may have.")
RECIPIENT_DOUBLE: Final = _fix("recipient_double", "A recipient named twice gets the message once.")
RECIPIENT_CASE: Final = _fix("recipient_case", "The domain of a recipient is written as registries hold it.")
RECIPIENT_COMMA: Final = _refuse("recipient_comma", "Recipients are separated by something else than semicolons.")
NUMBER_FORMAT: Final = _refuse("number_format", "A recipient of an SMS is not a telephone number.")
NUMBER_FORM: Final = _fix("number_form", "A telephone number is written with a plus sign and digits only.")
COPY_SMS: Final = _refuse("copy_sms", "An SMS has no Cc and no Bcc.")

# Header and body
HEADER_INJECTION: Final = _refuse("header_injection", "A line break or a null character in what becomes a header.")
HEADER_CHARACTER: Final = _refuse("header_character", "A control or invisible character in what becomes a header.")
SUBJECT_MISSING: Final = _warn("subject_missing", "An e-mail without subject.")
SUBJECT_LONG: Final = _refuse("subject_long", "The subject is longer than a header line may be.")
SUBJECT_SMS: Final = _fix("subject_sms", "An SMS has no subject; it is dropped.")
BODY_EMPTY: Final = _refuse("body_empty", "Neither text nor HTML.")
BODY_CHARACTER: Final = _refuse("body_character", "A null character or half of a pair in the body.")
BODY_LONG_SMS: Final = _refuse("body_long_sms", "The text of an SMS is longer than ten parts.")
HTML_SMS: Final = _refuse("html_sms", "An SMS takes no HTML.")
SECRET_IN_MESSAGE: Final = _refuse("secret_in_message", "A message holds a SendGrid key.")

# Attachments and size
ATTACHMENT_SMS: Final = _refuse("attachment_sms", "An SMS takes no attachments.")
ATTACHMENT_NAME: Final = _refuse("attachment_name", "An attachment's name is empty, too long, or names a folder.")
ATTACHMENT_TYPE: Final = _refuse("attachment_type", "An attachment's media type is none, or one of whole messages.")
ATTACHMENT_COUNT: Final = _refuse("attachment_count", "More than a hundred attachments.")
MESSAGE_LARGE: Final = _refuse("message_large", "The message is larger than providers take.")

# Times
DUE_FAR: Final = _warn("due_far", "The due time is more than a year away.")
NOT_AFTER_DUE: Final = _refuse("not_after_due", "The message expires before it is due.")
NOT_AFTER_PAST: Final = _refuse("not_after_past", "The message is expired already.")
NOT_AFTER_WINDOW: Final = _warn("not_after_window", "The window opens only after the message has expired.")

# Params and dedupe key
PARAMS_JSON: Final = _refuse("params_json", "The params are not one JSON object.")
PARAMS_LONG: Final = _refuse("params_long", "The params are longer than providers take.")
PARAMS_HEADER: Final = _refuse("params_header", "A header among the params that would break the message.")
KEY_FORMAT: Final = _refuse("dedupe_key", "The dedupe key is too long or holds a character that cannot be shown.")
