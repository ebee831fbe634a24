"""A thousand edits of one provider by four processes at once: none is lost, and every refusal tells the truth."""

import json
import subprocess
import sys
from pathlib import Path

from ftos_tui.studio.audit import verify
from ftos_tui.studio.providers import open_provider
from tests.processes import unmeasured
from tests.studio.making import saved, session_in

OPERATORS = 4
EDITS = 250


def test_a_thousand_edits_at_once(tmp_path: Path) -> None:
    session = session_in(tmp_path)
    saved(session, from_display_name="0")
    command = [sys.executable, "-m", "tests.studio.editor", str(tmp_path), str(EDITS)]
    operators = [
        subprocess.Popen(command, env=unmeasured(), stdout=subprocess.PIPE, text=True) for _ in range(OPERATORS)
    ]
    found = [json.loads(operator.communicate()[0]) for operator in operators]
    assert [operator.returncode for operator in operators] == [0] * OPERATORS
    assert sum(told["untrue"] for told in found) == 0
    assert sum(told["refused"] for told in found) > 0, "nobody ever met another one: the test proves nothing"
    version = open_provider(session, name="Gateway")
    assert version.values["from_display_name"] == str(OPERATORS * EDITS)
    assert version.number == OPERATORS * EDITS + 1
    assert verify(session).problem is None
    session.close()
