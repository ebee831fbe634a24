"""The channel providers that FintechOS ships. Their names and channels are documented; their values are not."""

from typing import Final, NamedTuple

from ftos_tui.domain.record import EMPTY_VALUES, Values
from ftos_tui.domain.status_presets import SENDGRID, SMPP
from ftos_tui.domain.statuses import StatusRow


class Shipped(NamedTuple):
    """A provider that is there on first start: channel and name only, everything else to be filled in."""

    name: str
    values: Values
    statuses: tuple[StatusRow, ...]


def _shipped(channel: str, name: str, statuses: tuple[StatusRow, ...]) -> Shipped:
    return Shipped(name, {**EMPTY_VALUES, "communication_channel": channel, "name": name}, statuses)


SHIPPED: Final = (
    _shipped("email", "FTOSEmailGateway", SENDGRID),
    _shipped("email", "GatewayEmail", SENDGRID),
    _shipped("email", "GatewayEmailOTP", SENDGRID),
    _shipped("sms", "GatewaySMS", SMPP),
    _shipped("sms", "GatewaySMSOTP", SMPP),
    _shipped("sms", "FTOSApiSMS", SMPP),
)
"""In the documentation's order. FtosProvider sends through SendGrid, hence the e-mail statuses."""
