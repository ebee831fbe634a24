"""Exports: what they hold, that they come back as they were, and that no secret is in them in the clear."""

import csv
import io
import json
import os
from pathlib import Path

import jsonschema
import pyrage
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.exchange import schema
from ftos_tui.domain.fields import FIELD_IDS, SECRET_IDS
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import is_unsafe
from ftos_tui.studio.failures import NotFound, NotPermitted
from ftos_tui.studio.files.exporting import NotExported
from ftos_tui.studio.files.writing import NotWritten, is_taken, json_text, private_file, yaml_text
from ftos_tui.studio.providers import base_of, open_provider, save
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession
from tests.studio.files.making import applied, document, entries, exported, provider
from tests.studio.making import KEY, PASSWORD, saved


def test_a_document_holds_every_field_of_the_record_in_its_order(session: Session) -> None:
    saved(session)
    read = json.loads(exported(session, names=("gateway",)))
    assert list(read) == ["ftos_tui", "environment", "providers"]
    assert (read["ftos_tui"], read["environment"]) == (1, "local")
    [record] = read["providers"]
    plain = [field_id for field_id in FIELD_IDS if field_id not in SECRET_IDS and field_id != "name"]
    assert list(record) == ["name", *plain, "statuses"]
    assert (record["bulk_no"], record["open_setting"], record["from_display_name"]) == (50, True, None)
    assert list(record["statuses"][0]) == ["code", "label", "canonical", "terminal", "retryable"]


def test_yaml_and_json_say_the_same_and_keep_to_the_schema(session: Session) -> None:
    saved(session, app_config='{"reply_to": "o\'x@example.com"}')
    identity = pyrage.x25519.Identity.generate()
    checker = jsonschema.Draft202012Validator(schema())
    checker.check_schema(schema())
    for secrets in ("omit", "env", "file"):
        as_json = json.loads(exported(session, secrets=secrets))
        as_yaml = yaml.safe_load(exported(session, secrets=secrets, format="yaml"))
        assert as_yaml == as_json
        assert len(as_json["providers"]) == 7
        checker.validate(as_json)
    recipients = (str(identity.to_public()),)
    for form, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        text = exported(session, secrets="age", format=form, recipients=recipients)
        assert KEY not in text
        assert PASSWORD not in text
        checker.validate(load(text))


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        ("env", {"app_password": "env:GATEWAY_APP_PASSWORD", "app_key": "env:GATEWAY_APP_KEY"}),
        (
            "file",
            {"app_password": "file:/run/secrets/Gateway.app_password", "app_key": "file:/run/secrets/Gateway.app_key"},
        ),
    ],
)
def test_references_name_a_variable_or_a_file_of_each_secret(
    session: Session, secrets: str, expected: dict[str, str]
) -> None:
    saved(session)
    [record] = json.loads(exported(session, names=("Gateway",), secrets=secrets))["providers"]
    assert record["secrets"] == expected
    [record] = json.loads(exported(session, names=("GatewaySMS",), secrets=secrets))["providers"]
    assert "secrets" not in record


def test_a_name_is_never_a_path_and_names_alike_have_references_apart(session: Session) -> None:
    for name in ("../../etc/passwd", "A-B", "A B", "漢"):
        saved(session, name=name)
    text = exported(session, names=("../../etc/passwd", "A-B", "A B", "漢"), secrets="file", folder="/srv/x/")
    targets = [record["secrets"]["app_key"] for record in json.loads(text)["providers"]]
    assert len(set(targets)) == 4
    for target in targets:
        assert target.startswith("file:/srv/x/P_")
        assert "/" not in target.removeprefix("file:/srv/x/")
    text = exported(session, names=("漢",), secrets="env")
    assert json.loads(text)["providers"][0]["secrets"]["app_key"].isascii()
    assert len(entries(text)) == 1


def test_all_or_those_that_match_or_those_that_are_named(session: Session) -> None:
    applied(session, document(*(provider(f"P{number:03}") for number in range(260))))
    every = [record["name"] for record in json.loads(exported(session))["providers"]]
    assert len(every) == 266
    assert sorted(every, key=str.casefold) == every
    matching = json.loads(exported(session, filter="p25"))["providers"]
    assert [record["name"] for record in matching] == [f"P25{digit}" for digit in range(10)]
    named = json.loads(exported(session, names=("P001", "P000", "p001")))["providers"]
    assert [record["name"] for record in named] == ["P001", "P000"]
    with pytest.raises(NotFound, match="nobody"):
        exported(session, names=("P001", "nobody"))
    assert json.loads(exported(session, filter="no such thing"))["providers"] == []
    assert entries(exported(session, filter="no such thing", format="yaml")) == []


def test_wrapping_secrets_is_audited_before_it_is_done(session: Session) -> None:
    saved(session)
    key = str(pyrage.x25519.Identity.generate().to_public())
    exported(session, names=("Gateway",), secrets="age", recipients=(key,))
    entry = session.store.audit_entries()[-1]
    assert entry.action == "export_secrets"
    assert json.loads(entry.detail) == {"recipients": [key], "providers": ["Gateway"], "filter": ""}
    with session.store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="store"):
        exported(session, secrets="age", recipients=(key,))
    assert exported(session, secrets="env")


