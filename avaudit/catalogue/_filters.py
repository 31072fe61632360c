"""From what is wanted to a WHERE clause with bound values."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Order, Wanted

ORDERS: dict[Order, str] = {
    "queue": "f.waiting DESC, f.priority DESC, f.id DESC",
    "newest": "f.id DESC",
    "subject": "s.name, f.id",
    "detector": "f.detector, f.id DESC",
    "strength": "f.log10_lr DESC, f.id DESC",
}


def where(wanted: Wanted) -> tuple[str, list[str | int]]:
    """Give the clause, with ``?`` for every value, and the values."""
    parts: list[str] = []
    values: list[str | int] = []
    for clause, given in _clauses(wanted):
        parts.append(clause)
        values += given
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def _clauses(wanted: Wanted) -> Iterator[tuple[str, list[str | int]]]:
    for column, among in (
        ("f.standing", wanted.standing),
        ("f.outcome", wanted.outcome),
        ("f.detector", wanted.detector),
        ("f.review", wanted.review),
        ("s.media_kind", wanted.media_kind),
    ):
        if among:
            yield f"{column} IN ({','.join('?' * len(among))})", list(among)
    if wanted.waiting:
        yield "f.waiting = 1", []
    if wanted.report_id is not None:
        report = "f.report_seq = (SELECT seq FROM reports WHERE report_id = ?)"
        yield report, [wanted.report_id]
    if wanted.subject_id is not None:
        yield "s.subject_id = ?", [wanted.subject_id]
    if wanted.search:
        literal = wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        yield "s.name LIKE ? ESCAPE '\\'", [f"%{literal}%"]
    if wanted.from_day:
        yield "f.day >= ?", [wanted.from_day]
    if wanted.to_day:
        yield "f.day <= ?", [wanted.to_day]
