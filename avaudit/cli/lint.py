"""``avaudit lint``: is this data set fit for an audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..manifest import Manifest
    from ..manifest.lint import Problem

PROBLEMS_FOUND = 1


def lint(
    manifest: Annotated[
        Path, typer.Argument(help="CSV, JSONL or Parquet: one row per clip or trial.")
    ],
    as_json: bool = typer.Option(False, "--json", help="Print the problems as JSON."),
    no_files: bool = typer.Option(False, "--no-files", help="Look at the table only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, no all-clear."),
) -> None:
    """Look for what makes a data set unfit for an audit: leaks, shortcuts, small groups.

    Exit status: 0 no problem found, 1 problems found, 2 the manifest cannot be read.
    """
    from ..manifest import read_manifest
    from ..manifest.lint import lint as find
    from ..settings import load_settings
    from .output import progress

    settings = load_settings()
    table = read_manifest(manifest)
    with progress(quiet=quiet or as_json) as show:
        problems = find(table, files=not no_files, confinement=settings.confinement, progress=show)
    if as_json:
        typer.echo(json.dumps(_as_json(manifest, table, problems), ensure_ascii=False, indent=2))
    else:
        _print(manifest, table, problems, quiet=quiet)
    if problems:
        raise typer.Exit(PROBLEMS_FOUND)


def _as_json(path: Path, table: Manifest, problems: list[Problem]) -> dict[str, object]:
    return {
        "manifest": str(path),
        "sha256": table.sha256,
        "rows": len(table),
        "problems": [problem.as_json() for problem in problems],
    }


def _print(path: Path, table: Manifest, problems: list[Problem], *, quiet: bool) -> None:
    from rich.markup import escape

    from ..manifest.lint.problem import count
    from .output import console, plain

    out = console()
    for problem in problems:
        where = escape(plain(problem.column))
        out.print(
            f"[bold red]{problem.code.value}[/bold red]  [bold]{where}[/bold]  "
            f"[dim]{count(problem.rows, 'row')}[/dim]"
        )
        out.print(f"  {escape(plain(problem.text))}")
        for example in problem.examples:
            out.print(f"    [dim]{escape(plain(example))}[/dim]")
        out.print()
    if problems or not quiet:
        kinds = f"{count(len(table), 'row')} of {table.shape.value}"
        found = count(len(problems), "problem") if problems else "no problem found"
        out.print(f"{escape(plain(str(path)))}: {kinds}, {found}")
