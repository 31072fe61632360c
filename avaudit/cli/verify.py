"""``avaudit verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..verify import Verification

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
    from ..errors import LedgerError, UsageError
    from ..settings import load_settings
    from ..verify import verification_lines
    from .output import plain

    url = ledger or load_settings().ledger_url
    try:
        found = _verified(report, key, url)
    except LedgerError as error:  # nothing was found touched, and nothing can be said
        raise UsageError(str(error)) from error
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        for line in verification_lines(found):
            typer.echo(plain(line))
    if not found.ok:
        raise typer.Exit(EXIT_TOUCHED)


def _verified(report: Path | None, key: str | None, url: str | None) -> Verification:
    from ..seal import parse_public_key
    from ..verify import verify_ledger, verify_report

    if report is None:
        return verify_ledger(url)
    public_key = parse_public_key(key) if key is not None else None
    return verify_report(report, ledger_url=url, public_key=public_key)
