"""``avaudit gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import leave_by_gate, print_gate

if TYPE_CHECKING:
    from ..result import Gate, Report


def gate(
    reports: Annotated[
        list[Path],
        typer.Argument(metavar="REPORT...", help="report.json, or its folder; several together."),
    ],
    policy: Annotated[
        Path, typer.Option("--policy", help="Policy file; avaudit policy init writes a first one.")
    ],
    baseline: Annotated[
        list[Path] | None,
        typer.Option("--baseline", help="Earlier report: says what is new, fixed, unchanged."),
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Write the gate as SARIF 2.1.0 to this file.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write the gate as JUnit XML to this file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the gate on standard output, and nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Judge existing reports by a policy; the reports stay as they are.

    Exit status: 0 passed, 1 failed, 2 usage or an unreadable file, 3 undecided (the rules say
    what would settle them), 4 a document could not be written.
    """
    from ..policy import judge, read_policy
    from ..policy.gatekeeper import read_report
    from ..registry import load_renderer

    wanted = [(name, path) for name, path in (("sarif", sarif), ("junit", junit)) if path]
    renderers = [(load_renderer(name), path) for name, path in wanted]
    read = read_policy(policy)
    found = [read_report(path) for path in reports]
    before = [read_report(path) for path in baseline or ()]
    told = judge(read, found, before)
    told = told.model_copy(update={"reports": [report.id for report in found]})
    if renderers:
        view, folder = together(found, told), _folder(reports[0])
        for renderer, path in renderers:
            from ..atomic import write_atomic

            write_atomic(path, renderer.render(view, folder))
    if as_json:
        typer.echo(_text(told), nl=False)
    elif not quiet:
        print_gate(told)
    leave_by_gate(told)


def together(reports: list[Report], gate: Gate) -> Report:
    """Give one view of reports and their gate, for documents; it is never sealed.

    Of several reports the files get the number of their report before their id, so that each
    id is there once; problems of the gate name them likewise.
    """
    if len(reports) == 1:
        return reports[0].model_copy(update={"gate_": gate})
    number = {report.id: f"r{n}." for n, report in enumerate(reports, 1)}
    parts: dict[str, list[object]] = {}
    for report in reports:
        head = number[report.id]
        for key, id_of in (("subjects", "id"), ("findings", "subject"), ("conclusions", "subject")):
            parts.setdefault(key, []).extend(
                row.model_copy(update={id_of: head + getattr(row, id_of)})
                for row in getattr(report, key)
            )
        for key in ("scenarios", "estimates", "tests"):
            parts.setdefault(key, []).extend(getattr(report, key))
    rules = [
        rule.model_copy(
            update={
                "problems": rule.problems
                and [
                    problem.model_copy(update={"subject": number[problem.report] + problem.subject})
                    if problem.subject and problem.report in number
                    else problem
                    for problem in rule.problems
                ]
            }
        )
        for rule in gate.rules
    ]
    merged = gate.model_copy(update={"rules": rules})
    return reports[0].model_copy(update={**parts, "gate_": merged, "seal": None, "curves": None})


def _folder(report: Path) -> Path:
    return report if report.is_dir() else report.parent


def _text(gate: Gate) -> str:
    from ..result import report_text

    return report_text(gate.model_dump(mode="json", exclude_none=True))
