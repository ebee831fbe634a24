"""Providers and times that the tests of delivery share."""

from datetime import UTC, datetime

from ftos_tui.domain.delivery.provider import ProviderState, SendingRules
from ftos_tui.domain.window import Window

OFFICE = Window("09:00:00", "18:00:00")
ALWAYS = Window("00:00:00", "23:59:59")


def at(clock: str, day: int = 2) -> datetime:
    """A time of 2026-01, which starts on a Thursday."""
    return datetime.fromisoformat(f"2026-01-{day:02}T{clock}").replace(tzinfo=UTC)


def rules(
    window: Window = OFFICE, bulk: int = 50, retries: int = 3, pool_s: int = 1800, step_s: int = 60
) -> SendingRules:
    return SendingRules(window, bulk, retries, pool_s, step_s)


def provider(
    sending: SendingRules | None = None,
    *,
    version: int = 1,
    missing: tuple[str, ...] = (),
    deleted: bool = False,
    paused: str = "",
) -> ProviderState:
    return ProviderState("FTOSEmailGateway", version, sending or rules(), missing, deleted, paused)
