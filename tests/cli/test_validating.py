"""`providers validate`."""

import json
from pathlib import Path

from tests.cli.conftest import GOOD, KEY, PASSWORD, Run

RECORD = {
    **dict(assignment.split("=", 1) for assignment in GOOD),
    "communication_channel": "email",
    "name": "New",
    "app_password": PASSWORD,
    "app_key": KEY,
}


def test_a_file_or_standard_input(run: Run, home: Path) -> None:
    path = home / "record.json"
    path.write_text(json.dumps(RECORD))
    outcome = run("providers", "validate", "--file", str(path), "--json")
    assert outcome.code == 0
    assert list(outcome.json) == ["verdict", "findings", "values"]
    assert outcome.json["verdict"] == "accept"
    assert outcome.json["values"]["bulk_no"] == 50
    assert outcome.json["values"]["app_key"] == {"set": True, "version": 0}
    assert PASSWORD not in outcome.out
    assert run("providers", "validate", "--file", "-", "--json", input=json.dumps(RECORD)) == outcome
    assert run("providers", "validate", "--file", "-", input=json.dumps(RECORD)).out == "Verdict: accept\n"


def test_a_refusal(run: Run) -> None:
    outcome = run("providers", "validate", "--file", "-", input='{"open_setting": null, "bulk_noo": 1}')
    assert outcome.code == 3
    assert outcome.out == "Verdict: refuse\n"
    assert "[unknown_field]" in outcome.err
    outcome = run("providers", "validate", "--file", "-", "--json", input="[")
    assert (outcome.code, outcome.json["values"]) == (3, {})
    assert outcome.json["findings"][0]["field"] == "record"


def test_warnings_are_no_refusal(run: Run) -> None:
    outcome = run("providers", "validate", "--file", "-", input=json.dumps({**RECORD, "pool_time_retry": "00:00:30"}))
    assert (outcome.code, outcome.out) == (0, "Verdict: warn\n")


def test_what_show_prints_is_a_file_that_passes(run: Run, gateway: str) -> None:
    shown = run("providers", "show", gateway, "--json").json
    outcome = run("providers", "validate", "--file", "-", "--json", input=json.dumps(shown["values"]))
    assert outcome.json == {"verdict": "accept", "findings": [], "values": shown["values"]}


def test_a_file_that_cannot_be_read_is_told(run: Run) -> None:
    assert (
        run("providers", "validate", "--file", "/none").err
        == "The file /none cannot be read: No such file or directory.\n"
    )
    assert run("providers", "validate").code == 2


def test_without_its_store_it_says_so(run: Run, gateway: str) -> None:
    store = Path(run("config", "path", "--json").json["data"]) / "local.sqlite3"
    store.write_bytes(b"no database" * 500)
    outcome = run("providers", "validate", "--file", "-", input=json.dumps(RECORD))
    assert outcome.code == 0
    assert "Checked without the store" in outcome.err
    assert run("providers", "list").code == 5
