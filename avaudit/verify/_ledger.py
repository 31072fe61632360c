"""The ledger: the whole chain, and the report's place in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import LedgerError
from ..ledger import DamagedLedgerError, Entry, Ledger, MissingLedgerError, last_seen, text_sha256
from ..seal import compact_text
from ._model import Check, Verification

_SHOWN_DIFFERENCES = 10
_ABSENT = object()


@dataclass(frozen=True)
class LedgerAnswer:
    """What the ledger says of a report.

    ``documents`` are the recorded digests of its documents (``None`` when it does not know the
    report); ``unavailable`` is set when the ledger could not be asked at all.
    """

    checks: tuple[Check, ...]
    documents: dict[str, str] | None = None
    unavailable: LedgerError | None = None


def verify_ledger(url: str | None = None) -> Verification:
    """Verify the whole chain of a ledger.

    Parameters
    ----------
    url
        As in :meth:`avaudit.ledger.Ledger.open`.

    Raises
    ------
    MissingLedgerError
        When there is none, and this machine never wrote to one there.
    LedgerError
        When it cannot be read.
    """
    try:
        with Ledger.open(url, read_only=True) as ledger:
            return Verification(tuple(_chain(ledger)), ledger.place)
    except DamagedLedgerError as error:
        return Verification((Check("ledger", "failed", str(error)),), "the ledger")
    except MissingLedgerError as error:
        gone = _gone(url, error)
        if gone.status != "failed":
            raise
        return Verification((gone,), "the ledger")


def ask_ledger(report: dict[str, Any], url: str | None) -> LedgerAnswer:
    """Check the chain, and whether the report stands in it as it is here."""
    try:
        with Ledger.open(url, read_only=True) as ledger:
            return _answer(ledger, report)
    except MissingLedgerError as error:
        return LedgerAnswer((_gone(url, error),))
    except DamagedLedgerError as error:
        return LedgerAnswer((Check("ledger", "failed", str(error)),))
    except LedgerError as error:
        return LedgerAnswer((Check("ledger", "not_checked", str(error)),), unavailable=error)


def _answer(ledger: Ledger, report: dict[str, Any]) -> LedgerAnswer:
    checks = _chain(ledger)
    report_id = report.get("id")
    entry = ledger.report_entry(report_id) if isinstance(report_id, str) else None
    if entry is None:
        return LedgerAnswer((*checks, _not_there(ledger)))
    checks.append(_place(ledger, entry, report))
    try:
        documents = ledger.documents_of(entry.report_id)
    except DamagedLedgerError as error:
        checks.append(Check("documents", "failed", str(error)))
        documents = {}
    return LedgerAnswer(tuple(checks), documents)


def _chain(ledger: Ledger) -> list[Check]:
    problems = ledger.check()
    if not problems:
        text = f"every entry of {ledger.place} is in its place and as it was signed"
        return [Check("ledger", "ok", text)]
    return [Check("ledger", "failed", problem.text) for problem in problems]


def _gone(url: str | None, error: MissingLedgerError) -> Check:
    """Tell a ledger that never was from one that was taken away."""
    seen = last_seen(url)
    if seen is None:
        return Check("ledger", "not_checked", str(error))
    text = f"{error}. This machine wrote {seen.seq} entries or more there: the ledger was removed"
    return Check("ledger", "failed", text)


def _not_there(ledger: Ledger) -> Check:
    text = (
        f"{ledger.place} does not have this report: it was made with another ledger, "
        "or its entry was removed"
    )
    return Check("ledger entry", "warning", text)


def _place(ledger: Ledger, entry: Entry, report: dict[str, Any]) -> Check:
    if text_sha256(compact_text(report)) != entry.digest:
        text = (
            f"entry {entry.seq} of the ledger holds another report {entry.report_id} than this one"
        )
        return Check("ledger entry", "failed", text, tuple(_changes(ledger, entry, report)))
    if report["seal"].get("previous") != entry.previous:
        text = f"seal.previous is not what entry {entry.seq} of the ledger followed"
        return Check("ledger entry", "failed", text)
    text = f"entry {entry.seq} of the ledger holds the same report (appended {entry.created})"
    return Check("ledger entry", "ok", text)


def _changes(ledger: Ledger, entry: Entry, report: dict[str, Any]) -> Iterator[str]:
    """Name the values that differ, from the copy in the ledger."""
    payload = ledger.report_payload(entry.report_id)
    try:
        stored = json.loads(payload or "")
    except (ValueError, RecursionError):
        return
    try:
        for shown, line in enumerate(_differences("", stored, report)):
            if shown == _SHOWN_DIFFERENCES:
                yield "… and more"
                return
            yield line
    except RecursionError:
        yield "… nested too deeply to compare"


def _differences(where: str, stored: Any, found: Any) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(found, dict):
        for key in [*stored, *(key for key in found if key not in stored)]:
            path = f"{where}.{key}" if where else str(key)
            yield from _differences(path, stored.get(key, _ABSENT), found.get(key, _ABSENT))
        if list(stored) != list(found) and stored == found:
            yield f"{where or 'the report'}: the members are in another order"
    elif isinstance(stored, list) and isinstance(found, list):
        for index in range(max(len(stored), len(found))):
            yield from _differences(f"{where}[{index}]", _item(stored, index), _item(found, index))
    elif stored is _ABSENT or found is _ABSENT or (type(stored), stored) != (type(found), found):
        yield f"{where}: {_short(found)} here, {_short(stored)} in the ledger"


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"
