"""The view of a report as plain JSON for the typesetter.

The PDF shows the same view as the HTML page, so that the two never differ in a number. Every
text passes :func:`printable`; the template prints texts as texts and reads none as markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from avaudit.result import Question, Reason, Report

from ..html.drawings import Regions
from ..html.facts import Chained
from ..html.images import Picture, Pictures
from ..html.page import PageView, page_view
from ..html.subjects import SubjectView
from ..html.text import visible
from ..overview import (
    answers,
    asks_for_a_look,
    counts_line,
    plain_summary,
    verdict_line,
)
from .thumbnails import Thumbnails

MAX_SUBJECTS = 60
"""Files whose findings are printed in full."""
MAX_ROWS = 400
"""Rows of a table that are printed."""
_NOT_DRAWN = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u0377\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u04ff"
    "\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u214f\u2190-\u22ff"
    "\u2500-\u259f\u27e8\u27e9]"
)
_LONG = re.compile(r"\S{25,}")
BREAK = "\u200b"


def printable(text: str) -> str:
    """Give text in characters that the bundled fonts have; others are shown as their code.

    Long words get places where a line may break.

    Examples
    --------
    >>> printable("文.jpg")
    '⟨U+6587⟩.jpg'
    """
    shown = _NOT_DRAWN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", visible(text))
    return _LONG.sub(lambda found: BREAK.join(re.findall(".{1,8}", found[0])), shown)


def document_data(report: Report, pictures: Pictures, thumbnails: Thumbnails) -> dict[str, Any]:
    """Give everything the document shows."""
    page = page_view(report, pictures)
    chosen = _chosen(report, page)
    walk = _Walk(thumbnails)
    parts = {
        "page": {f.name: getattr(page, f.name) for f in fields(page) if f.name != "subjects"},
        "rows": [_row(subject) for subject in page.subjects[:MAX_ROWS]],
        "subjects": chosen,
        "verdict": verdict_line(report),
        "counts": counts_line(report),
        "summary": plain_summary(report) if report.kind == "audit" else "",
        "answers": [{"id": a.scenario.id, "words": a.words} for a in answers(report)],
        "notes": _notes(report, page, len(chosen)),
    }
    found: dict[str, Any] = walk.plain(parts)
    for name in ("estimates", "tests"):
        found["page"]["audit"][name] = found["page"]["audit"][name][:MAX_ROWS]
    if (gate := found["page"]["audit"]["gate"]) is not None:
        gate["problems"] = gate["problems"][:MAX_ROWS]
    return found


def _chosen(report: Report, page: PageView) -> list[SubjectView]:
    """Give the files to print in full: those that ask for a look first, in their order."""
    if len(page.subjects) <= MAX_SUBJECTS:
        return page.subjects
    looked = {finding.subject for finding in report.findings if asks_for_a_look(finding)}
    looked |= {said.subject for said in report.conclusions if said.contradictions}
    ids = [subject.id for subject in report.subjects]
    first = [n for n, name in enumerate(ids) if name in looked][:MAX_SUBJECTS]
    others = [n for n in range(len(page.subjects)) if n not in set(first)]
    kept = sorted(first + others[: MAX_SUBJECTS - len(first)])
    return [page.subjects[n] for n in kept]


def _row(subject: SubjectView) -> dict[str, Any]:
    return {
        "number": subject.number,
        "name": subject.name,
        "brief": subject.brief,
        "verdict": subject.verdict,
        "badges": subject.badges,
        "outcomes": [f"{count} {outcome}" for outcome, count in subject.outcomes],
    }


def _notes(report: Report, page: PageView, printed: int) -> list[str]:
    notes = []
    if len(page.subjects) > MAX_ROWS:
        notes.append(f"The first {MAX_ROWS:,} of {len(page.subjects):,} files are listed.")
    if len(page.subjects) > printed:
        notes.append(
            f"The findings on {printed:,} files are printed, those that ask for a look first; "
            "all others stand in report.json."
        )
    for name, all_of in (("estimates", report.estimates), ("tests", report.tests)):
        if len(all_of) > MAX_ROWS:
            notes.append(f"The first {MAX_ROWS:,} of {len(all_of):,} {name} are printed.")
    return notes


class _Walk:
    """Turns views into JSON types: texts printable, pictures files."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails

    def plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return printable(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Picture):
            return {"file": self._thumbnails.keep(value), "why_not": printable(value.why_not)}
        if isinstance(value, Chained):
            return {"kind": "chain"}  # the manifests stand in words below it
        if is_dataclass(value):
            left_out = {"picture"} if isinstance(value, Regions) else set()
            names = [f.name for f in fields(value) if f.name not in left_out]
            known = {name: self.plain(getattr(value, name)) for name in names}
            kind = getattr(value, "kind", None)
            return known | ({"kind": kind} if isinstance(kind, str) else {})
        if isinstance(value, Question | Reason):
            return self.plain(value.model_dump())
        if isinstance(value, Mapping):
            return {str(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        raise TypeError(f"a document prints {type(value).__name__}: give it text")
