"""Where the operator was last, so that the console opens there again."""

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ftos_tui.domain.log import Level
from ftos_tui.stores.private import make_private_file, make_private_folder
from ftos_tui.studio.log import note

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

MENU = "menu"
PROVIDERS = "providers"
CHANNELS = "channels"


@dataclass(frozen=True, slots=True)
class Place:
    """A screen and how it stood.

    Attributes:
        screen: `menu`, `providers` or `channels`.
        provider_id: The provider, or the channel, the cursor was on; empty for none.
    """

    screen: str = MENU
    provider_id: str = ""


def last_place(session: "Session") -> Place:
    """The place remembered for this environment; the menu when none is or it cannot be read."""
    try:
        kept = json.loads((session.places.state / "place.json").read_text("utf-8"))[session.environment.name]
        place = Place(str(kept["screen"]), str(kept["provider_id"]))
    except (OSError, ValueError, LookupError, TypeError):
        return Place()
    return place if place.screen in (MENU, PROVIDERS, CHANNELS) else Place()


def remember_place(session: "Session", place: Place) -> None:
    """Keeps the place for the next start; a disk that takes no more is said in the log, nothing else."""
    path = session.places.state / "place.json"
    try:
        try:
            kept = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        kept = kept if isinstance(kept, dict) else {}
        kept[session.environment.name] = asdict(place)
        make_private_folder(path.parent)
        fresh = path.with_name(f"place.{os.getpid()}.new")  # a kill must not leave half a file
        make_private_file(fresh)
        fresh.write_text(json.dumps(kept), "utf-8")
        fresh.replace(path)
    except OSError as error:
        note(session, Level.WARNING, f"The last place could not be kept: {error.strerror}.")
