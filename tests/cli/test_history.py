"""`providers history`, `diff`, `rollback`, `show --version`, and what `set` says before and instead of a save."""

from collections.abc import Sequence

import pytest

from ftos_tui.cli.context import Start
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.providers import base_of, open_provider, save
from tests.cli.conftest import BOTH_SECRETS, KEY, PASSWORD, SECRETS, Run


@pytest.fixture
def fourth(run: Run, gateway: str) -> str:
    """The name of a provider at version 4: Bulk No went from 50 to 60 to 70."""
    for bulk_no in ("60", "70"):
        assert run("providers", "set", gateway, f"bulk_no={bulk_no}", "--reason", f"load {bulk_no}").code == 0
    return gateway


def test_versions_newest_first(run: Run, fourth: str) -> None:
    lines = run("providers", "history", fourth).out.splitlines()
    assert lines[0].split() == ["VERSION", "SAVED", "BY", "FROM", "ACTION", "CHANGED", "REASON"]
    assert [line.split()[0] for line in lines[1:]] == ["4", "3", "2", "1"]
    assert lines[1].endswith("load 70")
    assert "Bulk No" in lines[1]
    shapes = run("providers", "history", fourth, "--limit", "2", "--json").json
    assert [shape["version"] for shape in shapes] == [4, 3]
    assert shapes[0]["changed"] == ["bulk_no"]
    assert shapes[0]["action"] == "save"
    assert set(shapes[0]) == {
        "version",
        "saved_at",
        "saved_by",
        "host",
        "ssh_client",
        "action",
        "reason",
        "changed",
        "acknowledged",
        "deleted",
    }


