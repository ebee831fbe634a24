"""The message queue by command."""

import json
from pathlib import Path

import pytest

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.record import Author
from ftos_tui.domain.statuses import Canonical
from ftos_tui.stores.event_protocol import NewEvent
from ftos_tui.stores.sql.sqlite import open_sqlite
from tests.cli.conftest import Run
from tests.stores.making import sign

MAIL = ("--to", "a@example.com", "--subject", "Hello", "--text", "Good day")


@pytest.fixture
def queued(run: Run, gateway: str) -> str:
    """The id of a message that waits."""
    outcome = run("messages", "add", gateway, *MAIL, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    message_id: str = outcome.json["ids"][0]
    return message_id


def test_a_message_is_queued_listed_and_shown(run: Run, gateway: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("Good day")
    (tmp_path / "h.html").write_text("<p>Good day</p>")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    files = ("--text-file", str(tmp_path / "t.txt"), "--html-file", str(tmp_path / "h.html"))
    more = ("--attach", str(tmp_path / "a.pdf"), "--dedupe-key", "k", "--params", '{"a": 1}')
    times = ("--due", "2026-01-02T09:00:00Z", "--not-after", "2099-01-02T09:00:00+01:00")
    command: tuple[str, ...] = ("messages", "add", gateway, "--to", "a@example.com; b@example.com")
    command = (
        *command,
        "--cc",
        "c@example.com",
        "--subject",
        "Hello",
        *files,
        *more,
        *times,
        "--acknowledge",
        "due_past",
    )
    added = run(*command)
    assert added.code == 0, added.err
    assert [line.split()[1] for line in added.out.splitlines()] == ["queued"] * 3
    again = run(*command)
    assert [line.split(" ", 1)[1] for line in again.out.splitlines()] == ["was queued before"] * 3
    shapes = run("messages", "list", "--json", "--oldest-first").json
    assert [shape["recipient"] for shape in shapes] == ["a@example.com", "b@example.com", "c@example.com"]
    shown = run("messages", "show", shapes[0]["id"], "--json").json
    assert (shown["state"], shown["cc"], shown["text"]) == ("queued", ["c@example.com"], "Good day")
    assert shown["attachments"] == [{"name": "a.pdf", "content_type": "application/pdf", "size": 4}]
    assert shown["why"]
    table = run("messages", "list", "--provider", gateway, "--status", "queued,held", "--limit", "2").out.splitlines()
    assert (len(table), table[0].split()) == (3, ["ID", "STATUS", "RECIPIENT", "SUBJECT", "PROVIDER"])
    assert "Waiting" in table[1]
    text = run("messages", "show", shapes[0]["id"]).out
    assert "Why         " in text
    assert "Attachment  a.pdf (application/pdf, 4 bytes)" in text
    assert "Not after   2099-01-02T08:00:00Z" in text
    assert run("messages", "list", "--filter", "nobody", "--json").json == []


def test_what_cannot_be_queued_says_why(run: Run, gateway: str) -> None:
    refused = run("messages", "add", gateway, "--to", "nobody", "--subject", "x", "--text", "x")
    assert refused.code == 3
    assert "to: " in refused.err
    as_json = run("messages", "add", gateway, "--to", "nobody", "--subject", "x", "--text", "x", "--json")
    assert (as_json.code, as_json.json["queued"]) == (3, False)
    assert as_json.json["findings"]
    assert run("messages", "add", "FTOSEmailGatewa", *MAIL).code == 1
    assert run("messages", "list", "--json").json == []


def test_a_provider_that_is_not_ready_holds_them(run: Run) -> None:
    held = run("messages", "add", "FTOSEmailGateway", *MAIL)
    assert held.code == 0
    assert held.err.startswith("Held: FTOSEmailGateway is not ready: ")
    counts = run("messages", "list", "--counts", "--json").json
    assert (counts["held"], counts["queued"]) == (1, 0)
    assert "held" in run("messages", "list", "--counts", "--provider", "FTOSEmailGateway").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "X", "--due", "tomorrow"), "--due takes a time with its zone"),
        (("add", "X", "--text", "a", "--text-file", "b"), "Give --text or --text-file, not both."),
        (("list", "--status", "quened"), "There is no state quened: did you mean queued?"),
        (("hold",), "Say which messages: "),
        (("hold", "x", "--all"), "Say which messages: "),
        (("hold", "x", "--status", "queued"), "Give ids, or --all"),
        (("resolve", "x", "--as", "sent"), "There is no outcome sent: write accepted, retry or failed."),
    ],
)
def test_what_cannot_be_carried_out(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    outcome = run("messages", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(sentence)


def test_text_that_is_not_utf_8(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff")
    for arguments in (("add", "X", "--text-file", str(tmp_path / "x")), ("import", str(tmp_path / "x"))):
        outcome = run("messages", *arguments)
        assert (outcome.code, outcome.err.endswith("is not UTF-8 text.\n")) == (2, True)


def test_operators_move_messages(run: Run, queued: str) -> None:
    assert run("messages", "hold", queued[:13], "--reason", "wait").out == f"{queued} hold: done\n"
    again = run("messages", "hold", queued)
    assert (again.code, again.err) == (4, f"{queued} is held: hold does not fit, it was left alone.\n")
    released = run("messages", "release", queued, "--json")
    assert (released.code, released.json) == (0, {"done": [queued], "refused": {}})
    assert run("messages", "retry", queued).code == 4
    assert run("messages", "resolve", queued, "--as", "failed").code == 4
    assert run("messages", "cancel", "--all", "--filter", "a@example.com").out == "cancel: 1 message.\n"
    assert run("messages", "cancel", "--all", "--json").json == {"done": 0}
    assert run("messages", "hold", "ffffffff-0000").code == 1
    history = run("messages", "show", queued).out
    assert "queued > held" in history
    assert "wait" in history


def test_events_and_what_contradicts_them_are_shown(run: Run, queued: str, home: Path) -> None:
    run("messages", "cancel", queued)
    store = open_sqlite(home / ".local" / "share" / "ftos-tui" / "local.sqlite3")
    delivered = ProviderEvent("delivered", Canonical.DELIVERED, None, "e1", "h1")
    store.messages.take_events([NewEvent(delivered, "{}", queued)], Author("events", "h"), sign)
    store.close()
    shown = run("messages", "show", queued)
    assert "Conflict" in shown.out
    assert shown.out.splitlines()[-1].split()[1:] == ["delivered", "delivered"]
    as_json = run("messages", "show", queued, "--json").json
    assert as_json["events"] == [{"at": None, "code": "delivered", "meaning": "delivered"}]
    assert (as_json["conflict"], as_json["delivery"]) == (True, "delivered")


def test_what_the_check_put_right_is_told(run: Run, gateway: str) -> None:
    done = run("messages", "add", gateway, "--to", "a@EXAMPLE.com; a@example.com", "--subject", " s ", "--text", "t")
    assert done.code == 0
    assert done.err.rstrip().endswith("]")


def test_a_file_is_imported_whole_or_not_at_all(run: Run, gateway: str, tmp_path: Path) -> None:
    line = {"to": "a@example.com", "subject": "s", "text": "t", "dedupe_key": "k"}
    good = tmp_path / "good.jsonl"
    good.write_text(json.dumps(line))
    assert run("messages", "import", str(good), "--provider", gateway, "--dry-run").out == "1 checked.\n"
    assert run("messages", "import", str(good), "--provider", gateway).out == "1 queued.\n"
    again = run("messages", "import", "-", "--provider", gateway, input=json.dumps(line))
    assert again.out == "0 queued, 1 queued before.\n"
    bad = tmp_path / "bad.csv"
    bad.write_text("provider,to,subject,text\nFTOSEmailGateway,a@example.com,s,t\nFTOSEmailGateway,nobody,s,t\n")
    refused = run("messages", "import", str(bad))
    assert refused.code == 3
    assert refused.err.startswith("line 3: to: ")
    assert refused.err.endswith("Nothing was queued.\n")
    as_json = run("messages", "import", str(bad), "--json")
    assert (as_json.code, as_json.json["refused"], as_json.json["findings"][0]["line"]) == (3, True, 3)
    assert run("messages", "import", "-", input="nothing,else\n").code == 3


def test_a_provider_with_messages_under_way_is_not_deleted(run: Run, gateway: str, queued: str) -> None:
    refused = run("providers", "delete", gateway, "--confirm", gateway)
    assert refused.code == 3
    assert "FTOSEmailGateway has 1 message that is not at its end: wait for it or cancel it" in refused.err
    run("messages", "cancel", queued)
    assert run("providers", "delete", gateway, "--confirm", gateway).code == 0
    assert "(deleted)" in run("messages", "list").out
    assert run("messages", "show", queued).code == 0


def test_many_messages_are_read_page_by_page(run: Run, gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.cli.messages._PAGE", 2)
    run("messages", "add", gateway, "--to", "a@b.cc;c@b.cc;d@b.cc", "--subject", "s", "--text", "t")
    assert len(run("messages", "list", "--json").json) == 3
