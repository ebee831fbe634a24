"""Every rule a check can name: its code, how grave it is and what it is about. Documentation lists this table."""

from dataclasses import dataclass, field
from typing import Final

from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.record import Value

RULES: dict[str, "Rule"] = {}
"""All rules by code, in the order of this module."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Calling it makes a finding.

    Attributes:
        code: The stable name by which a warning is acknowledged.
        severity: How grave a breach is; one rule has one severity.
        about: What breaks it, for the documentation.
    """

    code: str
    severity: Severity
    about: str

    def __call__(self, field_id: str, message: str) -> Finding:
        """A finding of this rule at a field."""
        return Finding(field_id, self.severity, self.code, message)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the check of one field gives.

    Attributes:
        value: The canonical value; where refused, what was typed as text, or None.
        findings: What there is to say, in the order found.
    """

    value: Value
    findings: tuple[Finding, ...] = field(default=())

    @property
    def refused(self) -> bool:
        """Whether a finding keeps the value from being saved."""
        return any(finding.severity is Severity.REFUSE for finding in self.findings)


def _rule(severity: Severity, code: str, about: str) -> Rule:
    rule = Rule(code, severity, about)
    RULES[code] = rule
    return rule


def _refuse(code: str, about: str) -> Rule:
    return _rule(Severity.REFUSE, code, about)


def _warn(code: str, about: str) -> Rule:
    return _rule(Severity.WARN, code, about)


def _fix(code: str, about: str) -> Rule:
    return _rule(Severity.FIX, code, about)


# Any field
REQUIRED: Final = _refuse("required", "A mandatory field holds nothing.")
VALUE_TYPE: Final = _refuse("value_type", "A file brought another JSON type than the field takes.")
TOO_LONG: Final = _refuse("too_long", "The text is longer than the field takes.")
UNSAFE_CHARACTER: Final = _refuse(
    "unsafe_character", "A control, bidirectional, zero-width or otherwise invisible character, or a lone surrogate."
)
PLACEHOLDER: Final = _refuse("placeholder", "A placeholder such as [REDACTED] was pasted back in place of a value.")
OUTER_SPACE: Final = _fix("outer_space", "Spaces before or after the value are dropped.")
UNKNOWN_FIELD: Final = _refuse("unknown_field", "A file or command names a field that a provider does not have.")
SECRET_MISPLACED: Final = _refuse("secret_misplaced", "A secret came in among the plain values.")

# Communication Channel, Open Setting, Click Setting
OPTION_UNKNOWN: Final = _refuse("option_unknown", "The value is none of the option set.")
OPTION_CASE: Final = _fix("option_case", "An option written in other case is put into the option set's own.")
BOOL_FORMAT: Final = _refuse("bool_format", "A switch holds something other than on or off.")
CHANNEL_CHANGED: Final = _warn("channel_changed", "The channel of a provider changes while messages wait for it.")

CHANNEL_SERVED: Final = _refuse(
    "channel_served", "A provider changes its channel while communication channels send through it."
)

# Communication Channels
CODE_TAKEN: Final = _refuse("code_taken", "Another channel bears the code, compared under NFKC and casefold.")
CODE_CHANGED: Final = _warn("code_changed", "A saved channel gets another code; what refers to the old one breaks.")
ACTION_TYPE_DIFFERS: Final = _warn("action_type_differs", "Default Action Type is another than the channel.")
PROVIDER_UNKNOWN: Final = _refuse("provider_unknown", "A channel names a provider that does not exist.")
PROVIDER_CHANNEL: Final = _refuse("provider_channel", "A channel names a provider that serves another channel.")
PROVIDER_NOT_READY: Final = _warn("provider_not_ready", "A channel names a provider that is not configured yet.")

# Names
NAME_TAKEN: Final = _refuse("name_taken", "Another provider bears the name, compared under NFKC and casefold.")
NAME_RENAMED: Final = _warn("name_renamed", "A saved provider gets another name; scripts refer to the old one.")
MIXED_SCRIPTS: Final = _warn("mixed_scripts", "One word mixes scripts, or consists of letters that look like Latin.")
DISPLAY_NAME_ADDRESS: Final = _warn(
    "display_name_address", "The display name shows an address that is not the sender's."
)

# Service Url
URL_SCHEME: Final = _refuse("url_scheme", "The URL has no scheme, or one that no provider is reached by.")
URL_HOST: Final = _refuse("url_host", "The URL has no host, or one that is no host name.")
URL_HOST_NUMBER: Final = _refuse("url_host_number", "The host is an IP address in a disguised form.")
URL_HOST_BLOCKED: Final = _refuse(
    "url_host_blocked", "The host is link-local, a metadata service, unspecified, multicast, reserved or broadcast."
)
URL_HOST_NOT_ALLOWED: Final = _refuse("url_host_not_allowed", "The environment names its hosts and this is none.")
URL_HOST_SCRIPTS: Final = _warn("url_host_scripts", "The host mixes scripts, or its letters look like Latin ones.")
URL_HOST_CASE: Final = _fix("url_case", "Scheme and host are written in lower case.")
URL_HOST_DOT: Final = _fix("url_host_dot", "The dot behind the host is dropped.")
URL_HOST_IDNA: Final = _fix("url_host_idna", "An international host name is written as registries hold it (xn--).")
URL_HOST_FORM: Final = _fix("url_host_form", "An IPv6 address is written in its shortest form.")
URL_USER: Final = _refuse("url_user", "The URL holds a user or a password before an @ sign.")
URL_PORT: Final = _refuse("url_port", "The port is not a number from 1 to 65535.")
URL_FRAGMENT: Final = _refuse("url_fragment", "The URL has a fragment, which is never sent.")
URL_CHARACTER: Final = _refuse("url_character", "A space, backslash or other character that a URL cannot hold.")
URL_ESCAPE: Final = _refuse("url_escape", "A percent escape that is broken or stands for a control character.")
URL_SMTP_PATH: Final = _refuse("url_smtp_path", "An SMTP URL has a path or a query.")
URL_SECRET: Final = _warn(
    "url_secret", "The query seems to hold a key or password, which would be stored in the clear."
)
URL_PLAIN: Final = _refuse("url_plain_http", "http:// to another host than loopback.")
URL_PLAIN_ALLOWED: Final = _warn("url_plain_http_allowed", "http:// where the environment permits it.")
URL_SCHEME_PROVIDER: Final = _refuse("url_scheme_provider", "The scheme does not fit the provider or the channel.")

# App user
USER_SPACE: Final = _warn("user_space", "A space stands before or after the user, often from copying.")
USER_SENDGRID: Final = _warn("user_not_apikey", "SendGrid over SMTP expects the word apikey as user.")
SECRET_IN_CLEAR: Final = _refuse("secret_in_clear", "A text field that is not secret holds a SendGrid key.")

# Secrets
SECRET_CHARACTER: Final = _refuse("secret_character", "A secret holds a line break, a control or invisible character.")
SECRET_PLACEHOLDER: Final = _refuse("secret_placeholder", "Bullets, asterisks or [REDACTED] in place of a secret.")
SECRET_BLANK: Final = _refuse("secret_blank", "A secret consists of spaces only.")
KEY_NOT_ASCII: Final = _refuse("key_not_ascii", "App Key holds a character that cannot stand in an HTTP header.")
KEY_INNER_SPACE: Final = _refuse("key_inner_space", "App Key holds a space in its middle.")
KEY_SPACE: Final = _fix("key_space", "Spaces around App Key are dropped.")
KEY_BEARER: Final = _fix("key_bearer", "The word Bearer before App Key is dropped.")
PASSWORD_SPACE: Final = _warn("password_space", "A space stands before or after App Password.")
PASSWORD_BEARER: Final = _warn("password_bearer", "App Password begins with the word Bearer.")
SECRETS_SAME: Final = _warn("secrets_same", "App Password and App Key are the same.")
SECRET_UNREADABLE: Final = _warn("secret_unreadable", "A stored secret does not decrypt; it is kept.")
SECRET_DESTINATION: Final = _refuse(
    "secret_destination_changed", "A stored secret would go to another destination; it must be entered again."
)

# appConfig
CONFIG_JSON: Final = _refuse("app_config_json", "appConfig is not JSON; the message says line and column.")
CONFIG_OBJECT: Final = _refuse("app_config_object", "appConfig is JSON, but not an object.")
CONFIG_DEPTH: Final = _refuse("app_config_depth", "appConfig nests more than 64 levels deep.")
CONFIG_NUMBER: Final = _refuse("app_config_number", "appConfig holds NaN, Infinity or a number too large to keep.")
CONFIG_DUPLICATE: Final = _refuse("app_config_duplicate_key", "An object in appConfig has the same key twice.")
CONFIG_BOM: Final = _fix("app_config_bom", "A byte order mark before the JSON text is dropped.")
CONFIG_UNKNOWN_KEY: Final = _warn("app_config_unknown_key", "appConfig has a key that this program does not know.")
CONFIG_SECRET: Final = _warn("app_config_secret", "appConfig seems to hold a secret, which is stored in the clear.")
CONFIG_HOST: Final = _refuse("app_config_host", "A host named in appConfig may not be reached.")
CONFIG_EVENT_KEY: Final = _refuse("app_config_event_key", "A public key for events in appConfig is none.")
CONFIG_TEMPLATE: Final = _refuse("app_config_template", "The HTTP template in appConfig cannot be sent.")
CONFIG_ROUTE: Final = _refuse(
    "app_config_route", "A port, TLS mode, host, URL, proxy or number in appConfig leads nowhere, or verify is false."
)
CONFIG_NO_BODY: Final = _warn(
    "app_config_no_body", "An HTTP or SMS provider has no body in appConfig, so nothing can be posted to its gateway."
)
BULK_OVER_CONNECTIONS: Final = _warn("bulk_over_connections", "Bulk No exceeds max_connections of appConfig.")

# From Address
ADDRESS_FORMAT: Final = _refuse("address_format", "From Address is not one plain address such as office@bank.example.")
ADDRESS_SEVERAL: Final = _refuse("address_several", "From Address holds more than one address.")
ADDRESS_LOCAL: Final = _refuse("address_local", "From Address names localhost or an IP address.")
ADDRESS_NOT_ASCII: Final = _refuse("address_not_ascii", "The part before the @ sign is not ASCII.")
ADDRESS_SCRIPTS: Final = _warn("address_scripts", "The domain mixes scripts, or its letters look like Latin ones.")
ADDRESS_CASE: Final = _fix("address_case", "The domain is written in lower case.")
ADDRESS_IDNA: Final = _fix("address_idna", "An international domain is written as registries hold it (xn--).")

# Bulk No, Retry Max Attempt
WHOLE_FORMAT: Final = _refuse("whole_format", "The value is not a whole number in ASCII digits.")
WHOLE_ZEROS: Final = _fix("whole_zeros", "Zeros before a number are dropped.")
BULK_RANGE: Final = _refuse("bulk_range", "Bulk No is not from 1 to 1000.")
RETRY_RANGE: Final = _refuse("retry_range", "Retry Max Attempt is not from 0 to 20.")

# Interval Min, Interval Max, Pool Time Retry
TIME_FORMAT: Final = _refuse("time_format", "The value is not HH:MM:SS.")
TIME_RANGE: Final = _refuse("time_range", "Hours, minutes or seconds are out of range.")
WINDOW_EMPTY: Final = _refuse("window_empty", "Interval Min and Interval Max are the same.")
WINDOW_ALWAYS: Final = _warn("window_always", "The window closes one second before it opens: it is always open.")
WINDOW_SHORT: Final = _warn("window_short", "The window is shorter than one step's likely time.")
WINDOW_CLOSES: Final = _warn("window_closes", "The edit closes the window now, while messages wait.")
POOL_ZERO: Final = _refuse("pool_zero", "No wait between retries.")
POOL_SHORT: Final = _warn("pool_short", "Less than a minute between retries.")
RETRY_HORIZON: Final = _warn("retry_horizon", "The retries reach over more than 72 hours.")

# Tracking
CLICK_SMTP: Final = _warn("click_smtp", "Clicks cannot be tracked over plain SMTP.")

# Statuses
STATUS_TYPE: Final = _refuse("status_type", "A status row holds another type than its column takes.")
STATUS_CODE: Final = _refuse("status_code", "A status has no code, or one that is too long.")
STATUS_LABEL: Final = _refuse("status_label", "A status has no label, or one that is too long.")
STATUS_CANONICAL: Final = _refuse("status_canonical", "A status maps to a meaning that does not exist.")
STATUS_DUPLICATE: Final = _refuse("status_duplicate", "Two status codes differ by case or space only.")
STATUS_COUNT: Final = _refuse("status_count", "The list has more than 500 statuses.")
STATUS_SPACE: Final = _fix("status_space", "Spaces around a status code or label are dropped.")
STATUS_CASE: Final = _fix("status_case", "A meaning is written in lower case.")
STATUS_TERMINAL_RETRY: Final = _warn("status_terminal_retryable", "A status is both terminal and retryable.")
STATUS_NO_SUCCESS: Final = _warn("status_no_success", "No status means success, or there is none at all.")
