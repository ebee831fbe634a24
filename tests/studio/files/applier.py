"""A process that applies plans until it is killed: `python -m tests.studio.files.applier FOLDER NUMBER`."""

import sys
from pathlib import Path

from ftos_tui.studio.files.applying import apply_plan
from ftos_tui.studio.providers import open_provider
from tests.studio.files.making import document, planned, provider
from tests.studio.making import session_in


def main(folder: Path, number: int) -> None:
    """Raises Bulk No of all providers by one, again and again; says each time that it begins."""
    session = session_in(folder)
    generation = int(str(open_provider(session, name="P0").values["bulk_no"]))
    while True:
        generation += 1
        text = document(*(provider(f"P{each}", bulk_no=generation) for each in range(number)))
        plan = planned(session, text)
        print("applying", flush=True)
        apply_plan(session, plan)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
