"""`providers export`, `import`, `apply`, `schema` at the shell."""

import json
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pyrage
import pytest

from tests.cli.conftest import KEY, PASSWORD, Run

NAME = "FTOSEmailGateway"


@pytest.fixture
def file(run: Run, gateway: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of the configured provider, in which one field was changed, with what its references stand for."""
    path = home / "gateways.yaml"
    assert run("providers", "export", gateway, "--secrets", "env", "--output", str(path)).code == 0
    path.write_text(path.read_text().replace("bulk_no: 50", "bulk_no: 60"))
    monkeypatch.setenv("FTOSEMAILGATEWAY_APP_PASSWORD", PASSWORD)
    monkeypatch.setenv("FTOSEMAILGATEWAY_APP_KEY", KEY)
    return path


def version(run: Run) -> int:
    return int(run("providers", "show", NAME, "--json").json["version"])


def test_export_writes_to_standard_output_or_a_private_file(run: Run, gateway: str, home: Path) -> None:
    shown = run("providers", "export", gateway)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith('ftos_tui: 1\nenvironment: "local"\nproviders:\n  - name: "FTOSEmailGateway"\n')
    for name, begins in (("a.json", "{"), ("a.yml", "ftos_tui"), ("a.csv", "\ufeff"), ("a", "ftos_tui")):
        path = home / name
        done = run("providers", "export", "--all", "--output", str(path))
        assert (done.code, done.out) == (0, "")
        assert f"Exported to {path}." in done.err
        assert path.read_text().startswith(begins)
        assert path.stat().st_mode & 0o777 == 0o600
    assert run("providers", "export", "--all", "--filter", "gatewaysms", "--format", "JSON").json["providers"][1:]
    assert PASSWORD not in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "Name the providers to export, or give --all."),
        (("A", "--all"), 2, "or give --all"),
        (("--all", "--format", "xml"), 2, "--format takes yaml, json, csv."),
        (("--all", "--secrets", "clear"), 2, "--secrets takes omit, env, file, age."),
        (("--all", "--secrets", "age"), 2, "Name a recipient"),
        (("--all", "--secrets", "age", "--recipient", "x"), 2, "no public key"),
        (("--all", "--secrets-folder", "x"), 2, "begins with /"),
        (("nobody",), 1, "There is no provider nobody"),
        (("--all", "--output", "/no/such/folder/x"), 2, "cannot be written"),
    ],
)
def test_an_export_that_cannot_be_says_why(run: Run, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    done = run("providers", "export", *arguments)
    assert done.code == code
    assert sentence in done.err
    assert done.out == ""


def test_import_shows_a_plan_and_applies_it(run: Run, file: Path) -> None:
    planned = run("providers", "import", str(file), "--dry-run")
    assert (planned.code, planned.err) == (0, "")
    first, second, third = planned.out.splitlines()
    assert re.fullmatch(
        r"Plan [0-9a-f]{16} for the environment local: 0 to create, 1 to change, 0 unchanged, 0 refused\.", first
    )
    assert (second, third) == ("~ line 4: change FTOSEmailGateway, version 2", "    Bulk No: 50 → 60")
    assert version(run) == 2
    asked = run("providers", "import", str(file))
    assert (asked.code, asked.err) == (2, "Not applied: add --yes to apply without being asked.\n")
    done = run("providers", "import", str(file), "--yes", "--reason", "faster")
    assert done.code == 0
    assert done.out.splitlines()[-1] == "Applied: 1 written."
    shown = run("providers", "show", NAME)
    assert "faster" in shown.out
    again = run("providers", "apply", str(file), "--yes")
    assert (again.code, again.out.splitlines()[-1]) == (0, "Everything is so already: nothing was written.")
    assert version(run) == 3


def test_json_tells_the_whole_plan(run: Run, file: Path, home: Path) -> None:
    done = run("providers", "apply", str(file), "--yes", "--json")
    assert done.code == 0
    shape = done.json
    assert shape["counts"] == {"create": 0, "change": 1, "unchanged": 0, "refused": 0}
    assert (shape["applied"], shape["complete"], shape["origin"]) == (1, True, "local")
    [row] = shape["rows"]
    assert (row["line"], row["name"], row["action"], row["version"]) == (4, NAME, "change", 2)
    assert row["changes"] == [{"field": "bulk_no", "before": "50", "after": "60"}]
    assert row["findings"] == []
    file.write_text(file.read_text().replace("60", "lots"))
    refused = run("providers", "import", str(file), "--json", "--yes")
    assert refused.code == 3
    [row] = refused.json["rows"]
    [finding] = row["findings"]
    assert (finding["line"], finding["field"], finding["code"]) == (12, "bulk_no", "whole_format")
    assert refused.json["applied"] is None


def test_what_is_refused_is_named_with_its_line_and_nothing_is_applied(run: Run, file: Path, home: Path) -> None:
    text = file.read_text()
    second = text[text.index("  - name") :].replace(NAME, "Other").replace("09:00:00", "9am")
    file.write_text(text + second)
    for options in ((), ("--dry-run",), ("--yes",), ("--plan-out", str(home / "plan"))):
        done = run("providers", "import", str(file), *options)
        assert done.code == 3
        assert "Interval Min: Write 09:00:00 instead of 9am. [time_format]" in done.out
        assert "1 provider is refused" in done.err
    assert not (home / "plan").exists()
    assert version(run) == 2
    text = "ftos_tui: 1\nproviders:\n  - name: &x A\n"
    done = run("providers", "import", "-", "--yes", input=text)
    assert (done.code, done.err) == (3, "Line 3: Remove the anchor (&): aliases are not followed.\n")
    done = run("providers", "import", "-", "--yes", input="name,bulk_no\n")
    assert done.code == 3
    assert "CSV is for spreadsheets" in done.err


def test_a_missing_reference_is_named_and_a_secret_is_never_shown(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FTOSEMAILGATEWAY_APP_KEY")
    done = run("providers", "import", str(file), "--dry-run")
    assert done.code == 3
    assert "Set the environment variable FTOSEMAILGATEWAY_APP_KEY" in done.out
    file.write_text(file.read_text().replace("env:FTOSEMAILGATEWAY_APP_KEY", KEY))
    done = run("providers", "import", str(file), "--dry-run", "--json")
    assert done.code == 3
    assert KEY not in done.out + done.err


def test_a_warning_is_acknowledged_by_its_code(run: Run, file: Path) -> None:
    file.write_text(file.read_text().replace("00:30:00", "00:00:30"))
    assert run("providers", "import", str(file), "--dry-run").code == 3
    assert run("providers", "import", str(file), "--dry-run", "--acknowledge", "pool_short").code == 0
    plan = str(file.with_name("plan"))
    assert run("providers", "apply", str(file), "--plan-out", plan).code == 0
    assert run("providers", "apply", "--plan", plan, "--yes").code == 3
    done = run("providers", "apply", str(file), "--yes")
    assert done.code == 3
    assert done.err.endswith("acknowledge pool_short. To apply it all the same add --acknowledge pool_short\n")
    assert run("providers", "apply", str(file), "--yes", "--acknowledge", "pool_short").code == 0


def test_standard_input_is_applied_with_yes_only(run: Run, file: Path) -> None:
    text = file.read_text().replace(NAME, "New One")
    refused = run("providers", "import", "-", "--yes", input=text)
    assert refused.code == 3
    assert "Allow env:FTOSEMAILGATEWAY_APP_KEY, or call it env:P_NEW_ONE_" in refused.out
    options = [f"--allow-reference env:FTOSEMAILGATEWAY_{secret}" for secret in ("APP_PASSWORD", "APP_KEY")]
    assert refused.err.endswith(f"not named after their provider add {' '.join(options)}\n")
    assert run("providers", "import", "-", "--yes", "--allow-reference", "FTOS*", input=text).code == 2
    assert run("providers", "import", "-", "--dry-run", *" ".join(options).split(), input=text).code == 0
    allowed = ("--allow-reference", "env:FTOSEMAIL*")
    assert run("providers", "import", "-", *allowed, input=text).code == 2
    done = run("providers", "import", "-", "--yes", *allowed, input=text)
    assert done.code == 0
    assert "+ line 4: create New One" in done.out
    assert "App Key: from env:FTOSEMAILGATEWAY_APP_KEY" in done.out


def test_a_plan_made_earlier_is_applied_unless_its_target_moved(run: Run, file: Path, home: Path) -> None:
    plan = home / "plan.json"
    made = run("providers", "apply", str(file), "--plan-out", str(plan))
    assert made.code == 0
    assert f"The plan is in {plan}" in made.err
    assert version(run) == 2
    assert run("providers", "apply", str(plan), "--yes").code == 3
    assert run("providers", "apply", "--plan", str(plan), "--yes").code == 0
    moved = run("providers", "apply", "--plan", str(plan), "--yes")
    assert moved.code == 4
    assert "FTOSEmailGateway is at version 3" in moved.err
    assert "(Bulk No)" in moved.err
    assert version(run) == 3


@pytest.mark.parametrize(
    "arguments", [(), ("a", "--plan", "b"), ("--plan", "b", "--plan-out", "c"), ("/no/such/file",), ("--plan", "/none")]
)
def test_apply_needs_a_file_or_a_plan(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("providers", "apply", *arguments).code == 2


def test_secrets_travel_encrypted_for_a_recipient(run: Run, gateway: str, home: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    key, file = home / "identity", home / "wrapped.json"
    key.write_text(f"{identity}\n")
    key.chmod(0o600)
    options = ("--secrets", "age", "--recipient", str(identity.to_public()), "--output", str(file))
    assert run("providers", "export", gateway, *options).code == 0
    assert KEY not in file.read_text()
    file.write_text(file.read_text().replace(f'"{NAME}"', '"Copy"'))
    assert run("providers", "import", str(file), "--yes").code == 3
    assert run("providers", "import", str(file), "--yes", "--identity", str(home / "none")).code == 2
    done = run("providers", "import", str(file), "--yes", "--identity", str(key))
    assert done.code == 0
    assert KEY not in done.out + done.err
    assert "App Key: from age:-----BEGIN AGE ENCRYPTED FILE-----" in done.out
    assert run("providers", "show", "Copy", "--json").json["ready"]
    audited = run("audit", "list", "--action", "export_secrets", "--json").json
    assert len(audited) == 1


def test_a_file_of_another_environment_says_so(run: Run, file: Path) -> None:
    file.write_text(file.read_text().replace('environment: "local"', 'environment: "test\\e[0m"'))
    done = run("providers", "import", str(file), "--dry-run")
    assert "The file was exported from the environment test␛[0m." in done.out


def test_a_long_plan_is_cut_in_words_and_whole_in_json(run: Run, home: Path) -> None:
    path = home / "many.json"
    path.write_text(json.dumps({"ftos_tui": 1, "providers": [{"name": f"P{number}"} for number in range(300)]}))
    done = run("providers", "import", str(path), "--dry-run")
    assert "… and 100 more; --json names all of them." in done.out
    assert len(run("providers", "import", str(path), "--dry-run", "--json").json["rows"]) == 300
    path.write_text(json.dumps({"ftos_tui": 1, "providers": [{"name": f"P{number}"} for number in range(1300)]}))
    assert "Reading ended here" in run("providers", "import", str(path), "--dry-run").out


def test_a_read_only_environment_takes_no_import(run: Run, file: Path, home: Path) -> None:
    config = home / ".config" / "ftos-tui" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[environments.local]\nread_only = true\n")
    assert run("providers", "import", str(file), "--yes").code == 6
    assert run("providers", "import", str(file), "--dry-run").code == 0


def test_the_schema_is_printed(run: Run) -> None:
    shape = run("providers", "schema").json
    assert shape["$schema"].endswith("2020-12/schema")
    record = shape["properties"]["providers"]["items"]
    assert record["properties"]["bulk_no"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert "app_key" not in record["properties"]


# At a terminal


def at_terminal(command: list[str], answer: bytes) -> tuple[int, str]:
    """Runs a command in a terminal of its own, types an answer, and gives its exit code and all it showed."""
    main, side = pty.openpty()
    attributes = termios.tcgetattr(side)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(side, termios.TCSANOW, attributes)
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    os.write(main, answer)
    shown = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    return process.wait(timeout=30), shown.decode()


def test_at_a_terminal_it_asks_and_shows_how_far_it_is(run: Run, file: Path) -> None:
    command = [sys.executable, "-m", "ftos_tui", "providers", "import", str(file)]
    code, shown = at_terminal(command, b"no\n")
    assert code == 1
    assert "Apply this plan to local? Type yes:" in shown
    assert "Not applied." in shown
    assert re.search(r"\rReading \[#+\.*\] 1\r", shown.replace("\r ", "\r").replace(" \r", "\r"))
    assert "\x1b" not in shown
    assert version(run) == 2
    code, shown = at_terminal(command, b"yes\n")
    assert (code, version(run)) == (0, 3)
    assert "Applied: 1 written." in shown
