"""``avaudit policy``: a first policy, whether one is sound, and what it asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_OUT = "avaudit-policy.toml"
DEFAULT_PROFILE = "upload-scan"

app = typer.Typer(help="Policies say what is asked of a report.", no_args_is_help=True)


@app.command("init")
def init(
    profile: Annotated[
        str,
        typer.Option("--profile", help="upload-scan, release-audit or generated-assets."),
    ] = DEFAULT_PROFILE,
    out: Annotated[
        str, typer.Option("--out", "-o", help="Where the policy is written; - prints it.")
    ] = DEFAULT_OUT,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a first policy: read its comments, change its limits, then use it."""
    from ..atomic import write_atomic
    from ..errors import UsageError
    from ..policy import profile_text

    text = profile_text(profile)
    if out == "-":
        typer.echo(text, nl=False)
        return
    path = Path(out)
    if path.exists() and not force:
        raise UsageError(f"{path}: there is a file already; --force overwrites it")
    write_atomic(path, text.encode())
    typer.echo(f"{path}: written. Read it, decide the limits; avaudit policy explain says it all.")


@app.command("check")
def check(policy: Annotated[Path, typer.Argument(help="The policy file.")]) -> None:
    """Say whether a policy is sound, and what in it may not be meant.

    Exit status: 0 sound, 2 the policy is unreadable or wrong.
    """
    from ..policy import cautions_of, read_policy
    from .output import plain

    read = read_policy(policy)
    for text in cautions_of(read.policy):
        typer.echo(f"note: {plain(text)}")
    typer.echo(f"{policy}: sound; {len(read.policy.rule)} rules; sha256 {read.sha256}")


@app.command("explain")
def explain(policy: Annotated[Path, typer.Argument(help="The policy file.")]) -> None:
    """Say in plain words what a policy asks.

    Exit status: 0 done, 2 the policy is unreadable or wrong.
    """
    from ..policy import explained, read_policy
    from .output import plain

    for line in explained(read_policy(policy).policy):
        typer.echo(plain(line))
