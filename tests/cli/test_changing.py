"""`providers set`, `clear-secret`, `delete`."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BOTH_SECRETS, GOOD, KEY, PASSWORD, SECRETS, Run


def test_set_prints_what_show_does(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "bulk_no=51", "--reason", "load", "--json")
    assert outcome.code == 0
    assert outcome.json == run("providers", "show", gateway, "--json").json
    assert outcome.json["version"] == 3
    assert run("providers", "set", gateway, "bulk_no=52").out == "Saved FTOSEmailGateway version 4 (1 field).\n"


def test_nothing_to_save(run: Run, gateway: str) -> None:
    assert run("providers", "set", gateway, "bulk_no=50").out == "FTOSEmailGateway is so already: version 2 stays.\n"
    assert run("providers", "set", gateway).code == 0


def test_what_was_put_right_is_shown(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "from_display_name= Example Bank ")
    assert outcome.code == 0
    assert outcome.err.startswith("From Display Name: ")
    assert outcome.err.endswith("[outer_space]\n")


def test_a_refusal(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "bulk_no=1001", "interval_min=24:00:00")
    assert (outcome.code, outcome.out) == (3, "")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("Bulk No: ")
    assert lines[0].endswith(" [bulk_range]")
    assert lines[1].startswith("Interval Min: ")
    assert lines[2] == "Not saved: 2 fields need to be put right."
    as_json = run("providers", "set", gateway, "bulk_no=1001", "--json")
    assert as_json.code == 3
    assert as_json.json["verdict"] == "refuse"
    assert as_json.json["findings"][0]["field"] == "bulk_no"
    assert as_json.json["values"]["bulk_no"] == "1001"
    assert as_json.json["values"]["app_key"] == {"set": True, "version": 1}
    assert run("providers", "show", gateway, "--json").json["version"] == 2


def test_a_warning_names_its_acknowledgement(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "pool_time_retry=00:00:30")
    assert outcome.code == 3
    assert "--acknowledge pool_short" in outcome.err
    assert run("providers", "set", gateway, "pool_time_retry=00:00:30", "--json").json["verdict"] == "warn"
    assert run("providers", "set", gateway, "pool_time_retry=00:00:30", "--acknowledge", "pool_short").code == 0


def test_another_destination_wants_the_secrets_again(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "service_url=https://evil.example.com", "--json")
    assert outcome.code == 3
    assert [finding["code"] for finding in outcome.json["findings"]] == ["secret_destination_changed"] * 2
    again = run(
        "providers", "set", gateway, "service_url=https://new.example.com", *SECRETS, "--json", input=BOTH_SECRETS
    )
    assert again.json["values"]["app_key"] == {"set": True, "version": 2}


def test_the_expected_version_guards_the_save(run: Run, gateway: str) -> None:
    outcome = run("providers", "set", gateway, "bulk_no=51", "--expect-version", "1")
    assert outcome.code == 4
    assert "Version 1 was expected, but" in outcome.err
    assert "saved version 2" in outcome.err
    assert run("providers", "set", gateway, "bulk_no=51", "--expect-version", "2").code == 0
    outcome = run("providers", "set", "New", "--new", "--expect-version", "1")
    assert outcome.code == 4
    assert "is new" in outcome.err


def test_a_new_provider_has_to_be_asked_for(run: Run, gateway: str) -> None:
    whole = ("communication_channel=email", *GOOD, *SECRETS)
    outcome = run("providers", "set", "FTOSEmailGatewai", *whole, input=BOTH_SECRETS)
    assert outcome.code == 1
    assert outcome.err == (
        "There is no provider FTOSEmailGatewai: did you mean FTOSEmailGateway or GatewayEmail? "
        "Add --new to make a new provider.\n"
    )
    outcome = run("providers", "set", "Mine", "--new", *whole, "--json", input=BOTH_SECRETS)
    assert (outcome.code, outcome.json["version"], outcome.json["ready"]) == (0, 1, True)
    outcome = run("providers", "set", "MINE", "--new", *whole, input=BOTH_SECRETS)
    assert outcome.code == 4
    assert "Mine is there already, version 1" in outcome.err
    assert run("providers", "set", "Other", "--new", "name=x").code == 2


def test_nothing_is_taken_for_granted_in_a_new_provider(run: Run) -> None:
    outcome = run("providers", "set", "Mine", "--new", "--json")
    assert outcome.code == 3
    required = [finding["field"] for finding in outcome.json["findings"] if finding["code"] == "required"]
    assert len(required) == 15


def test_app_config_out_of_a_file(run: Run, gateway: str, home: Path) -> None:
    path = home / "app.json"
    path.write_text('{"timeout": 30}', "utf-8-sig")
    outcome = run("providers", "set", gateway, f"app_config=@{path}", "--json")
    assert outcome.json["values"]["app_config"] == '{"timeout": 30}'
    for content, told in ((b"\xff", "is not UTF-8"), (b" " * (1024 * 1024 + 1), "larger than 1 MiB")):
        path.write_bytes(content)
        outcome = run("providers", "set", gateway, f"app_config=@{path}")
        assert outcome.code == 2
        assert told in outcome.err
    assert "No such file" in run("providers", "set", gateway, "app_config=@/none").err
    assert "not a file's name" in run("providers", "set", gateway, "app_config=@a\0b").err
    assert run("providers", "set", gateway, "provider_name=@x").code in (0, 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["app_key=hunter2hunter2"], "app_key is a secret and never an argument: use --secret app_key instead."),
        (["hunter2hunter2"], "Argument 1 behind the name is no assignment"),
        (["bulk_no=1", "SG.hunter2hunter2="], "Argument 2 behind the name names no field"),
        (["bulk_noo=hunter2hunter2"], "There is no field bulk_noo: did you mean bulk_no?"),
        (["bulk_no=hunter2hunter2", "bulk_no=2"], "bulk_no is given twice"),
        (["--secret", "hunter2hunter2"], "--secret takes app_password or app_key"),
        (["--secret", "bulk_no"], "bulk_no is no secret"),
        (["--secret", "app_key", "--secret", "app_key"], "named twice"),
        (["--expect-version", "-1"], "expect-version"),
        (["--hunter2"], "No such option"),
    ],
)
def test_wrong_usage_is_told_and_repeats_no_value(run: Run, arguments: list[str], told: str) -> None:
    outcome = run("providers", "set", "GatewaySMS", *arguments, input=BOTH_SECRETS)
    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err
    assert "hunter2hunter2" not in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_secret_is_one_line_of_standard_input(run: Run, gateway: str) -> None:
    for text, told in (
        ("", "Standard input ended before App Password"),
        ("only-one\n", "Standard input ended before App Key"),
        (b"\xff\xfe\n", "App Password on standard input is not UTF-8"),
    ):
        outcome = run("providers", "set", gateway, *SECRETS, input=text)
        assert outcome.code == 2
        assert told in outcome.err
    outcome = run("providers", "set", gateway, "--secret", "app_key", "--json", input="carriage\r\n")
    assert outcome.json["findings"][0]["code"] == "secret_character"
    outcome = run("providers", "set", gateway, "--secret", "app_key", input="\n")
    assert outcome.code == 0
    assert "App Key: blank, so what is stored is kept." in outcome.err
    outcome = run("providers", "set", gateway, "--secret", "app_key", "--json", input="no-newline-at-the-end")
    assert outcome.json["values"]["app_key"] == {"set": True, "version": 2}


def test_secrets_are_in_no_output_and_no_file(run: Run, gateway: str, home: Path) -> None:
    printed = [
        run("providers", "show", gateway),
        run("providers", "set", gateway, "bulk_no=0", *SECRETS, "--json", input=BOTH_SECRETS),
        run("providers", "set", gateway, *SECRETS, input=f"{KEY}\n{KEY}\n"),
        run("log", "--json"),
    ]
    for outcome in printed:
        assert PASSWORD not in outcome.out + outcome.err
        assert KEY not in outcome.out + outcome.err
    for path in home.rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes()


def test_a_cleared_secret_is_missing(run: Run, gateway: str) -> None:
    outcome = run("providers", "clear-secret", gateway, "app_key", "--reason", "leaked", "--json")
    assert outcome.json["missing"] == ["app_key"]
    outcome = run("providers", "clear-secret", gateway, "app_key")
    assert outcome.code == 2
    assert "nothing to clear" in outcome.err
    assert run("providers", "clear-secret", gateway, "app_password").out == (
        "Cleared App Password of FTOSEmailGateway, version 4: enter a new one.\n"
    )
    assert run("providers", "clear-secret", gateway, "bulk_no").code == 2


def test_delete_wants_the_name_again(run: Run, gateway: str) -> None:
    outcome = run("providers", "delete", gateway)
    assert outcome.code == 2
    assert "--confirm FTOSEmailGateway" in outcome.err
    assert run("providers", "delete", gateway, "--confirm", "x").code == 2
    outcome = run("providers", "delete", gateway, "--confirm", gateway, "--json")
    assert outcome.json == {"name": gateway, "deleted": True, "version": 3}
    assert run("providers", "show", gateway).code == 1
    assert run("providers", "delete", "GatewaySMS", "--confirm", "GatewaySMS").out.startswith("Deleted GatewaySMS")


class Terminal(io.TextIOWrapper):
    """Standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_delete_asks(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("io.TextIOWrapper", Terminal)
    outcome = run("providers", "delete", gateway, input="nonsense\n")
    assert outcome.code == 2
    assert "Type the name FTOSEmailGateway to delete it:" in outcome.err
    assert run("providers", "delete", gateway, input=f"{gateway}\n").code == 0


def test_at_a_terminal_a_secret_is_asked_without_echo(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass
    import warnings

    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "new-secret"

    monkeypatch.setattr("io.TextIOWrapper", Terminal)
    monkeypatch.setattr(getpass, "getpass", ask)
    assert run("providers", "set", gateway, "--secret", "app_key").code == 0
    assert asked == ["App Key: "]

    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", end)
    outcome = run("providers", "set", gateway, "--secret", "app_key")
    assert outcome.code == 2
    assert "No App Key was entered" in outcome.err

    def show(prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return "shown"

    monkeypatch.setattr(getpass, "getpass", show)
    outcome = run("providers", "set", gateway, "--secret", "app_key")
    assert outcome.code == 2
    assert "would show the secret" in outcome.err


def test_a_read_only_environment_is_not_permitted(run: Run, gateway: str, home: Path) -> None:
    settings = home / "ro.toml"
    store = Path(run("config", "path", "--json").json["data"]) / "local.sqlite3"
    settings.write_text(f"[environments.local]\nread_only = true\nstore = {json.dumps(str(store))}\n")
    for command in (
        ("set", gateway, "bulk_no=51"),
        ("clear-secret", gateway, "app_key"),
        ("delete", gateway, "--confirm", gateway),
        ("statuses", gateway, "--preset", "smtp"),
    ):
        outcome = run("--config", str(settings), "providers", *command)
        assert outcome.code == 6, outcome
        assert "read-only" in outcome.err
    assert run("--config", str(settings), "providers", "show", gateway).code == 0


def test_hostile_arguments_reach_no_terminal_raw(run: Run, gateway: str) -> None:
    hostile = "\x1b]0;x\x07\x9b31m\u202e\udcff"
    for command in (
        ("show", hostile),
        ("set", hostile, "--new", "communication_channel=email", *GOOD),
        ("set", gateway, f"provider_name={hostile}"),
        ("set", gateway, f"{hostile}=1"),
        ("set", gateway, f"app_config=@{hostile}"),
        ("statuses", gateway, "--remove", hostile),
        ("statuses", gateway, "--add", hostile),
        ("delete", gateway, "--confirm", hostile),
        ("list", "--filter", hostile),
        ("list", f"--{hostile}"),
        (hostile,),
        ("validate", "--file", hostile),
    ):
        for options in ((), ("--json",)):
            outcome = run("providers", *command, *options)
            assert outcome.code != 0 or command[0] == "list"
            assert (outcome.out + outcome.err).replace("\n", "").isprintable(), command
    assert sys.stdin is not None
