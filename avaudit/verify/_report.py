"""Verifying one report: its bytes, its seal, every file it names, and its place in the ledger."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ..seal import PublicKey
from ._files import artefact_checks, document_checks, subject_checks
from ._ledger import ask_ledger
from ._model import Verification
from ._seal import seal_checks
from ._text import read_exactly

REPORT_FILE = "report.json"


def verify_report(
    path: Path, *, ledger_url: str | None = None, public_key: PublicKey | None = None
) -> Verification:
    """Verify a report and everything it rests on.

    Parameters
    ----------
    path
        report.json, or the folder it lies in.
    ledger_url
        The ledger to look into; this machine's by default.
    public_key
        The key the report must be signed with (see :func:`avaudit.seal.parse_public_key`).
        Without it, any known key will do, and an unknown one is a warning.

    Returns
    -------
    Verification
        Each thing that was looked at. A report no byte of which was changed, with all its files,
        is ``ok``; whatever was touched has a check that failed and names it.

    Raises
    ------
    UsageError
        When the report cannot be read at all.
    LedgerError
        When nothing was found touched, but the ledger could not be asked (locked, server down):
        then nobody can call the report untouched.
    """
    path = Path(path)
    if path.is_dir():
        path = path / REPORT_FILE
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"the report {path} cannot be read: {error}") from error
    report, exact = read_exactly(path.name, data)
    if report is None:
        return Verification((exact,), str(path))
    asked = ask_ledger(report, ledger_url)
    verification = Verification(
        (
            exact,
            *seal_checks(report, public_key),
            *artefact_checks(path.parent, report),
            *subject_checks(path.parent, report),
            *document_checks(path.parent, asked.documents, path.name),
            *asked.checks,
        ),
        str(path),
    )
    if asked.unavailable is not None and verification.ok:
        raise asked.unavailable
    return verification
