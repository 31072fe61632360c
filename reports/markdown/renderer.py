"""The Markdown renderer: verdict, rules, what asks for a look; the rest is folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from avaudit.renderer import Renderer
from avaudit.result import Report

from ..overview import counts_line, plain_summary, verdict_line
from .escape import code, prose
from .sections import Section, sections_of

MAX_CHARACTERS = 65_536
"""The longest comment GitHub takes."""
_TITLES = {"scan": "examination", "audit": "audit", "bench": "benchmark"}


class MarkdownRenderer(Renderer):
    """Writes a comment for a pull request: at most 65,536 characters, nothing in it executes."""

    filename = "report.md"

    def render(self, report: Report, folder: Path) -> bytes:  # noqa: ARG002 - nothing is read
        """Give the document's bytes (UTF-8)."""
        end = _end(report)
        left = MAX_CHARACTERS - len(end)
        head = _head(report)
        parts = [head, *_fitted(sections_of(report), left - len(head)), end]
        return ("\n".join(parts) + "\n").encode("utf-8", "replace")


def _head(report: Report) -> str:
    lines = [f"## avaudit {_TITLES[report.kind]}", "", f"**{prose(verdict_line(report))}**", ""]
    lines += [prose(counts_line(report)), ""]
    if report.kind == "audit":
        lines += [prose(plain_summary(report)), ""]
    return "\n".join(lines)


def _fitted(sections: Iterable[Section], left: int) -> Iterator[str]:
    """Give the sections, cut so that together they have at most ``left`` characters.

    None takes more than half of what is left, so that the later ones are never crowded out.
    """
    for section in sections:
        used = len(section.text([])) + 81  # with the line that says what is missing
        rows: list[str] = []
        for row in section.rows:
            if used + len(row) + 1 > left // 2:
                break
            rows.append(row)
            used += len(row) + 1
        missing = section.count - len(rows)
        if rows:
            left -= used
            yield section.text(rows, f"{missing:,} more stand in report.json." if missing else "")


def _end(report: Report) -> str:
    seal = report.seal
    lines = [
        f"Report {code(report.id)}, made by {code(f'{report.tool.name} {report.tool.version}')}"
    ]
    if report.gate_ is not None:
        policy = report.gate_.policy
        lines.append(f"policy {code(policy.name)}, SHA-256 {code(policy.sha256)}")
    if report.plan is not None:
        lines.append(f"plan SHA-256 {code(report.plan.sha256)}")
    lines.append(f"digest {code(seal.digest)}" if seal else "not sealed")
    return f"<sub>{'; '.join(lines)}. Verify with {code('avaudit verify report.json')}.</sub>"
