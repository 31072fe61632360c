"""The table of measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured line: ``value`` in ``unit``, and the ratio to ``against`` where there is one."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    goal: str = ""


def table(rows: Sequence[Row]) -> str:
    """Give the rows as a Markdown table."""
    lines = ["| measured | value | against | ratio | goal |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = _ratio(row.ratio) if row.ratio is not None else ""
        lines.append(
            f"| {row.what} | {row.value:.3g} {row.unit} | {row.against} | {ratio} | {row.goal} |"
        )
    return "\n".join(lines) + "\n"


def _ratio(value: float) -> str:
    return f"{value:,.0f} ×" if value >= 100 else f"{value:.2f} ×"
