"""``avaudit bench``."""

from __future__ import annotations

import sys
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
from .output import console, plain, progress

if TYPE_CHECKING:
    from rich.table import Table

    from ..evaluation.bench import BenchRun

EXIT_FAILED = 4
MAX_LISTED = 20
COLUMNS = (
    ("auc", "AUC"),
    ("within_source_auc", "within sources"),
    ("eer", "EER"),
    ("cllr", "Cllr"),
    ("cllr_min", "Cllr min"),
    ("misleading_h2_over_1", "H2: LR > 1"),
    ("misleading_h2_over_100", "H2: LR > 100"),
    ("misleading_h1_under_1", "H1: LR < 1"),
    ("abstention", "no answer"),
    ("not_covered", "not covered"),
)
BY_GROUP = ("auc", "eer", "cllr", "misleading_h2_over_1", "misleading_h1_under_1", "abstention")


def bench(
    what: Annotated[
        str, typer.Argument(metavar="DETECTOR|scores:FILE", help="A detector, or its scores.")
    ],
    data: Annotated[Path, typer.Option("--data", help="Manifest of labelled clips.")],
    conditions: Annotated[
        str | None,
        typer.Option("--conditions", help="Conditions to impose, comma-separated. [clean]"),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=VALUE", help="Only rows that have this value."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option("--scores", help="Write the scores to this CSV file.")
    ] = None,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Write the calibration into the detector's card.")
    ] = False,
    card: Annotated[
        str | None,
        typer.Option("--card", help="The card to write: a card.toml or a detector's name."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="Calibration: logistic, pav or kde.")
    ] = "logistic",
    out: Out = None,
    formats: Formats = None,
    workers: Workers = None,
    policy: Policy = None,
    baseline: Baseline = None,
    key: Key = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure error rates and calibration of a detector on labelled data.

    Exit status: 0 done, 1 or 3 with --policy (failed, undecided), 2 usage, 4 an item could not be
    examined (the report holds the others, and the gate).
    """
    from ..errors import UsageError
    from ..evaluation import BenchRequest, run_bench
    from ..evidence.calibration import METHODS
    from ..registry import unknown_name
    from ..settings import load_settings, split_names

    if method not in METHODS:
        raise UsageError(unknown_name("method of calibration", method, METHODS))
    settings = load_settings(
        {
            "out": out,
            "format": split_names(formats) if formats is not None else None,
            "workers": workers,
            "key": key,
            "policy": policy,
            "baseline": baseline,
        }
    )
    request = BenchRequest(
        what=what,
        data=data,
        conditions=tuple(split_names(conditions)) if conditions is not None else None,
        where=_where(where or []),
        scores_out=scores,
        write_card=write_card,
        card=card,
        method=method,
        command=_command(sys.argv[1:]),
    )
    with progress(quiet=quiet or as_json) as show:
        run = run_bench(request, settings, show)
    if as_json:
        typer.echo(run.report.to_json(), nl=False)
    elif not quiet:
        print_bench(run)
    leave(run)


def _where(given: list[str]) -> dict[str, tuple[str, ...]]:
    from ..errors import UsageError

    wanted: dict[str, tuple[str, ...]] = {}
    for text in given:
        column, equals, value = text.partition("=")
        if not (column and equals):
            raise UsageError(f"--where {text}: write it as column=value")
        wanted[column] = (*wanted.get(column, ()), value)
    return wanted


def _command(arguments: list[str]) -> str:
    """Give the command line for the card: of paths, the last two parts only."""
    import shlex

    told = []
    for argument in arguments:
        scheme, colon, path = argument.rpartition("scores:")
        place = Path(path if colon else argument)
        short = "/".join(place.parts[-2:]) if place.is_absolute() or ".." in place.parts else None
        told.append(argument if short is None else f"{scheme}{colon}{short.lstrip('/')}")
    return shlex.join(["avaudit", *told])


def print_bench(run: BenchRun) -> None:
    """Print the figures of every condition, then the groups of the first, then shortcuts."""
    from ..evaluation.offsets import METRICS as OFFSET_METRICS

    out = console()
    if not run.benched:
        return
    out.print(_overall(run))
    out.print(_groups(run))
    if any(figure.metric in OFFSET_METRICS for figure in run.benched[0].figures):
        out.print(_offsets(run))
    shortcuts = [e for e in run.report.estimates if e.metric == "auc_alone"][:5]
    for shortcut in shortcuts:
        out.print(
            plain(f"One property alone: {shortcut.group}, AUC {shortcut.value:.2f}"), markup=False
        )
    out.print(f"Likelihood ratios held out: {run.benched[0].condition.sheet.fold_name}.")
    if run.report.gate_ is not None:
        print_gate(run.report.gate_)
    out.print("")
    for document in run.documents:
        out.print(str(document), markup=False)
    if run.card_written:
        out.print(f"Calibration written: {run.card_written}", markup=False)
    if run.report.seal is not None:
        out.print(f"Verify with: avaudit verify {run.folder / 'report.json'}", markup=False)


def _overall(run: BenchRun) -> Table:
    from rich.table import Table

    table = Table("condition", *(title for _, title in COLUMNS), "items")
    for one in run.benched:
        cells = [_cell(one.value(metric)) for metric, _ in COLUMNS]
        count = int(one.condition.answers.scored.sum())
        table.add_row(plain(one.condition.name), *cells, f"{count}/{len(one.condition.sheet)}")
    return table


def _offsets(run: BenchRun) -> Table:
    """Give the figures of offsets: of each condition, and under the first of each group."""
    from rich.table import Table

    from ..evaluation.offsets import METRICS

    table = Table("offsets", *METRICS.values(), "items")
    rows: dict[str, dict[str, str]] = {}
    for place, one in enumerate(run.benched):
        for figure in one.figures:
            if figure.metric in METRICS and (place == 0 or figure.kind == "all"):
                label = one.condition.name if figure.kind == "all" else figure.label
                row = rows.setdefault(label, {})
                row[figure.metric] = _cell(figure.estimate, short=figure.kind != "all")
                if figure.metric == "offset_missing":
                    row["items"] = str(figure.estimate.n)
    for label, row in rows.items():
        cells = [row.get(metric, "") for metric in METRICS]
        table.add_row(plain(label)[:40], *cells, row.get("items", ""))
    return table


def _groups(run: BenchRun) -> Table:
    from rich.table import Table

    from ..evaluation.offsets import METRICS as OFFSET_METRICS

    first = run.benched[0]
    titles = dict(COLUMNS)
    table = Table(
        f"under {plain(first.condition.name)}", *(titles[metric] for metric in BY_GROUP), "items"
    )
    rows: dict[str, dict[str, str]] = {}
    for figure in first.figures:
        if figure.kind != "all" and figure.metric not in OFFSET_METRICS:
            row = rows.setdefault(figure.label, {})
            row[figure.metric] = _cell(figure.estimate, short=True)
            if figure.metric == "abstention":
                row["items"] = str(figure.estimate.n)
    for label, row in rows.items():
        cells = [row.get(metric, "") for metric in BY_GROUP]
        table.add_row(plain(label)[:40], *cells, row.get("items", ""))
    return table


def _cell(estimate: object, *, short: bool = False) -> str:
    from ..statistics import Estimate

    if not isinstance(estimate, Estimate) or not estimate.defined:
        return "–"
    value = f"{estimate.value:.3f}"
    if short or estimate.low != estimate.low:
        return value
    low, high = (f"{bound:.2f}".removeprefix("0") for bound in (estimate.low, estimate.high))
    return f"{value}\n{low}–{high}"


def leave(run: BenchRun) -> None:
    """Say on standard error what failed, and leave with the contract's exit status."""
    failed = run.failed_items
    if failed:
        typer.echo(f"avaudit: {len(failed)} examinations failed:", err=True)
        for path, why in failed[:MAX_LISTED]:
            typer.echo(f"  {plain(path)}: {plain(why)}", err=True)
        if len(failed) > MAX_LISTED:
            typer.echo(f"  … and {len(failed) - MAX_LISTED} more; see the report", err=True)
    for problem in run.problems:
        typer.echo(f"avaudit: {problem}", err=True)
    if failed or run.problems:
        raise typer.Exit(EXIT_FAILED)
    leave_by_gate(run.report.gate_)
