"""One published value beside ours, and how the list of them is printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What the comparison says."""

    OK = "ok"
    DIFFERS = "DIFFERS"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """A published value and ours.

    Attributes
    ----------
    name
        What the value is.
    source
        Where it is published.
    published
        The value as published.
    ours
        The value recomputed; NaN where it could not be.
    tolerance
        Largest difference that counts as the same: half a unit of the last published digit, or
        more where the value rests on random draws.
    reason
        Why it was skipped; empty otherwise.
    """

    name: str
    source: str
    published: float
    ours: float = math.nan
    tolerance: float
    reason: str = ""

    @property
    def difference(self) -> float:
        """Ours minus published; NaN where skipped."""
        return self.ours - self.published

    @property
    def status(self) -> Status:
        """Whether both agree. A value we cannot compute from the data at hand is not the same."""
        if self.reason:
            return Status.SKIPPED
        return Status.OK if abs(self.difference) <= self.tolerance else Status.DIFFERS

    def to_dict(self) -> dict[str, Any]:
        """Give the row for JSON, with null in place of NaN."""
        row = {**asdict(self), "difference": self.difference, "status": self.status.value.lower()}
        return {k: None if v != v else v for k, v in row.items()}  # noqa: PLR0124 - NaN


def golden_lines(rows: Sequence[Golden]) -> list[str]:
    """Give the table as lines of text, with a count at the end."""
    head = ("value", "published", "ours", "difference", "")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(4)]
    lines, source = [], ""
    for row, line in zip([None, *rows], cells, strict=True):
        if row is not None and row.source != source:
            source = row.source
            lines += ["", source]
        name, *numbers = line[:4]
        columns = [n.rjust(w) for n, w in zip(numbers, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *columns, line[4]]).rstrip())
    counts = {status: sum(row.status is status for row in rows) for status in Status}
    lines += ["", f"{counts[Status.OK]} agree, {counts[Status.DIFFERS]} differ, "
              f"{counts[Status.SKIPPED]} skipped"]  # fmt: skip
    return lines


def _cells(row: Golden) -> tuple[str, str, str, str, str]:
    published = f"{row.published:.12g}"
    if row.reason:
        return row.name, published, "", "", f"{row.status.value}: {row.reason}"
    return row.name, published, f"{row.ours:.12g}", f"{row.difference:+.1e}", row.status.value
