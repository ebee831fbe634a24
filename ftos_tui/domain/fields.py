"""The one table of what a channel provider consists of.

The pydantic model, the form's rows and their order, F1 help, the command line's options, the file format and the
documentation derive from `FIELDS`. Labels, order and data types are the vendor's (SysPack 22.1.1000, "Configure
Omnichannel Communication Channel Providers"); From Display Name came with release 24.5.
"""

from dataclasses import dataclass
from enum import StrEnum


class DataType(StrEnum):
    """How a field's value is written and shown."""

    OPTION = "option set"
    TEXT = "text"
    SECRET = "secret text"  # noqa: S105 (the name of a data type)
    JSON = "JSON text"
    WHOLE = "whole number"
    TIME = "text HH:MM:SS"
    BOOL = "bool"


class Group(StrEnum):
    """What a field is about; the form draws no line between groups, help and documentation do."""

    GATEWAY = "Gateway"
    CREDENTIALS = "Credentials"
    SENDER = "Sender"
    PACE = "Pace"
    TRACKING = "Tracking"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of the record.

    Attributes:
        id: The name in the command line, in files and in code.
        label: The vendor's label.
        data_type: How its value is written.
        group: What it is about.
        help: What to enter, who gives it and what it does, in plain words; shown by F1.
        example: A value that passes the check, shown greyed in an empty field.
        mandatory: Whether a record without it is refused.
        options: The values of an option set, in the vendor's order.
        destination: Whether it takes part in where the secrets are sent; changing it asks for them again.
        environment_owned: Whether it belongs to the environment and stays behind on promotion.
        max_length: The longest text accepted, in characters.
    """

    id: str
    label: str
    data_type: DataType
    group: Group
    help: str
    example: str = ""
    mandatory: bool = True
    options: tuple[str, ...] = ()
    destination: bool = False
    environment_owned: bool = False
    max_length: int = 200

    @property
    def secret(self) -> bool:
        """Whether the value may never be shown, logged or kept in a draft."""
        return self.data_type is DataType.SECRET


FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "communication_channel",
        "Communication Channel",
        DataType.OPTION,
        Group.GATEWAY,
        "The channel this provider serves. FTOSEmailGateway serves email. Several communication channels may use one "
        "provider, so a change here reaches all of them.",
        example="email",
        options=("email", "sms"),
    ),
    FieldSpec(
        "name",
        "Name",
        DataType.TEXT,
        Group.GATEWAY,
        "The gateway's name, unique in this environment. Scripts and the configuration key EmailChannelProviderName "
        "refer to the provider by it, so renaming a provider that is in use breaks its callers (inferred).",
        example="FTOSEmailGateway",
        max_length=100,
    ),
    FieldSpec(
        "provider_name",
        "Provider Name",
        DataType.TEXT,
        Group.GATEWAY,
        "The provider behind the gateway: FtosProvider (FintechOS' own service, sends through SendGrid), SendGrid, "
        "SMTP, or the name of an SMS gateway.",
        example="FtosProvider",
        max_length=100,
    ),
    FieldSpec(
        "service_url",
        "Service Url",
        DataType.TEXT,
        Group.GATEWAY,
        "Where the provider is reached. FintechOS gives you this URL; for another provider take it from that "
        "provider's own pages. https:// for HTTP providers, smtp:// or smtps:// for SMTP. When it changes, App "
        "Password and App Key must be entered again, so that no secret is sent to a new address by accident.",
        example="https://api.sendgrid.com",
        destination=True,
        environment_owned=True,
        max_length=2048,
    ),
    FieldSpec(
        "app_user",
        "App user",
        DataType.TEXT,
        Group.CREDENTIALS,
        "The user the provider gave you together with the App Password. For SendGrid over SMTP it is the word apikey.",
        example="apikey",
        destination=True,
        environment_owned=True,
        max_length=256,
    ),
    FieldSpec(
        "app_password",
        "App Password",
        DataType.SECRET,
        Group.CREDENTIALS,
        "The password the provider gave you. It is stored encrypted and never shown again; leave it blank to keep "
        "the one that is stored.",
        environment_owned=True,
        max_length=4096,
    ),
    FieldSpec(
        "app_key",
        "App Key",
        DataType.SECRET,
        Group.CREDENTIALS,
        "The subscription key for the Omnichannel Communication Automation processor. Apply for it in the FintechOS "
        "Services Portal and paste it here. It is stored encrypted and never shown again; leave it blank to keep the "
        "one that is stored.",
        environment_owned=True,
        max_length=4096,
    ),
    FieldSpec(
        "app_config",
        "appConfig",
        DataType.JSON,
        Group.CREDENTIALS,
        "The provider's configuration file, as one JSON object. {} when the provider needs none. Keys that name a "
        "host, a port, TLS or a proxy change where the secrets go, so the secrets must then be entered again.",
        example="{}",
        destination=True,
        max_length=65_536,
    ),
    FieldSpec(
        "from_address",
        "From Address",
        DataType.TEXT,
        Group.SENDER,
        "The address your customers see in the From field. Consult FintechOS before you choose it: the address should "
        "carry your company's name, and its domain must be allowed to send through this provider.",
        example="office@bank.example.com",
        environment_owned=True,
        max_length=254,
    ),
    FieldSpec(
        "from_display_name",
        "From Display Name",
        DataType.TEXT,
        Group.SENDER,
        "The name shown beside the From Address, for example the company's. Optional; known since release 24.5.",
        example="Example Bank",
        mandatory=False,
        max_length=150,
    ),
    FieldSpec(
        "bulk_no",
        "Bulk No",
        DataType.WHOLE,
        Group.PACE,
        "How many messages are processed in one step, 1 to 1000. A step starts at most once a minute, so 50 a step "
        "are at most 3,000 an hour.",
        example="50",
    ),
    FieldSpec(
        "interval_min",
        "Interval Min",
        DataType.TIME,
        Group.PACE,
        "Messages are sent only from this time of day on, HH:MM:SS in UTC. When it is later than Interval Max, the "
        "window crosses midnight.",
        example="09:00:00",
    ),
    FieldSpec(
        "interval_max",
        "Interval Max",
        DataType.TIME,
        Group.PACE,
        "Messages are sent only up to and including this second of the day, HH:MM:SS in UTC. For a whole day write "
        "00:00:00 and 23:59:59.",
        example="18:00:00",
    ),
    FieldSpec(
        "retry_max_attempt",
        "Retry Max Attempt",
        DataType.WHOLE,
        Group.PACE,
        "How often a message in status Error is tried again, 0 to 20. It counts the tries after the first one: 3 "
        "means four tries in all.",
        example="3",
    ),
    FieldSpec(
        "pool_time_retry",
        "Pool Time Retry",
        DataType.TIME,
        Group.PACE,
        "How long to wait before a message in status Error is tried again, HH:MM:SS. The wait does not grow from try "
        "to try; a retry that falls outside the window goes when the window opens.",
        example="00:30:00",
    ),
    FieldSpec(
        "open_setting",
        "Open Setting",
        DataType.BOOL,
        Group.TRACKING,
        "Whether opened e-mail is tracked. Tracking tells you about your customers' reading: make sure you may.",
        example="on",
    ),
    FieldSpec(
        "click_setting",
        "Click Setting",
        DataType.BOOL,
        Group.TRACKING,
        "Whether clicked links in the body are tracked. The provider rewrites the links for it; plain SMTP cannot.",
        example="off",
    ),
)

FIELD_BY_ID: dict[str, FieldSpec] = {spec.id: spec for spec in FIELDS}
FIELD_IDS: tuple[str, ...] = tuple(FIELD_BY_ID)
SECRET_IDS: tuple[str, ...] = tuple(spec.id for spec in FIELDS if spec.secret)
PLAIN_IDS: tuple[str, ...] = tuple(spec.id for spec in FIELDS if not spec.secret)
