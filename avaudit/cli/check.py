"""``avaudit check``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .audit import read_parameters
from .output import console, plain

if TYPE_CHECKING:
    from ..adapters.checks import CheckResult
    from ..adapters.model import Model

EXIT_WRONG, EXIT_CRASHED = 1, 4
SEED = 2026


def check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model; see docs/models.md.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Manifest of files to try it on. [made on the spot]"),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--param", "-M", metavar="KEY=VALUE", help="A parameter of the model."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a model answers as its protocol promises.

    Exit status: 0 all promises are kept, 1 one is broken, 2 there is no such model, 4 it crashed.
    """
    from ..adapters.resolve import resolve_model

    with resolve_model(model, params=read_parameters(parameters or ()), cache=False) as resolved:
        results = _run(resolved, data)
        if as_json:
            typer.echo(json.dumps(_as_json(resolved, results), indent=2))
        else:
            _print(results, resolved.cautions)
    if any(result.crashed for result in results):
        raise typer.Exit(EXIT_CRASHED)
    if any(result.ok is False for result in results):
        raise typer.Exit(EXIT_WRONG)


def _run(model: Model, data: Path | None) -> list[CheckResult]:
    import numpy as np

    from ..adapters.checks import check_model
    from ..adapters.examples import examples_of, make_examples

    with tempfile.TemporaryDirectory(prefix="avaudit-check-") as folder:
        if data is not None:
            return check_model(model, examples_of(data))
        return check_model(model, make_examples(Path(folder), np.random.default_rng(SEED)))


def _as_json(model: Model, results: list[CheckResult]) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "model": model.reference,
        "fingerprint": model.fingerprint,
        "capabilities": sorted(c.protocol for c in model.capabilities),
        "ok": all(result.ok is not False for result in results),
        "checks": [asdict(result) for result in results],
        "cautions": list(model.cautions),
    }


def _print(results: list[CheckResult], cautions: tuple[str, ...]) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    marks = {True: "[green]ok[/green]", False: "[red]WRONG[/red]", None: "[dim]note[/dim]"}
    table = Table("check", "", "", box=None, pad_edge=False)
    for result in results:
        table.add_row(escape(result.name), marks[result.ok], escape(plain(result.text)))
    out.print(table)
    for line in cautions:
        typer.echo(f"avaudit: {plain(line)}", err=True)
    wrong = sum(result.ok is False for result in results)
    verdict = f"[red]{wrong} wrong.[/red]" if wrong else "[green]All promises are kept.[/green]"
    out.print(f"\n{verdict}")
