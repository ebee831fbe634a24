"""Where the operator was last, so that the console opens there again."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ftos_tui.domain.log import Level
from ftos_tui.studio.log import note
from ftos_tui.studio.state_file import remember, remembered

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

MENU = "menu"
PROVIDERS = "providers"
CHANNELS = "channels"
MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Place:
    """A screen and how it stood.

    Attributes:
        screen: `menu`, `providers`, `channels` or `messages`.
        provider_id: The provider, channel or message the cursor was on; empty for none.
    """

    screen: str = MENU
    provider_id: str = ""


def last_place(session: "Session") -> Place:
    """The place remembered for this environment; the menu when none is or it cannot be read."""
    try:
        kept = remembered(session.places.state / "place.json", session.environment.name)
        place = Place(str(kept["screen"]), str(kept["provider_id"]))
    except (LookupError, TypeError):
        return Place()
    return place if place.screen in (MENU, PROVIDERS, CHANNELS, MESSAGES) else Place()


def remember_place(session: "Session", place: Place) -> None:
    """Keeps the place for the next start; a disk that takes no more is said in the log, nothing else."""
    try:
        remember(session.places.state / "place.json", session.environment.name, asdict(place))
    except OSError as error:
        note(session, Level.WARNING, f"The last place could not be kept: {error.strerror}.")
