"""``avaudit doctor``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

EXIT_FAILED = 4


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is installed, what can run, and prove that the decoder is confined.

    Exit status 4 when a wall does not stand or a detector cannot be loaded.
    """
    from ..diagnosis import diagnose

    found = diagnose()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _print(found)
    if not found["ok"]:
        raise typer.Exit(EXIT_FAILED)


def _print(found: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from .output import console

    out = console()
    out.print(f"avaudit {found['version']}, Python {found['python']}, {found['platform']}")
    out.print(f"State: {escape(found['home'])}")
    out.print(f"Accelerator: {found['accelerator']}\n")
    walls = Table("a confined process that tries to", "", "", box=None, pad_edge=False)
    for attempt in found["confinement"]:
        mark = "[green]stopped[/green]" if attempt["stopped"] else "[red]NOT STOPPED[/red]"
        walls.add_row(attempt["what"], mark, escape(attempt["how"]))
    out.print(walls)
    out.print()
    detectors = Table("detector", "version", "state", box=None, pad_edge=False)
    for name, entry in found["detectors"].items():
        detectors.add_row(name, entry.get("version", ""), escape(entry["state"]))
    out.print(detectors)
    out.print()
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    out.print(f"Packages: {packages}")
    out.print(f"Trust lists: {escape(found['trust'])}")
    out.print(f"Signing key: {escape(found['key'])}")
    out.print(f"Ledger: {escape(found['ledger'])}")
    verdict = "[green]All is well.[/green]" if found["ok"] else "[red]Something is wrong.[/red]"
    out.print(f"\n{verdict}")
