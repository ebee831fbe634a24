"""The page on delivery has every way of the table, and none beside."""

from pathlib import Path

from ftos_tui.domain.delivery.states import TRANSITIONS

PAGE = Path(__file__).parents[3] / "docs" / "delivery.md"


def test_the_page_has_the_table_of_states() -> None:
    table = PAGE.read_text("utf-8").partition("### States")[2].partition("###")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines() if line.startswith("|")]
    written = {(before, after, by) for before, afters, by in rows[2:] for after in afters.split(", ")}
    assert written == {
        (str(row.before or "new"), str(row.after), ", ".join(actor for actor in ACTORS if actor in row.by))
        for row in TRANSITIONS
    }


ACTORS = ("worker", "operator", "event", "clock", "enqueue")
"""In the order in which the page names them."""
