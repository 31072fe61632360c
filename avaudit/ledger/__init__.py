"""The ledger: an append-only, hash-chained, signed record of every report made.

Each entry holds the hash of the one before it and is signed; a signed head names the last one.
Editing, removing or re-ordering entries breaks the chain, and :meth:`Ledger.check` says where.

Examples
--------
>>> with Ledger.open() as ledger:  # doctest: +SKIP
...     sealed = ledger.append_report(report, load_or_create_key())
...     problems = ledger.check()
"""

from ._entry import Entry, Head, LedgerIdentity, ReportRow, text_sha256
from ._errors import DamagedLedgerError, MissingLedgerError
from ._ledger import Ledger
from ._problem import Problem
from ._witness import Witness, last_seen

__all__ = [
    "DamagedLedgerError",
    "Entry",
    "Head",
    "Ledger",
    "LedgerIdentity",
    "MissingLedgerError",
    "Problem",
    "ReportRow",
    "Witness",
    "last_seen",
    "text_sha256",
]
