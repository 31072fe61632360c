"""One thing found wrong with a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    "edited",
    "removed",
    "out_of_order",
    "not_following",
    "signature",
    "unknown_key",
    "head",
    "identity",
    "rolled_back",
    "damaged",
]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing found wrong with a ledger.

    Attributes
    ----------
    code
        A stable word for programs: ``edited`` (a column of an entry was changed), ``removed``
        (entries are gone), ``out_of_order`` (entries changed places), ``not_following`` (an entry
        does not continue the one before it), ``signature`` (an entry was written or re-written
        without its key), ``unknown_key``, ``head`` (the head row was touched), ``identity`` (the
        ledger's own row was touched), ``rolled_back`` (this machine has seen a longer or another
        ledger there), ``damaged`` (the database file is).
    text
        What is wrong, in a sentence.
    seq
        The number of the entry, where one is concerned.
    column
        The column that was changed, where that can be told.
    report_id
        The report the entry is about, as the entry says.
    """

    code: ProblemCode
    text: str
    seq: int | None = None
    column: str | None = None
    report_id: str | None = None
