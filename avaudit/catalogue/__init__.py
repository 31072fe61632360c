"""The catalogue: an index of the ledger for pages, filters and queues; never the truth.

A SQLite file in the avaudit home's cache holds reports, subjects, findings, gates and reviews as
rows, so that a ledger with 100,000 findings is paged in milliseconds. It is brought up to date
from the ledger entry by entry, holds on to the hash of the last one read, and is rebuilt when that
entry is no longer the ledger's. It can be deleted at any time. Nothing in it is computed from
media: it repeats what the reports say, and sorts findings by what they themselves state
(:func:`standing_of`).

Examples
--------
>>> with Ledger.open(read_only=True) as ledger:  # doctest: +SKIP
...     catalogue = open_catalogue(ledger)
...     catalogue.refresh(ledger)
...     page = catalogue.findings(Wanted(standing=("flagged",)), limit=50)
"""

from .catalogue import (
    Catalogue,
    catalogue_path,
    empty_catalogue,
    open_catalogue,
    remove_catalogue,
)
from .model import (
    DayCount,
    FindingLine,
    FindingPage,
    FindingRecord,
    GateLine,
    Order,
    ReadingProblem,
    ReportLine,
    Totals,
    Wanted,
)
from .standing import STANDINGS, Standing, standing_of

__all__ = [
    "STANDINGS",
    "Catalogue",
    "DayCount",
    "FindingLine",
    "FindingPage",
    "FindingRecord",
    "GateLine",
    "Order",
    "ReadingProblem",
    "ReportLine",
    "Standing",
    "Totals",
    "Wanted",
    "catalogue_path",
    "empty_catalogue",
    "open_catalogue",
    "remove_catalogue",
    "standing_of",
]
