"""The verdict on a draft, the same for every way in, and what it depends on; what a form starts with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.around_protocol import Around
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.log import note
from ftos_tui.studio.reading import around, base_of, open_record
from ftos_tui.studio.session import Session


@dataclass(frozen=True, slots=True)
class FormStart:
    """What a form starts with.

    Attributes:
        draft: What it edits.
        context: The world of its check.
        counts: How many messages bear each status code.
        trial: The provider's trial, if one runs.
    """

    draft: Draft
    context: CheckContext
    counts: Mapping[str, int]
    trial: Trial | None = None


def check_context(
    session: Session, draft: Draft, now: datetime | None = None, *, ask_store: bool = True, seen: Around | None = None
) -> CheckContext:
    """What the check has to know of the world for this draft: settings, time, and whether the name is taken.

    Args:
        session: The operator's session.
        draft: What is to be checked.
        now: The time to judge by, UTC; None for the session's clock.
        ask_store: Whether the store is asked who bears the name; not where it is not to be had.
        seen: What the store said already.
    """
    environment = session.environment
    seen = seen or (around(session, draft) if ask_store else Around())
    taken = seen.name_owner not in (None, draft.base.provider_id)
    return CheckContext(
        now=now or session.clock(),
        allowed_hosts=environment.allowed_hosts,
        allow_http=environment.allow_http,
        test=environment.test,
        taken_names=frozenset({name_key(str(draft.raw("name")))} if taken else ()),
        waiting=seen.waiting,
        serves=seen.serves,
        serves_count=seen.serves_count,
    )


def opened_form(session: Session, provider_id: str) -> tuple[ProviderVersion, FormStart]:
    """A provider's current version, and what a form of it starts with; all of it in one round trip.

    Args:
        session: The operator's session.
        provider_id: The provider.

    Raises:
        NotFound: There is no such provider.
    """
    found = open_record(session, provider_id=provider_id, around=True)
    return found.version, _start(session, Draft(base_of(found.version)), found.around or Around())


def form_start(session: Session, draft: Draft) -> FormStart:
    """What a form of this draft starts with; who may not change the shared store is told so in the status log."""
    return _start(session, draft, around(session, draft))


def _start(session: Session, draft: Draft, seen: Around) -> FormStart:
    context = check_context(session, draft, seen=seen)
    if session.shared and not session.may_change:
        try:
            session.permit_change()
        except NotPermitted as barred:
            note(session, Level.WARNING, str(barred))
    return FormStart(draft, context, seen.status_counts or {}, seen.trial)


def check(session: Session, draft: Draft, seen: Around | None = None) -> Checked:
    """The verdict on a draft, the same for every way in; stores nothing. `seen` is as for `check_context`."""
    return check_draft(draft, check_context(session, draft, seen=seen))


def check_live(context: CheckContext, draft: Draft) -> Checked:
    """The verdict on a draft while it is typed: asks no store, so it is fit for every key press.

    Args:
        context: The world as `check_context` last told it.
        draft: What the form holds.
    """
    return check_draft(draft, context)
