"""``avaudit plan``: a first plan, and whether a plan is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_OUT = "avaudit-plan.toml"
MISFIT = 1

app = typer.Typer(help="Plans say beforehand what an audit tests.", no_args_is_help=True)


@app.callback()
def _plan() -> None:
    pass


@app.command("init")
def init(
    manifest: Annotated[Path, typer.Argument(help="The data set: CSV, JSONL or Parquet.")],
    out: Annotated[
        str, typer.Option("--out", "-o", help="Where the plan is written; - prints it.")
    ] = DEFAULT_OUT,
    model: Annotated[
        str | None, typer.Option("--model", help="Write only what this model can answer.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a first plan for a data set: change its margins before you use it."""
    from ..adapters.resolve import resolve_model
    from ..atomic import write_atomic
    from ..errors import UsageError
    from ..manifest import read_manifest
    from ..plan.init import first_plan

    chosen = resolve_model(model, cache=False) if model is not None else None
    text = first_plan(read_manifest(manifest), chosen)
    if out == "-":
        typer.echo(text, nl=False)
        return
    path = Path(out)
    if path.exists() and not force:
        raise UsageError(f"{path}: there is a file already; --force overwrites it")
    write_atomic(path, text.encode())
    typer.echo(f"{path}: written. Read it, decide the margins, then run avaudit audit.")


@app.command("check")
def check(
    plan: Annotated[Path, typer.Argument(help="The plan file.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Also hold it against this manifest.")
    ] = None,
) -> None:
    """Say whether a plan is sound, and whether it fits a data set.

    Exit status: 0 sound, 1 it does not fit the data, 2 the plan or the manifest is unreadable
    or wrong.
    """
    from ..manifest import read_manifest
    from ..plan import check_plan, plan_cautions, read_plan
    from .output import plain

    read, sha256 = read_plan(plan)
    problems, cautions = [], []
    if data is not None:
        manifest = read_manifest(data)
        problems = check_plan(read, manifest)
        cautions = plan_cautions(read, manifest)
    for text in problems:
        typer.echo(f"avaudit: {plain(text)}", err=True)
    for text in cautions:
        typer.echo(f"note: {plain(text)}")
    if problems:
        raise typer.Exit(MISFIT)
    confirmatory = sum(scenario.confirmatory for scenario in read.scenario)
    typer.echo(
        f"{plan}: sound; {len(read.scenario)} scenarios, {confirmatory} of them confirmatory; "
        f"sha256 {sha256}"
    )
