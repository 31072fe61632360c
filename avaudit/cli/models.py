"""``avaudit models``: weights and their licences."""

from __future__ import annotations

import typer

app = typer.Typer(help="The weights detectors use, and their licences.", no_args_is_help=True)


@app.callback()
def _models() -> None:
    pass


@app.command("list")
def list_models() -> None:
    """List detectors with the weights they use, whether they are here, and their licences."""
    from rich.table import Table

    from ..registry import load_detectors
    from ..weights import weights_of
    from .output import console

    table = Table(title=None, box=None, pad_edge=False)
    for heading in ("detector", "version", "weights", "size", "licence", "state"):
        table.add_column(heading)
    for name, detector in load_detectors().items():
        weights = weights_of(detector.card)
        if not weights:
            table.add_row(name, detector.card.version, "none needed", "", "", "ready")
        for weight in weights:
            table.add_row(
                name,
                detector.card.version,
                weight.name,
                weight.size_text,
                weight.licence,
                weight.state(),
            )
    console().print(table)
