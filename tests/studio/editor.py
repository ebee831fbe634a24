"""One of many operators who edit the same provider at once. Run as a program; prints what it found as JSON.

Each edit adds one to the number in From Display Name, and is tried again on top of what others saved until it is in.
"""

import json
import sys
from pathlib import Path

from ftos_tui.domain.draft import Draft
from ftos_tui.studio.conflicts import Conflict, find_conflict
from ftos_tui.studio.failures import StaleVersion
from ftos_tui.studio.providers import base_of, open_provider, save
from tests.studio.making import session_in


def main(folder: str, edits: str) -> None:
    """Makes so many edits.

    Args:
        folder: Where the store is.
        edits: How many, as a text.
    """
    session = session_in(Path(folder))
    provider_id = open_provider(session, name="Gateway").provider_id
    refused = untrue = 0
    for _ in range(int(edits)):
        while True:
            base = base_of(open_provider(session, provider_id=provider_id))
            count = int(str(base.values["from_display_name"])) + 1
            draft = Draft(base).with_text("from_display_name", str(count))
            try:
                save(session, draft)
                break
            except StaleVersion as stale:
                refused += 1
                conflict = find_conflict(session, draft)
                untrue += conflict is None or stale.current is None or not _is_true(conflict, base.version, count)
    session.close()
    print(json.dumps({"refused": refused, "untrue": untrue}))


def _is_true(conflict: Conflict, version: int, count: int) -> bool:
    """Whether what a refused save is shown is what happened: the same start, mine, and a greater number of theirs."""
    [part] = conflict.parts
    return (
        conflict.theirs.number > version
        and (part.base, part.mine) == (str(count - 1), str(count))
        and int(part.theirs) == count - 1 + conflict.theirs.number - version
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
