"""``avaudit demo``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from .options import print_gate
from .output import print_report, progress

FORMATS = ["json", "html", "pdf", "md", "sarif", "junit"]


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the demo.")] = Path(
        "avaudit-demo"
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Make sample media and sample models, scan, gate and audit them, seal, verify. No network.

    The demo has a state folder of its own (OUT/home), so your ledger, key and trust lists stay
    as they are. One of its files is truncated on purpose: its failure is part of the report.
    """
    from ..publishing import prepare_folder

    prepare_folder(out)
    os.environ["AVAUDIT_HOME"] = str((out / "home").absolute())
    os.environ.pop("AVAUDIT_LEDGER_URL", None)  # not into somebody's real ledger
    verified = [_scan(out, quiet=quiet), *_audits(out, quiet=quiet)]
    if not quiet:
        _print_end(out, verified=all(verified))
    if not all(verified):
        raise typer.Exit(1)


def _scan(out: Path, *, quiet: bool) -> bool:
    """Scan media made here and judge them by a policy; tell whether the report verifies."""
    from ..atomic import write_atomic
    from ..policy import profile_text
    from ..publishing import prepare_folder
    from ..samples.demo import make_demo_media
    from ..scanning import run_scan
    from ..settings import Settings
    from ..trust import add_anchor
    from ..verify import verify_report

    media = prepare_folder(out / "media")
    authority = make_demo_media(media)
    add_anchor("demo", authority.root_pem.encode())
    policy = out / "avaudit-policy.toml"
    write_atomic(policy, profile_text("upload-scan").encode())
    settings = Settings(out=str(out / "report"), format=FORMATS, policy=str(policy))
    with progress(quiet=quiet) as show:
        run = run_scan([media], settings, show)
    if run.problems:
        from .scan import leave

        leave(run)
    if not quiet:
        print_report(run.report)
        assert run.report.gate_ is not None
        print_gate(run.report.gate_)
    return verify_report(run.folder / "report.json").ok


def _audits(out: Path, *, quiet: bool) -> list[bool]:
    """Audit a toy face-voice model with a planted stereotype, and the same model without it."""
    import numpy as np

    from ..auditing import AuditRequest, run_audit
    from ..publishing import prepare_folder
    from ..samples.stereotype import make_study
    from ..settings import Settings
    from ..verify import verify_report
    from .audit import print_audit

    study = make_study(prepare_folder(out / "model"), np.random.default_rng(1))
    if not quiet:
        typer.echo("")
        typer.echo("Two toy models that match faces with voices, audited by the same plan:")
    verified = []
    for name in ("planted", "clean"):
        request = AuditRequest(
            model=f"scores:{study[name]}", data=study["data"], plan=study["plan"], gate=True
        )
        run = run_audit(request, Settings(out=str(out / f"audit-{name}")))
        if not quiet:
            typer.echo("")
            typer.echo(f"Model “{name}” ({study[name]})")
            print_audit(run)
        verified.append(not run.problems and verify_report(run.folder / "report.json").ok)
    return verified


def _print_end(out: Path, *, verified: bool) -> None:
    media, report = out / "media" / "08-nothing-known.jpg", out / "report" / "report.json"
    typer.echo("")
    typer.echo("Sealed reports, to open in a browser:")
    for folder in ("report", "audit-planted", "audit-clean"):
        typer.echo(f"  {out / folder / 'report.html'}")
    typer.echo(f"The first one also as PDF, Markdown, SARIF and JUnit XML: {out / 'report'}")
    typer.echo(f"Verification:  {'every check passed' if verified else 'FAILED'}")
    typer.echo(f"Try it: change a byte of {media} or of the report, then")
    typer.echo(f"  AVAUDIT_HOME={out / 'home'} avaudit verify {report}")
    typer.echo("Review it:")
    typer.echo(f"  AVAUDIT_HOME={out / 'home'} avaudit dashboard")
