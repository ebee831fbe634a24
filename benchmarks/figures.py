"""Figures: what came out, what it is held against, whether the target is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        measure: What was measured.
        ours: The console's value.
        unit: Of both values: ms, MiB, bytes, B/s, s.
        target: The greatest ratio to the reference, or the greatest value where `absolute`; None for no target.
        reference: What it is held against in the same run; None where only the value counts.
        absolute: Whether the target is one for the value itself.
        strict: Whether the value must be below the target, not at it.
        note: Of what the values are, such as "median of 15".
    """

    measure: str
    ours: float
    unit: str
    target: float | None
    reference: float | None = None
    absolute: bool = False
    strict: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the reference; None without one, or where it is 0."""
        return self.ours / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        judged = self.ours if self.absolute else self.ratio
        if self.target is None or judged is None:
            return None
        return judged < self.target if self.strict else judged <= self.target

    def row(self) -> tuple[str, ...]:
        """The line's cells, as `HEADERS` names them."""
        sign = "<" if self.strict else "≤"
        unit = f" {self.unit}" if self.absolute else ""
        return (
            self.measure,
            _amount(self.ours, self.unit),
            "—" if self.reference is None else _amount(self.reference, self.unit),
            "—" if self.ratio is None else f"{self.ratio:.2f}",
            "—" if self.target is None else f"{sign} {self.target:g}{unit}",
            {True: "met", False: "NOT MET", None: "—"}[self.met],
            self.note,
        )

    def shape(self) -> dict[str, Any]:
        """The figure for `--json`."""
        return {
            "measure": self.measure,
            "ours": self.ours,
            "unit": self.unit,
            "reference": self.reference,
            "ratio": self.ratio,
            "target": self.target,
            "absolute": self.absolute,
            "met": self.met,
            "note": self.note,
        }


HEADERS = ("measure", "ours", "reference", "ratio", "target", "", "of")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text: the first and the last column to the left, figures to the right.

    Args:
        headers: One a column.
        rows: As many cells each.
    """
    lines = [headers, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    last = len(headers) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:.{2 if unit == 's' or (unit == 'ms' and value < 10) else 1 if unit == 'MiB' else 0}f} {unit}"
