"""The names nearest to one that no provider bears, for a message that helps."""

import difflib

from ftos_tui.domain.names import name_key
from ftos_tui.studio.reading import ListQuery, list_providers
from ftos_tui.studio.session import Session

_PAGE = 200


def nearest_names(session: Session, name: str, limit: int = 3) -> tuple[str, ...]:
    """Names of providers like the one given, the nearest first.

    Looks at one page of those that share its beginning and one page of all: a store may hold very many.

    Args:
        session: The operator's session.
        name: What was asked for.
        limit: At most so many names.
    """
    wanted = name_key(name[:200])
    candidates: dict[str, str] = {}
    for start in (wanted[:3], wanted[-3:], ""):
        for summary in list_providers(session, ListQuery(filter=start, limit=_PAGE)):
            candidates.setdefault(name_key(summary.name), summary.name)
    close = difflib.get_close_matches(wanted, candidates, limit, 0.5)
    return tuple(candidates[key] for key in close)
