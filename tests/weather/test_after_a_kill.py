"""Programs that are killed or left without an answer while they save: what the next one says is true."""

import json
from pathlib import Path

import pytest

from ftos_tui.cli.exits import ExitCode
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.sql.postgres_pipeline import ChangeInPipelines
from ftos_tui.stores.sql.statements import Query
from ftos_tui.studio.drafts import Saving, keep_draft, offered_drafts
from ftos_tui.studio.outcome import settle_drafts
from ftos_tui.studio.providers import base_of, open_provider, save
from ftos_tui.studio.session import Session, new_id
from tests.screens.values import NAME
from tests.team import Team
from tests.weather.bad_line import BadLine
from tests.weather.conftest import Opener


def begun(session: Session, draft: Draft, typed: Draft | None = None) -> Saving:
    """A draft on disk as a program leaves it that was killed while it saved.

    Args:
        session: Its session.
        draft: What it saved.
        typed: What stood in the form when it was killed; None for the same.
    """
    saving = Saving(new_id(), draft)
    keep_draft(session, new_id(), typed or draft, saving)
    return saving


def edited(session: Session, bulk_no: str) -> Draft:
    """An edit of a number and a secret."""
    draft = Draft(base_of(open_provider(session, name=NAME)))
    return draft.with_text("bulk_no", bulk_no).with_secret("app_key", Secret("another-key"))


def logged(session: Session) -> str:
    """What the status log says."""
    return "\n".join(entry.message for entry in session.journal.tail(50))


def test_a_draft_that_was_saved_is_dropped(team: Team, line: BadLine, open_over: Opener) -> None:
    session = open_over(line)
    draft = edited(session, "70")
    saving = begun(session, draft)
    save(session, draft, operation_id=saving.operation_id)
    settle_drafts(session)
    assert not offered_drafts(session)
    assert "was saved as version 3 before the program ended; its draft is not needed any more." in logged(session)


def test_what_was_typed_after_the_save_was_sent_is_kept(team: Team, line: BadLine, open_over: Opener) -> None:
    session = open_over(line)
    draft = edited(session, "70")
    saving = begun(session, draft, draft.with_text("retry_max_attempt", "7").with_secret("app_password", Secret("new")))
    save(session, draft, operation_id=saving.operation_id)
    settle_drafts(session)
    [kept] = offered_drafts(session)
    assert (kept.edits, kept.secrets_entered, kept.base_version) == ({"retry_max_attempt": "7"}, ("app_password",), 3)
    assert not kept.operation_id
    assert "what was typed afterwards is kept as a draft." in logged(session)


def test_a_draft_that_was_not_saved_is_kept_and_its_save_never_arrives(
    team: Team, line: BadLine, open_over: Opener
) -> None:
    session = open_over(line)
    draft = edited(session, "70")
    saving = begun(session, draft)
    line.down = True
    line.cut()
    settle_drafts(session)
    [kept] = offered_drafts(session)
    assert kept.operation_id == saving.operation_id, "not known yet"
    assert "It is not known yet whether the draft of" in logged(session)
    line.down = False
    settle_drafts(session)
    [kept] = offered_drafts(session)
    assert not kept.operation_id
    assert kept.edits == {"bulk_no": "70"}
    assert "was not saved when the program ended: its draft is kept." in logged(session)
    assert session.store.outcome(saving.operation_id) is None


def test_the_command_line_says_what_it_does_not_know_and_how_to_ask(
    team: Team,
    line: BadLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ftos_tui.cli.context import Start as CommandStart
    from ftos_tui.cli.guard import guarded
    from ftos_tui.cli.run import run_command as carry_out

    for name in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name))
    config = tmp_path / "config.toml"
    config.write_text(team.toml(port=(line.port,)))
    team.give_key(tmp_path / "home" / "DATA" / "ftos-tui")
    start = CommandStart(config=str(config))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = guarded(lambda: carry_out(start, arguments), lambda: tmp_path)
        said = capsys.readouterr()
        return code, said.out, said.err

    finish = ChangeInPipelines.finish

    def finish_and_lose(change: ChangeInPipelines, *queries: Query) -> None:
        line.losing = line.down = bool(queries)
        finish(change, *queries)

    monkeypatch.setattr(ChangeInPipelines, "finish", finish_and_lose)
    monkeypatch.setattr("ftos_tui.studio.outcome.found_out.__defaults__", (0.4, None))
    code, out, err = run("providers", "set", NAME, "bulk_no=71")
    assert (code, out) == (ExitCode.STORE, "")
    assert f"The line dropped while saving; finding out whether {NAME} version 3 was written…" in err
    operation_id = err.split("ftos-tui providers outcome ")[1].split()[0]
    assert run("providers", "outcome", operation_id)[0] == ExitCode.STORE
    line.losing = line.down = False
    monkeypatch.setattr(ChangeInPipelines, "finish", finish)
    assert run("providers", "outcome", operation_id)[:2] == (ExitCode.DONE, f"Saved {NAME} version 3.\n")
    code, out, _ = run("providers", "outcome", operation_id, "--json")
    assert (code, json.loads(out)["version"]["version"]) == (ExitCode.DONE, 3)
    code, out, _ = run("providers", "outcome", "0" * 32)
    assert (code, out) == (ExitCode.OTHER, "Not saved, and it never will be: save again.\n")
    assert json.loads(run("providers", "outcome", "0" * 32, "--json")[1]) == {"saved": False, "version": None}
    assert run("providers", "set", NAME, "bulk_no=72")[:2] == (0, f"Saved {NAME} version 4 (1 field).\n")
