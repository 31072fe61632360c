"""``avaudit verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError

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
    golden: Annotated[
        bool,
        typer.Option("--golden", help="Recompute published values and compare; no report."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="With --golden: folder of word vectors and word lists."),
    ] = None,
) -> None:
    """Check that a report and all it rests on is untouched, and say what is not.

    With --golden, check instead that the statistics of this installation give the published
    values. Exit status: 0 untouched (or all values agree), 1 something was changed, removed or
    forged (or a value differs), 2 unreadable.
    """
    if golden:
        if report is not None or key is not None or ledger is not None:
            raise UsageError("--golden takes no report, --key or --ledger")
        return _golden(data, as_json=as_json)
    if data is not None:
        raise UsageError("--data belongs to --golden")
    from ..errors import LedgerError
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
    return None


def _golden(data: Path | None, *, as_json: bool) -> None:
    from ..golden import Status, golden_lines, recompute
    from .output import plain

    if data is not None and not data.is_dir():
        raise UsageError(
            f"{data} is not a folder; --data takes the one that holds the word vectors"
        )
    if data is None:  # the data stand beside a checkout of the repository, or nowhere
        beside = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bias"
        data = beside if beside.is_dir() else None
    rows = recompute(data)
    if as_json:
        typer.echo(json.dumps([row.to_dict() for row in rows], indent=2))
    else:
        for line in golden_lines(rows):
            typer.echo(plain(line))
    if any(row.status is Status.DIFFERS for row in rows):
        raise typer.Exit(EXIT_TOUCHED)


def _verified(report: Path | None, key: str | None, url: str | None) -> Verification:
    from ..seal import parse_public_key
    from ..verify import verify_ledger, verify_report

    if report is None:
        return verify_ledger(url)
    public_key = parse_public_key(key) if key is not None else None
    return verify_report(report, ledger_url=url, public_key=public_key)
