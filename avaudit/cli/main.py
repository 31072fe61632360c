"""The commands, and what becomes of errors."""

from __future__ import annotations

import sys

import typer

from .. import __version__
from ..errors import AvauditError, UsageError
from . import (
    audit,
    bench,
    check,
    dashboard,
    demo,
    doctor,
    gate,
    known,
    lint,
    models,
    plan,
    policy,
    scan,
    schema,
    swaps,
    train,
    trust,
    verify,
)

EXIT_USAGE, EXIT_FAILED, EXIT_INTERRUPTED = 2, 4, 130

app = typer.Typer(
    name="avaudit",
    help="Safety auditing and deepfake forensics for audio-visual media and models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("scan")(scan.scan)
app.command("audit")(audit.audit)
app.command("bench")(bench.bench)
app.command("check")(check.check)
app.command("gate")(gate.gate)
app.command("lint")(lint.lint)
app.command("train")(train.train)
app.command("verify")(verify.verify)
app.command("dashboard")(dashboard.dashboard)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)
app.add_typer(known.app, name="known")
app.add_typer(models.app, name="models")
app.add_typer(plan.app, name="plan")
app.add_typer(policy.app, name="policy")
app.add_typer(swaps.app, name="swaps")
app.add_typer(trust.app, name="trust")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"avaudit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line and leave with the contract's exit status."""
    try:
        app()
    except UsageError as error:
        _say(error)
        sys.exit(EXIT_USAGE)
    except AvauditError as error:
        _say(error)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        typer.echo("avaudit: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output has left; nothing more to say, and no traceback
        sys.stderr.close()
        sys.exit(EXIT_FAILED)


def _say(error: AvauditError) -> None:
    typer.echo(f"avaudit: {error}", err=True)