def test_a_long_history_is_read_page_by_page(run: Run, fourth: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.cli.history._PAGE", 3)
    assert [shape["version"] for shape in run("providers", "history", fourth, "--json").json] == [4, 3, 2, 1]
    shapes = run("providers", "history", fourth, "--limit", "3", "--json").json
    assert [shape["version"] for shape in shapes] == [4, 3, 2]
    shapes = run("providers", "history", fourth, "--limit", "4", "--json").json
    assert len(shapes) == 4


def test_a_version_is_shown(run: Run, fourth: str) -> None:
    outcome = run("providers", "show", fourth, "--version", "3", "--json")
    assert (outcome.json["version"], outcome.json["values"]["bulk_no"]) == (3, 60)
    assert run("providers", "show", fourth, "--version", "3").code == 0
    outcome = run("providers", "show", fourth, "--version", "9")
    assert outcome.code == 1
    assert outcome.err == f"{fourth} has no version 9: its versions go from 1 to 4.\n"
    assert "did you mean FTOSEmailGateway" in run("providers", "history", "FTOSEmailGatewy").err


def test_two_versions_are_compared(run: Run, fourth: str) -> None:
    outcome = run("providers", "diff", fourth, "2", "3")
    assert outcome.code == 0
    assert outcome.out.splitlines()[1].split() == ["Bulk", "No", "changed", "50", "60"]
    assert "→ 50 to 60 a step = at most 3,600 an hour instead of 3,000." in outcome.out
    shape = run("providers", "diff", fourth, "2", "--json").json
    assert (shape["a"], shape["b"]) == (2, 4)
    assert shape["diff"] == [
        {"field": "bulk_no", "label": "Bulk No", "change": "changed", "before": "50", "after": "70"}
    ]
    assert run("providers", "diff", fourth, "2", "2").out == "No difference.\n"
    assert run("providers", "diff", fourth, "0").code == 2


def test_a_dry_run_tells_and_stores_nothing(run: Run, fourth: str) -> None:
    outcome = run("providers", "set", fourth, "bulk_no=500", "--dry-run")
    assert outcome.code == 0
    assert "→ 70 to 500 a step = at most 30,000 an hour instead of 4,200." in outcome.out
    assert outcome.out.endswith("Nothing was saved. A save would change 1 field.\n")
    shape = run("providers", "set", fourth, "bulk_no=500", "--dry-run", "--json").json
    assert (shape["verdict"], shape["stored"]) == ("accept", False)
    assert shape["diff"][0]["after"] == "500"
    assert run("providers", "show", fourth, "--json").json["version"] == 4
    assert run("providers", "set", fourth, "--dry-run").out.startswith("No difference.\n")


def test_a_dry_run_says_what_would_be_refused(run: Run, fourth: str) -> None:
    outcome = run("providers", "set", fourth, "bulk_no=1001", "--dry-run")
    assert outcome.code == 3
    assert "[bulk_range]" in outcome.err
    assert outcome.out.endswith("Nothing was saved, and it would be refused like this.\n")
    short = ("providers", "set", fourth, "pool_time_retry=00:00:30", "--dry-run", "--json")
    assert run(*short).code == 3
    assert run(*short, "--acknowledge", "pool_short").code == 0
    moved = ("service_url=https://x.example.com", "--dry-run")
    outcome = run("providers", "set", fourth, *moved)
    assert outcome.code == 3
    assert "→ App Key must be entered again, because Service Url changed." in outcome.out
    outcome = run("providers", "set", fourth, *moved, *SECRETS, input=BOTH_SECRETS)
    assert outcome.code == 0
    assert "entered anew" in outcome.out
    assert PASSWORD not in outcome.out + outcome.err
    assert KEY not in outcome.out + outcome.err


def test_a_stale_set_prints_base_theirs_and_mine(run: Run, fourth: str) -> None:
    outcome = run("providers", "set", fourth, "bulk_no=90", "interval_min=08:00:00", "--expect-version", "3")
    assert outcome.code == 4
    lines = [line.split() for line in outcome.out.splitlines()]
    assert lines == [
        ["FIELD", "BASE", "THEIRS", "MINE", "OUTCOME"],
        ["Bulk", "No", "60", "70", "90", "clash"],
        ["Interval", "Min", "09:00:00", "09:00:00", "08:00:00", "mine"],
    ]
    assert "saved version 4" in outcome.err
    assert "give --expect-version 4." in outcome.err
    conflict = run("providers", "set", fourth, "bulk_no=90", "--expect-version", "3", "--json")
    assert conflict.code == 4
    shape = conflict.json["conflict"]
    assert (shape["base"], shape["theirs"]) == (3, 4)
    assert shape["fields"] == [
        {
            "id": "bulk_no",
            "field": "bulk_no",
            "label": "Bulk No",
            "base": "60",
            "theirs": "70",
            "mine": "90",
            "outcome": "clash",
        }
    ]


def test_a_version_that_never_was_is_a_conflict_without_a_table(run: Run, fourth: str) -> None:
    outcome = run("providers", "set", fourth, "bulk_no=90", "--expect-version", "9", "--json")
    assert outcome.code == 4
    assert outcome.json == {"conflict": {"base": 4, "theirs": None, "saved_by": None, "saved_at": None, "fields": []}}
    assert run("providers", "set", fourth, "bulk_no=90", "--expect-version", "0").out == ""
    assert run("providers", "show", fourth, "--json").json["version"] == 4


def test_delete_and_clear_are_guarded_by_the_expected_version(run: Run, fourth: str) -> None:
    for command in (("delete", fourth, "--confirm", fourth), ("clear-secret", fourth, "app_key")):
        outcome = run("providers", *command, "--expect-version", "3")
        assert outcome.code == 4
        assert "Version 3 was expected, but" in outcome.err
    assert run("providers", "clear-secret", fourth, "app_key", "--expect-version", "4").code == 0
    assert run("providers", "delete", fourth, "--confirm", fourth, "--expect-version", "5").code == 0


def test_a_rollback(run: Run, fourth: str) -> None:
    preview = run("providers", "rollback", fourth, "--to", "2", "--dry-run")
    assert preview.code == 0
    assert "→ 70 to 50 a step" in preview.out
    outcome = run(
        "providers", "rollback", fourth, "--to", "2", "--reason", "too fast", "--expect-version", "4", "--json"
    )
    assert (outcome.code, outcome.json["version"], outcome.json["values"]["bulk_no"]) == (0, 5, 50)
    newest = run("providers", "history", fourth, "--limit", "1", "--json").json[0]
    assert (newest["action"], newest["reason"]) == ("rollback", "As in version 2: too fast")
    assert run("providers", "rollback", fourth, "--to", "2").out == f"{fourth} is so already: version 5 stays.\n"
    assert run("providers", "rollback", fourth, "--to", "9").code == 1
    assert run("providers", "rollback", fourth).code == 2
    assert run("providers", "rollback", fourth, "--to", "2", "--new").code == 2


def test_a_rollback_on_a_stale_version_is_a_conflict(run: Run, fourth: str) -> None:
    outcome = run("providers", "rollback", fourth, "--to", "2", "--expect-version", "3", "--json")
    assert outcome.code == 4
    assert [field["outcome"] for field in outcome.json["conflict"]["fields"]] == ["clash"]
    assert "Version 3 was expected" in outcome.err
    assert run("providers", "rollback", fourth, "--to", "2", "--expect-version", "7").code == 4


def test_a_rollback_to_another_destination_asks_for_the_secrets(run: Run, gateway: str) -> None:
    run("providers", "set", gateway, "service_url=https://x.example.com", *SECRETS, input=BOTH_SECRETS)
    refused = run("providers", "rollback", gateway, "--to", "2")
    assert refused.code == 3
    assert "Enter App Key again, because Service Url changed" in refused.err
    done = run("providers", "rollback", gateway, "--to", "2", *SECRETS, "--json", input=BOTH_SECRETS)
    assert done.json["values"]["service_url"] == "https://api.sendgrid.com"
    assert done.json["values"]["app_key"] == {"set": True, "version": 3}


def test_a_deleted_provider_is_made_anew_from_its_history(run: Run, fourth: str) -> None:
    assert run("providers", "delete", fourth, "--confirm", fourth).code == 0
    assert [shape["deleted"] for shape in run("providers", "history", fourth, "--json").json][:2] == [True, False]
    assert run("providers", "show", fourth, "--version", "3", "--json").json["values"]["bulk_no"] == 60
    refused = run("providers", "rollback", fourth, "--to", "3")
    assert refused.code == 1
    assert "Add --new to make it anew from version 3." in refused.err
    assert run("providers", "rollback", fourth, "--to", "3", "--expect-version", "2").code == 4
    made = run("providers", "rollback", fourth, "--to", "3", "--new", *SECRETS, "--json", input=BOTH_SECRETS)
    assert (made.code, made.json["version"], made.json["values"]["bulk_no"]) == (0, 1, 60)


def test_a_save_that_lost_a_race_prints_the_conflict(run: Run, fourth: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_while_somebody_saves(field_ids: Sequence[str]) -> dict[str, Secret]:
        session = Start().open_session()
        try:
            save(session, Draft(base_of(open_provider(session, name=fourth))).with_text("bulk_no", "80"))
        finally:
            session.close()
        return {}

    monkeypatch.setattr("ftos_tui.cli.changing.read_secrets", read_while_somebody_saves)
    outcome = run("providers", "set", fourth, "bulk_no=90", "--json")
    assert outcome.code == 4
    assert outcome.json["conflict"]["fields"][0]["theirs"] == "80"
    assert "saved version 5 meanwhile (Bulk No): nothing was saved." in outcome.err
