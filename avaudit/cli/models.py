"""``avaudit models``: weights and their licences."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..weights import State, Weights

EXIT_FAILED = 4

app = typer.Typer(help="The weights detectors use, and their licences.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class _Entry:
    """One file of weights of one detector; no file for a detector that needs none."""

    detector: str
    version: str
    weights: Weights | None
    state: State


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List detectors with the weights they use, whether they are here, and their licences."""
    _show(list(_entries(None)), as_json=as_json)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read all pulled weights again and compare their sha256 with the cards'.

    Exit status 4 when a file is damaged; a missing one is no failure.
    """
    entries = [entry for entry in _entries(None) if entry.weights is not None]
    _show(entries, as_json=as_json)
    if any(entry.state == "damaged" for entry in entries):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A detector, or a family of them.")],
    from_dir: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Take the files from a folder (offline)."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: the licence is fine.")] = False,
) -> None:
    """Put a detector's published weights into the local store.

    The licence, the source and the size are shown first. Fetching from the network needs your
    consent: on a terminal you are asked, elsewhere --yes gives it.
    """
    from ..pulling import fetch_weights, take_weights

    entries = [entry for entry in _entries([name]) if entry.weights is not None]
    if not entries:
        typer.echo(f"{name} needs no weights.")
    for entry in entries:
        weights = entry.weights
        assert weights is not None
        if entry.state in ("ready", "shipped"):
            what = "ships with the package" if entry.state == "shipped" else "is already here"
            typer.echo(f"{entry.detector}: {weights.name} {what}.")
            continue
        _describe(entry.detector, weights)
        if from_dir is None:
            _ask(yes=yes)
        path = take_weights(weights, from_dir) if from_dir else fetch_weights(weights)
        typer.echo(f"  in place, sha256 checked: {path}")


def _describe(detector: str, weights: Weights) -> None:
    typer.echo(f"{detector}: {weights.name}")
    typer.echo(f"  licence: {weights.licence}")
    typer.echo(f"  source:  {weights.source or 'not stated'}")
    typer.echo(f"  address: {weights.url}")
    typer.echo(f"  size:    {weights.size_text or 'not stated'}")
    typer.echo(f"  sha256:  {weights.sha256}")


def _ask(*, yes: bool) -> None:
    from ..errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "fetching weights from the network needs your consent: add --yes, "
            "or take them from a folder with --from DIR"
        )
    if not typer.confirm("  Fetch it under this licence?"):
        raise UsageError("nothing was fetched")


def _entries(wanted: Iterable[str] | None) -> Iterator[_Entry]:
    from ..registry import load_detectors
    from ..weights import weights_of

    for name, detector in load_detectors(wanted).items():
        version = detector.card.version
        files = weights_of(detector.card)
        if not files:
            yield _Entry(name, version, None, "ready")
        for weights in files:
            yield _Entry(name, version, weights, weights.state())


def _show(entries: list[_Entry], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_row(entry) for entry in entries], indent=2))
        return
    from rich.table import Table

    from .output import console

    table = Table(title=None, box=None, pad_edge=False)
    for heading in ("detector", "version", "weights", "size", "licence", "state"):
        table.add_column(heading)
    for entry in entries:
        weights = entry.weights
        cells = (weights.name, weights.size_text, weights.licence) if weights else ("none needed",)
        table.add_row(entry.detector, entry.version, *(*cells, "", "")[:3], entry.state)
    console().print(table)


def _row(entry: _Entry) -> dict[str, Any]:
    weights = entry.weights
    row: dict[str, Any] = {"detector": entry.detector, "version": entry.version}
    row["state"] = entry.state
    if weights is not None:
        row |= {
            "name": weights.name,
            "sha256": weights.sha256,
            "bytes": weights.size_bytes,
            "licence": weights.licence,
            "source": weights.source,
            "url": weights.url,
        }
        row["path"] = str(weights.path) if weights.url is not None else None
    return row
