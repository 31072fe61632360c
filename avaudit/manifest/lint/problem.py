"""One thing that is wrong with a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..table import Manifest

MAX_EXAMPLES = 5


class Code(StrEnum):
    """What kind of problem it is; worst first, which is the order of the answer."""

    MISSING_FILE = "missing_file"
    BAD_VALUE = "bad_value"
    IDENTITY_LEAK = "identity_leak"
    CROSS_GROUP_LEAK = "cross_group_leak"
    LABEL_SHORTCUT = "label_shortcut"
    DUPLICATE = "duplicate"
    GROUP_TOO_SMALL = "group_too_small"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a data set.

    Attributes
    ----------
    code
        The kind, one of :class:`Code`.
    column
        The column it is about, or several joined by commas; ``file:<property>`` for a property
        of the files themselves.
    rows
        How many rows are concerned.
    examples
        A few of them in words, with their lines.
    text
        What is wrong, how much it matters, and what to do.
    """

    code: Code
    column: str
    rows: int
    examples: tuple[str, ...]
    text: str

    def as_json(self) -> dict[str, Any]:
        """Give the problem as JSON values."""
        return asdict(self) | {"code": self.code.value, "examples": list(self.examples)}


def at_rows(
    manifest: Manifest, rows: Sequence[int] | NDArray[np.int64], values: Sequence[object]
) -> tuple[str, ...]:
    """Give the first few rows in words: ``line 5: clips/a.wav``; ``values`` belong to ``rows``."""
    shown = zip(rows[:MAX_EXAMPLES], values[:MAX_EXAMPLES], strict=True)
    return tuple(f"line {manifest.line(int(row))}: {value}" for row, value in shown)


def count(n: int, one: str, many: str = "") -> str:
    """Give a number with its noun.

    Examples
    --------
    >>> count(1, "row"), count(1200, "row"), count(2, "identity", "identities")
    ('1 row', '1,200 rows', '2 identities')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
