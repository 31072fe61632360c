"""``avaudit gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import leave_by_gate, print_gate

if TYPE_CHECKING:
    from ..renderer import Renderer
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
    strict: Annotated[
        bool, typer.Option("--strict", help="In JUnit, undecided is a failure, not skipped.")
    ] = False,
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

    if strict and junit is None:
        raise UsageError("--strict belongs to --junit")
    renderers = _renderers(sarif, junit, strict=strict)
    read = read_policy(policy)
    found = [read_report(path) for path in reports]
    _check_once(found)
    told = judge(read, found, [read_report(path) for path in baseline or ()])
    told = told.model_copy(update={"reports": [report.id for report in found]})
    _write(renderers, found, [_folder(path) for path in reports], told)
    if as_json:
        typer.echo(_text(told), nl=False)
    elif not quiet:
        print_gate(told)
    leave_by_gate(told)


def _renderers(
    sarif: Path | None, junit: Path | None, *, strict: bool
) -> list[tuple[Renderer, Path]]:
    from ..registry import RENDERERS, load, load_renderer

    found: list[tuple[Renderer, Path]] = []
    if sarif is not None:
        found.append((load_renderer("sarif"), sarif))
    if junit is not None:
        found.append((load(RENDERERS, "junit")(strict=strict), junit))
    return found


def _check_once(reports: list[Report]) -> None:
    ids = [report.id for report in reports]
    if len(set(ids)) < len(ids):
        raise UsageError(f"the report {max(ids, key=ids.count)} is given twice")


def _write(
    renderers: list[tuple[Renderer, Path]], reports: list[Report], folders: list[Path], gate: Gate
) -> None:
    if not renderers:
        return
    from ..atomic import write_atomic
    from ..policy.view import view_of

    view = view_of(reports, folders, gate)
    for renderer, path in renderers:
        write_atomic(path, renderer.render(view, folders[0]))


def _folder(report: Path) -> Path:
    return report if report.is_dir() else report.parent


def _text(gate: Gate) -> str:
    from ..result import report_text

    return report_text(gate.model_dump(mode="json", exclude_none=True))
