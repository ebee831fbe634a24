"""What the form shows beside the fields: the meaning of the values, appConfig laid out, findings of one status row."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.window import Window
from ftos_tui.studio.app_config import config_findings, indented, one_line
from ftos_tui.studio.identity import current_author
from ftos_tui.studio.meaning import meaning, window_in_words
from ftos_tui.studio.providers import check, new_draft
from ftos_tui.studio.session import Session
from ftos_tui.studio.statuses import row_findings
from tests.studio.making import filled

DAY = Window("09:00:00", "18:00:00")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """The operator's zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", ["UTC0"], indirect=True)
@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("hour", "told"),
    [
        (12, ("09:00:00–18:00:00 UTC, open now (12:00 UTC)", "Closes at 18:00:01 UTC, in 6 h 00 min.")),
        (20, ("09:00:00–18:00:00 UTC, closed now (20:00 UTC)", "Opens at 09:00:00 UTC tomorrow, in 13 h 00 min.")),
    ],
)
def test_the_window_in_words(hour: int, told: tuple[str, ...]) -> None:
    assert window_in_words(DAY, datetime(2026, 1, 2, hour, tzinfo=UTC)) == told


@pytest.mark.parametrize("zone", ["UTC0"], indirect=True)
@pytest.mark.usefixtures("zone")
def test_a_change_within_minutes_or_less_and_none_at_all() -> None:
    assert window_in_words(DAY, datetime(2026, 1, 2, 8, 30, tzinfo=UTC))[1].endswith("in 30 min.")
    assert window_in_words(DAY, datetime(2026, 1, 2, 8, 59, 50, tzinfo=UTC))[1].endswith("in less than a minute.")
    assert window_in_words(Window("00:00:00", "23:59:59"), datetime(2026, 1, 2, tzinfo=UTC))[1] == "It never closes."


@pytest.mark.parametrize("zone", ["Europe/Bucharest"], indirect=True)
@pytest.mark.usefixtures("zone")
def test_the_window_in_the_operators_zone_and_after_the_clocks_change() -> None:
    lines = window_in_words(DAY, datetime(2026, 1, 2, 12, tzinfo=UTC))
    assert lines[2] == "Here (EET) that is 11:00:00–20:00:00 today."
    assert lines[3].endswith("on it will be 12:00:00–21:00:00 here.")
    assert "2026-03-" in lines[3]


@pytest.mark.parametrize("zone", ["IST-5:30"], indirect=True)
@pytest.mark.usefixtures("zone")
def test_a_zone_whose_clocks_do_not_change() -> None:
    assert len(window_in_words(DAY, datetime(2026, 1, 2, 12, tzinfo=UTC))) == 3


def test_the_meaning_of_a_draft(session: Session) -> None:
    draft = filled(new_draft(), service_url="https://münchen.example")
    told = meaning(session, draft, check(session, draft))
    assert told.window == DAY
    assert told.now_second == 12 * 3600
    assert told.pace_words
    assert told.host_words
    assert "münchen.example" in told.host_words[0]
    assert told.steps
    empty = meaning(session, new_draft(), check(session, new_draft()))
    assert empty.window is None
    assert empty.window_words == ("No window yet: both limits are needed.",)
    assert empty.host_words == ()


def test_app_config_is_laid_out_and_put_back() -> None:
    assert indented('{"b": [1], "a": "ü"}') == '{\n  "b": [\n    1\n  ],\n  "a": "ü"\n}'
    assert one_line(indented('{"b": 1, "a": 2}')) == one_line('{"a": 2, "b": 1}')
    assert indented("{") == one_line("{") == "{"
    assert [finding.code for finding in config_findings("{")] == ["app_config_json"]


def test_findings_of_one_status_row_are_its_own() -> None:
    rows = (StatusRow("a", "A", "delivered"), StatusRow("b", "", "nonsense"))
    assert row_findings(rows, 0, rows[0]) == ()
    assert {finding.field for finding in row_findings(rows, 1, rows[1])} == {"label", "canonical"}
    assert {finding.field for finding in row_findings(rows, None, StatusRow("A", "x", "delivered"))} == {"code"}


def test_who_acts_is_looked_up_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    author = current_author({"USER": "root2", "LOGNAME": "x", "SSH_CONNECTION": "192.0.2.7\x1b 1 192.0.2.8 22"})
    assert author.user != "root2"
    assert author.ssh_client == "192.0.2.7␛"
    assert current_author({}).ssh_client is None

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert current_author({}).user.startswith("uid-")
