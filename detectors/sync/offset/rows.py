"""Rows of figures: rates with their interval, medians, and the table of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from avaudit.statistics import wilson

Row = dict[str, object]


def rate(what: str, hits: Iterable[bool] | npt.NDArray[np.bool_]) -> Row:
    """Give a share with its 95 % interval (Wilson); no value of nothing.

    Examples
    --------
    >>> rate("heads", [True, True, False, True])["value"]
    0.75
    """
    found = np.array(list(hits), np.bool_)
    if not found.size:
        return {"what": what, "value": None, "n": 0}
    estimate = wilson(float(found.sum()), found.size)
    return {
        "what": what,
        "value": round(estimate.value, 4),
        "low": round(estimate.low, 4),
        "high": round(estimate.high, 4),
        "n": found.size,
    }


def median(what: str, values: Sequence[float]) -> Row:
    """Give a median; no value of nothing."""
    value = round(float(np.median(values)), 4) if len(values) else None
    return {"what": what, "value": value, "n": len(values)}


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Give the rows as a Markdown table."""
    lines = ["| what | value | 95 % interval | n |", "|---|---|---|---|"]
    for row in rows:
        value = row["value"]
        shown = "–" if value is None else f"{value:.3f}"
        interval = f"{row['low']:.2f} to {row['high']:.2f}" if "low" in row else ""
        lines.append(f"| {row['what']} | {shown} | {interval} | {row['n']} |")
    return "\n".join(lines) + "\n"
