"""Printing: what people read on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from ..result import Report
    from ..scanning import Progress

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
BIDI = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
MAX_LISTED = 40


def plain(text: str) -> str:
    """Make a text from a file safe for a terminal: control characters are shown, not obeyed."""
    return text.translate(CONTROL | BIDI)


def console(*, stderr: bool = False) -> Console:
    """Give a console that respects ``NO_COLOR``, pipes and dumb terminals."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 120
    return Console(stderr=stderr, highlight=False, soft_wrap=not stream.isatty(), width=width)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Show progress on standard error, if that is a terminal and nobody asked for quiet."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("examining"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("scan", total=None, name="")

        def show(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, name=plain(name)[:40])

        yield show


def print_report(report: Report) -> None:
    """Print one line of verdict per subject, then its findings; long scans are cut short."""
    from rich.markup import escape

    out = console()
    for subject in report.subjects[:MAX_LISTED]:
        conclusion = report.conclusion_of(subject.id)
        out.print(f"[bold]{escape(plain(subject.name))}[/bold]")
        out.print(f"  {escape(plain(conclusion.summary if conclusion else ''))}")
        for line in conclusion.contradictions if conclusion else ():
            out.print(f"  [yellow]contradiction[/yellow]  {escape(plain(line))}")
        apart = []
        for finding in report.findings_of(subject.id):
            if finding.reason is not None and finding.reason.code == "format_not_supported":
                apart.append(finding.detector.name)
                continue
            said = finding.summary or (finding.reason.text if finding.reason else "")
            name = f"{finding.detector.name:<20} {finding.outcome:<9}"
            out.print(f"    [dim]{escape(name)}[/dim] {escape(plain(said))}")
        if apart:
            out.print(f"    [dim]not for this kind of file: {escape(', '.join(apart))}[/dim]")
    left = len(report.subjects) - MAX_LISTED
    if left > 0:
        out.print(f"… and {left} more; see the report.")
