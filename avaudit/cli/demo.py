"""``avaudit demo``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from .output import print_report, progress


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the demo.")] = Path(
        "avaudit-demo"
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Make sample media, scan them, seal the report and verify it. No network.

    The demo has a state folder of its own (OUT/home), so your ledger, key and trust lists stay
    as they are. One of its files is truncated on purpose: its failure is part of the report.
    """
    from ..publishing import prepare_folder
    from ..samples.demo import make_demo_media
    from ..scanning import run_scan
    from ..settings import Settings
    from ..trust import add_anchor
    from ..verify import verify_report

    media = prepare_folder(out / "media")
    os.environ["AVAUDIT_HOME"] = str((out / "home").absolute())
    authority = make_demo_media(media)
    add_anchor("demo", authority.root_pem.encode())
    settings = Settings(out=str(out / "report"))
    with progress(quiet=quiet) as show:
        run = run_scan([media], settings, show)
    if run.problems:
        from .scan import leave

        leave(run)
    verification = verify_report(run.folder / "report.json")
    if not quiet:
        print_report(run.report)
        _print_end(out, verified=verification.ok)
    if not verification.ok:
        raise typer.Exit(1)


def _print_end(out: Path, *, verified: bool) -> None:
    typer.echo("")
    typer.echo(f"Sealed report: {out / 'report' / 'report.html'} (open it in a browser)")
    typer.echo(f"Verification:  {'every check passed' if verified else 'FAILED'}")
    typer.echo(
        f"Try it: change a byte of {out / 'media' / '08-nothing-known.jpg'} or of the report,\n"
        "then\n"
        f"  AVAUDIT_HOME={out / 'home'} avaudit verify {out / 'report' / 'report.json'}"
    )
