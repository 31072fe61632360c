"""``avaudit verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

EXIT_TOUCHED = 1


def verify(
    report: Annotated[
        Path | None,
        typer.Argument(help="report.json or its folder; without it, the ledger alone is verified."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Public key (PEM file) the report must be signed with."),
    ] = None,
    ledger: Annotated[str | None, typer.Option("--ledger", help="URL of the ledger.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that a report and all it rests on is untouched, and say what is not.

    Exit status: 0 untouched, 1 something was changed, removed or forged, 2 unreadable.
    """
    from ..seal import parse_public_key
    from ..settings import load_settings
    from ..verify import verification_lines, verify_ledger, verify_report
    from .output import plain

    url = ledger or load_settings().ledger_url
    if report is None:
        found = verify_ledger(url)
    else:
        public_key = parse_public_key(key) if key is not None else None
        found = verify_report(report, ledger_url=url, public_key=public_key)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        for line in verification_lines(found):
            typer.echo(plain(line))
    if not found.ok:
        raise typer.Exit(EXIT_TOUCHED)
