"""Edits of the list of statuses."""

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.studio.failures import Refused
from ftos_tui.studio.providers import base_of, save
from ftos_tui.studio.session import Session
from ftos_tui.studio.statuses import (
    PRESETS,
    NoSuchStatus,
    index_of,
    preset_rows,
    with_row,
    with_row_replaced,
    without_row,
)
from tests.studio.making import saved

ROWS = (StatusRow("a", "A", "delivered"), StatusRow("A ", "B", "failed"), StatusRow("250 ok", "C", "accepted"))


def test_rows_are_added_replaced_and_removed() -> None:
    new = StatusRow("n", "N", "opened")
    assert with_row(ROWS, new) == (*ROWS, new)
    assert with_row_replaced(ROWS, 1, new) == (ROWS[0], new, ROWS[2])
    assert without_row(ROWS, 0) == ROWS[1:]


def test_a_code_is_found_exactly_first_then_whatever_its_case() -> None:
    assert index_of(ROWS, "A ") == 1
    assert index_of(ROWS, "A") == 0
    assert index_of(ROWS, " 250 OK ") == 2
    with pytest.raises(NoSuchStatus, match="did you mean 250 ok"):
        index_of(ROWS, "250 o")
    with pytest.raises(NoSuchStatus, match="list the rows"):
        index_of((), "\x1b")


def test_presets() -> None:
    assert {name: len(preset_rows(name.upper())) > 0 for name in PRESETS} == dict.fromkeys(PRESETS, True)
    with pytest.raises(NoSuchStatus, match="take smtp, sendgrid, smpp"):
        preset_rows("x")


def test_a_saved_list_is_checked(session: Session) -> None:
    version = saved(session)
    twice = with_row(version.statuses, StatusRow(version.statuses[0].code.upper(), "again", "delivered"))
    with pytest.raises(Refused) as caught:
        save(session, Draft(base_of(version)).with_statuses(twice))
    assert [finding.code for finding in caught.value.checked.findings] == ["status_duplicate"]
    changed = save(session, Draft(base_of(version)).with_statuses(preset_rows("smtp")))
    assert changed.statuses == preset_rows("smtp")
