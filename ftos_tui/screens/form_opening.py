"""Puts the form of a provider on the screen, once all that it needs was read."""

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.screens.console import Console
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.frame import gravity
from ftos_tui.studio.failures import field_label
from ftos_tui.studio.providers import FormStart
from ftos_tui.studio.session import Session
from ftos_tui.terminal import SafeApp


async def show_form(app: SafeApp, begin: FormStart, *, key: str | None = None, session: Session | None = None) -> None:
    """Opens the form.

    Args:
        app: The application.
        begin: What it starts with.
        key: The id of the draft on disk; None for a new one.
        session: Another environment's session to check and save in; None for the console's own.
    """
    screen = EditScreen(begin, key=key)
    screen.other_session = session
    await app.push_screen(screen)


async def tell_unreadable(console: Console, version: ProviderVersion) -> None:
    """Says which secrets of a version do not decrypt, and what is wrong with the key where it is the key's fault."""
    labels = [field_label(f) for f, state in version.secrets.items() if state.is_set and not state.readable]
    if not labels:
        return
    console.report(Level.WARNING, f"{version.name}: {', '.join(labels)} does not decrypt; it is kept as it is.")
    session = console.session
    try:
        await console.carry_out(lambda: session.vault)
    except Failure as failure:
        console.report(gravity(failure), str(failure))
