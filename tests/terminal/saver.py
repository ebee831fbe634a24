"""Saves a provider for ever and says each version once it is acknowledged: `python -m tests.terminal.saver`."""

import itertools
import os

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import save
from ftos_tui.studio.reading import base_of, open_provider
from tests.terminal.program import GATEWAY, session_of


def main() -> None:
    """Every save changes a number, a text and a secret together, so that a torn one would show."""
    session = session_of(os.environ)
    for turn in itertools.count():
        version = open_provider(session, name=GATEWAY)
        count = version.number % 1000 + 1
        draft = Draft(base_of(version)).with_text("bulk_no", str(count)).with_text("from_display_name", f"Bank {count}")
        draft = draft.with_secret("app_key", Secret(f"key-{count}"))
        saved = save(session, draft, reason=f"turn {turn}")
        print(saved.number, saved.provider_id, flush=True)


if __name__ == "__main__":
    main()
