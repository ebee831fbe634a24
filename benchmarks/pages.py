"""Whether the first page of the list costs the same, however many providers there are."""

import statistics
import time
from itertools import repeat

from benchmarks.figures import Figure
from benchmarks.places import Operator
from ftos_tui.studio.reading import ListQuery, SortColumn, list_providers
from ftos_tui.studio.session import Session

_TIMES = 300


def page_figures(many: Operator, most: Operator) -> list[Figure]:
    """The first page of 100,000 providers against that of 200, by name and by the worst other column.

    Args:
        many: Has 200.
        most: Has 100,000.
    """
    with many.session() as few_rows, most.session() as all_rows:
        by_name = _medians_ms(few_rows, all_rows, ListQuery())
        others = [
            (column, *_medians_ms(few_rows, all_rows, ListQuery(sort=column, descending=descending)))
            for column in SortColumn
            for descending in (False, True)
        ]
    column, reference, ours = max(others, key=lambda other: other[2] / other[1])
    note = f"median of {_TIMES}, 200 providers"
    worst = f"{note}, by {column.name.lower()}"
    return [
        Figure("first page of 100,000, by name", by_name[1], "ms", 1.2, by_name[0], note=note),
        Figure("first page of 100,000, worst column", ours, "ms", 1.2, reference, note=worst),
    ]


def _medians_ms(few_rows: Session, all_rows: Session, query: ListQuery) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for session in (few_rows, all_rows):
        list_providers(session, query)
    for _ in repeat(None, _TIMES):
        for session, taken in zip((few_rows, all_rows), times, strict=True):
            before = time.perf_counter()
            list_providers(session, query)
            taken.append(time.perf_counter() - before)
    return statistics.median(times[0]) * 1000, statistics.median(times[1]) * 1000
