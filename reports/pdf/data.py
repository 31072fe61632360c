"""The view of a report as plain JSON for the typesetter.

The PDF shows the same view as the HTML page, so that the two never differ in a number. Every
text passes :func:`printable`; the template prints texts as texts and reads none as markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from avaudit.result import Question, Reason, Report

from ..html.drawings import Regions
from ..html.facts import Chained
from ..html.images import Picture, Pictures
from ..html.page import page_view
from ..html.run import run_view
from ..html.text import visible
from ..overview import counts_line, plain_summary, verdict_line
from .files import MAX_ROWS, files_of
from .thumbnails import Thumbnails

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
    files = files_of(report, pictures)
    page = page_view(_without_files(report), pictures)
    audit = replace(
        page.audit,
        estimates=page.audit.estimates[:MAX_ROWS],
        tests=page.audit.tests[:MAX_ROWS],
        gate=page.audit.gate
        and replace(page.audit.gate, problems=page.audit.gate.problems[:MAX_ROWS]),
    )
    parts = {
        "page": {
            "title": page.title,
            "kind": page.kind,
            "id": page.id,
            "created": page.created,
            "tool": page.tool,
            "digest": page.digest,
            "audit": audit,
            "run": run_view(report),
        },
        "rows": files.rows,
        "subjects": files.printed,
        "verdict": verdict_line(report),
        "counts": counts_line(report),
        "summary": plain_summary(report) if report.kind == "audit" else "",
        "notes": [*files.notes, *_notes(report)],
    }
    found: dict[str, Any] = _Walk(thumbnails).plain(parts)
    return found


def _without_files(report: Report) -> Report:
    """Leave the files out: their views are made for those that are printed only."""
    return report.model_copy(update={"subjects": [], "findings": [], "conclusions": []})


def _notes(report: Report) -> list[str]:
    return [
        f"The first {MAX_ROWS:,} of {len(all_of):,} {name} are printed."
        for name, all_of in (("estimates", report.estimates), ("tests", report.tests))
        if len(all_of) > MAX_ROWS
    ]


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
