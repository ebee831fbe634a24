"""Offers unsaved drafts, once it is known which of them were saved after all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.screens.console import Console
from ftos_tui.studio.session import Session
from ftos_tui.terminal import SafeApp

if TYPE_CHECKING:
    from ftos_tui.studio.drafts import KeptDraft


def settled_drafts(session: Session, *, every_form: bool = False) -> Sequence["KeptDraft"]:
    """The drafts to offer; what was being saved when the program was killed is looked up first.

    Args:
        session: The operator's session.
        every_form: Whether to give those of channels and messages, too.

    Raises:
        Failure: The drafts cannot be read.
    """
    from ftos_tui.studio.drafts import EVERY_FORM, PROVIDER_FORM, offered_drafts
    from ftos_tui.studio.outcome import settle_drafts

    settle_drafts(session)
    return offered_drafts(session, EVERY_FORM if every_form else (PROVIDER_FORM,))


async def offer_drafts(app: SafeApp, console: Console, *, asked: bool) -> None:
    """Shows the drafts on disk, when there are any.

    Args:
        app: The application.
        console: The same, as screens see it.
        asked: Whether the operator asked for them, and is told when there are none.
    """
    session = console.session
    try:
        kept = await console.carry_out(lambda: settled_drafts(session, every_form=True))
    except Failure as failure:
        console.report(Level.WARNING, str(failure))
        return
    if kept:
        from ftos_tui.screens.drafts import DraftsScreen

        await app.push_screen(DraftsScreen(kept))
    elif asked:
        console.report(Level.INFO, "No unsaved draft was kept.")
