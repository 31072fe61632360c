"""Verifying one report: its bytes, its seal, every file it names, and its place in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..seal import PublicKey
from ._files import artefact_checks, document_checks, subject_checks
from ._ledger import ask_ledger
from ._model import Check, Verification
from ._seal import seal_checks
from ._text import read_exactly

REPORT_FILE = "report.json"
_WITHOUT_FILES = (
    Check(
        "subjects",
        "not_checked",
        "the examined files, artefacts and documents are not here: only the report was given",
    ),
)


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
    return _verify(path.name, data, path, ledger_url, public_key)


def verify_content(
    name: str,
    data: bytes,
    *,
    ledger_url: str | None = None,
    public_key: PublicKey | None = None,
) -> Verification:
    """Verify a report that came without the files beside it, such as an upload.

    Parameters
    ----------
    name
        The file's name, for the texts.
    data
        Its bytes.
    ledger_url, public_key
        As in :func:`verify_report`.

    Returns
    -------
    Verification
        As :func:`verify_report`; the files the report names are said not to be checked.

    Raises
    ------
    LedgerError
        As in :func:`verify_report`.
    """
    return _verify(name, data, None, ledger_url, public_key)


def _verify(
    name: str,
    data: bytes,
    path: Path | None,
    ledger_url: str | None,
    public_key: PublicKey | None,
) -> Verification:
    of = name if path is None else str(path)
    report, exact = read_exactly(name, data)
    if report is None:
        return Verification((exact,), of)
    asked = ask_ledger(report, ledger_url)
    files = _WITHOUT_FILES if path is None else _file_checks(path, report, asked.documents)
    verification = Verification(
        (exact, *seal_checks(report, public_key), *files, *asked.checks), of
    )
    if asked.unavailable is not None and verification.ok:
        raise asked.unavailable
    return verification


def _file_checks(
    path: Path, report: dict[str, Any], documents: dict[str, str] | None
) -> tuple[Check, ...]:
    return (
        *artefact_checks(path.parent, report),
        *subject_checks(path.parent, report),
        *document_checks(path.parent, documents, path.name),
    )