def test_wrapping_needs_a_recipient_and_leave_to_write(session: Session, open_session: OpenSession) -> None:
    saved(session)
    key = str(pyrage.x25519.Identity.generate().to_public())
    for wanted, sentence in (
        ({"secrets": "age"}, "Name a recipient"),
        ({"secrets": "env", "recipients": (key,)}, "Recipients are for"),
        ({"secrets": "age", "recipients": ("age1nonsense",)}, "no public key"),
        ({"secrets": "age", "recipients": (key,), "format": "csv"}, "spreadsheet"),
    ):
        with pytest.raises(NotExported, match=sentence):
            exported(session, **wanted)
    with pytest.raises(NotPermitted):
        exported(open_session(read_only=True), secrets="age", recipients=(key,))


def test_a_secret_that_does_not_open_is_named(session: Session) -> None:
    saved(session)
    with session.store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("UPDATE secret SET sealed = x'00' WHERE field = 'app_key'")
    key = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(NotExported, match="App Key of Gateway does not decrypt"):
        exported(session, secrets="age", recipients=(key,))


def test_a_spreadsheet_calculates_nothing_and_tells_no_secret(session: Session) -> None:
    for name in ('=HYPERLINK("http://x";"y")', "+1", "-1", "@SUM(A1)", "＝1", "plain;=1"):
        saved(session, name=name)
    text = exported(session, format="csv", secrets="omit")
    assert KEY not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    names = {row["name"] for row in rows}
    assert {'\'=HYPERLINK("http://x";"y")', "'+1", "'-1", "'@SUM(A1)", "'＝1", "plain;=1"} <= names
    for line in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for cell in line)
    assert text.startswith('"communication_channel","name"')
    [row] = [row for row in rows if row["name"] == "plain;=1"]
    assert (row["app_key_set"], row["bulk_no"], row["open_setting"], row["version"], row["missing"]) == (
        "yes",
        "50",
        "on",
        "1",
        "",
    )
    [row] = [row for row in rows if row["name"] == "GatewaySMS"]
    assert row["app_key_set"] == "no"
    assert "App Key" in row["missing"]


def test_an_export_of_what_changes_meanwhile_leaves_out_what_is_gone(session: Session) -> None:
    from ftos_tui.studio.files.exporting import Export, export_text
    from ftos_tui.studio.providers import delete

    saved(session)
    text = export_text(session, Export(names=("Gateway", "GatewaySMS")))
    delete(session, open_provider(session, name="Gateway"), "Gateway")
    assert [entry.record["name"] for entry in entries("".join(text))] == ["GatewaySMS"]


texts = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.dictionaries(st.sampled_from(FIELD_IDS), texts | st.none() | st.booleans() | st.integers(0, 99)), texts)
def test_any_text_comes_back_as_it_was(record: dict[str, object], environment: str) -> None:
    written = {**record, "secrets": {"app_key": "line\nline"}, "statuses": [{"code": environment, "terminal": True}]}
    header = {"ftos_tui": 1, "environment": environment}
    [as_json] = entries("".join(json_text(header, [written])))
    assert as_json.record == written
    text = "".join(yaml_text(header, [written]))
    assert not any(map(is_unsafe, text.replace("\n", "")))
    assert yaml.safe_load(text) == {**header, "providers": [written]}
    [as_yaml] = entries(text)
    as_text = {k: v if isinstance(v, str) or v is None else json.dumps(v) for k, v in record.items()}
    assert {k: v for k, v in as_yaml.record.items() if k in FIELD_IDS} == as_text


# Files


def test_a_file_takes_its_place_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "out.yaml"
    path.write_text("before")
    path.chmod(0o644)
    assert is_taken(str(path))
    with private_file(str(path)) as file:
        file.write("after\r\n")
        assert path.read_text() == "before"
    assert path.read_bytes() == b"after\r\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.yaml"
    path.write_text("before")
    writing = private_file(str(path))
    writing.__enter__().write("half")
    assert len(list(tmp_path.iterdir())) == 2
    assert writing.__exit__(ValueError, ValueError("no more"), None) is False
    writing = private_file(str(path))
    file = writing.__enter__()
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), file.fileno())
    file.write("too much")
    with pytest.raises(NotWritten, match="No space left"):
        writing.__exit__(None, None, None)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "no/such/folder/x", "a\0b", "~nobody-by-this-name/x"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotWritten), private_file(name):
        pass
    assert not is_taken("a\0b")
    assert list(tmp_path.iterdir()) == []


def test_a_device_or_a_folder_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(NotWritten, match="no regular file"), private_file(str(path)):
            pass
        assert path.exists()
    assert pipe.is_fifo()


def test_a_secret_that_was_cleared_is_not_referred_to(session: Session) -> None:
    from ftos_tui.studio.providers import clear_secret

    clear_secret(session, saved(session), "app_key")
    [record] = json.loads(exported(session, names=("Gateway",), secrets="env"))["providers"]
    assert list(record["secrets"]) == ["app_password"]
    draft = Draft(base_of(open_provider(session, name="Gateway"))).with_secret("app_key", Secret("new-key-1"))
    save(session, draft)
    [record] = json.loads(exported(session, names=("Gateway",), secrets="env"))["providers"]
    assert list(record["secrets"]) == ["app_password", "app_key"]
