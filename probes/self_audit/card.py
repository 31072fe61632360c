"""The table of groups in a detector's card: written by the tool, between two markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avaudit.card_writer import write_table

MARKS = (
    b"# --- written by the probe self: do not edit from here ---\n",
    b"# --- end of what the probe self wrote ---\n",
)
COLUMNS = ("n", "n_clusters", "fpr", "low", "high")
DIGITS = 6


def write_groups(
    card_path: Path, table: Sequence[Mapping[str, Any]], *, threshold: float | None = None
) -> bool:
    r"""Put false alarm rates by group into a card, in place of those it has.

    Parameters
    ----------
    card_path
        The ``card.toml`` beside a detector's code.
    table
        Rows as in the probe's fact ``card_table``: ``group``, ``n`` clips, ``n_clusters``
        identities, ``fpr`` with ``low`` and ``high``; None where not known.
    threshold
        The operating point they were measured at, in the unit of the score.

    Returns
    -------
    bool
        Whether the file was written: not when it says all this already.

    Raises
    ------
    UsageError
        When the card cannot be read, is no TOML, holds one marker without the other, or has a
        table ``group_fpr`` outside of them.
    AvauditError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile, tomllib
    >>> card = Path(tempfile.mkdtemp()) / "card.toml"
    >>> _ = card.write_text('name = "x"\n')
    >>> row = {"group": "f", "n": 90, "n_clusters": 30, "fpr": 0.1, "low": 0.05, "high": 0.2}
    >>> write_groups(card, [row], threshold=0.5)
    True
    >>> tomllib.loads(card.read_text())["group_fpr"]["by_group"]["f"]["fpr"]
    0.1
    """
    written: dict[str, Any] = {} if threshold is None else {"threshold": float(threshold)}
    # TOML has no null: what is not known is left out
    written["by_group"] = {
        str(row["group"]): {c: _rounded(row[c]) for c in COLUMNS if row.get(c) is not None}
        for row in table
    }
    return write_table(card_path, "group_fpr", written, MARKS)


def _rounded(value: float) -> float | int:
    return round(value, DIGITS) if isinstance(value, float) else int(value)
