"""``avaudit scan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    AsJson,
    Baseline,
    Formats,
    Key,
    Out,
    Policy,
    Quiet,
    Workers,
    leave_by_gate,
    print_gate,
)
from .output import plain, print_report, progress

if TYPE_CHECKING:
    from ..publishing import Run

EXIT_FAILED, EXIT_INTERRUPTED = 4, 130
MAX_FAILURES_LISTED = 20


def scan(
    inputs: Annotated[
        list[Path],
        # one file that may not be read is a finding, and no reason to refuse the others
        typer.Argument(metavar="INPUT...", help="Files, folders or manifests.", readable=False),
    ],
    out: Out = None,
    formats: Formats = None,
    detectors: Annotated[
        str | None,
        typer.Option("--detectors", "-d", help="Detectors or families, comma-separated. [all]"),
    ] = None,
    workers: Workers = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="Where work runs: local or ray (needs avaudit[ray]). [local]"
        ),
    ] = None,
    stability: Annotated[
        bool,
        typer.Option("--stability", help="Score each item again as it would be re-shared."),
    ] = False,
    camera: Annotated[
        str | None,
        typer.Option("--camera", metavar="DIR", help="Pictures of one camera: the same camera?"),
    ] = None,
    policy: Policy = None,
    baseline: Baseline = None,
    key: Key = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Examine files and write a sealed report.

    Exit status: 0 done, 1 or 3 with --policy (failed, undecided), 2 usage, 4 something could
    not be examined (the report holds the rest, and the gate), 130 interrupted (the report holds
    what was finished).
    """
    from ..scanning import run_scan
    from ..settings import load_settings, split_names

    overrides = {
        "out": out,
        "format": split_names(formats) if formats is not None else None,
        "detectors": split_names(detectors) if detectors is not None else None,
        "workers": workers,
        "engine": engine,
        "stability": stability or None,
        "camera": camera,
        "key": key,
        "policy": policy,
        "baseline": baseline,
    }
    settings = load_settings(overrides)
    with progress(quiet=quiet or as_json) as show:
        run = run_scan([str(path) for path in inputs], settings, show)
    if as_json:
        typer.echo(run.report.to_json(), nl=False)
    elif not quiet:
        print_report(run.report)
        if run.report.gate_ is not None:
            print_gate(run.report.gate_)
        _print_places(run)
    leave(run)


def _print_places(run: Run) -> None:
    typer.echo("")
    skipped = run.report.parameters.get("skipped") or ()
    if skipped:
        typer.echo(f"Left out: {len(skipped)} (text, hidden files, links); listed in the report.")
    for document in run.documents:
        typer.echo(f"{document}")
    seal = run.report.seal
    if seal is not None:
        typer.echo(f"Sealed: {seal.digest} (key {seal.key_id})")
        typer.echo(f"Verify with: avaudit verify {run.folder / 'report.json'}")


def leave(run: Run) -> None:
    """Say on standard error what failed, and leave with the contract's exit status."""
    failed = run.failed_subjects
    if failed:
        _list_failures(run, len(failed))
    for problem in run.problems:
        typer.echo(f"avaudit: {problem}", err=True)
    if run.interrupted:
        typer.echo("avaudit: interrupted; the report holds what was finished", err=True)
        raise typer.Exit(EXIT_INTERRUPTED)
    if failed or run.problems:
        raise typer.Exit(EXIT_FAILED)
    leave_by_gate(run.report.gate_)


def _list_failures(run: Run, count: int) -> None:
    from ..publishing import iter_failed

    total = len(run.report.subjects)
    typer.echo(f"avaudit: {count} of {total} subjects could not be examined completely:", err=True)
    for number, (name, why) in enumerate(iter_failed(run)):
        if number == MAX_FAILURES_LISTED:
            typer.echo(f"  … and {count - number} more; see the report", err=True)
            break
        typer.echo(f"  {plain(name)}: {plain(why)}", err=True)
