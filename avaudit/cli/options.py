"""Options that several commands share, and how a gate ends a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .output import console, plain

if TYPE_CHECKING:
    from rich.console import Console

    from ..result import Gate

EXIT_FAIL, EXIT_INSUFFICIENT = 1, 3
COLOURS = {"pass": "green", "fail": "red", "insufficient": "yellow"}
MAX_LISTED = 10

Out = Annotated[
    str | None, typer.Option("--out", "-o", help="Folder of the report. [avaudit-report]")
]
Formats = Annotated[
    str | None, typer.Option("--format", "-f", help="Documents, comma-separated. [json,html]")
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, help="Files examined side by side. [one per core]"),
]
Key = Annotated[
    str | None, typer.Option("--key", help="Ed25519 private key that signs the report.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the report on standard output, and nothing else.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy", metavar="FILE", help="Judge the report: 0 passed, 1 failed, 3 undecided."
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline", metavar="REPORT", help="Earlier report: says what is new, fixed, unchanged."
    ),
]


def print_gate(gate: Gate) -> None:
    """Print a gate: each rule with its sentence, the comparison with the baseline, the verdict."""
    out = console()
    out.print("")
    for rule in gate.rules:
        _say(out, rule.verdict, rule.id, rule.why)
    for left in gate.left_out or ():
        out.print(plain(f"{'left out':<13} {left.id}: {left.why}"), markup=False, style="dim")
    if gate.baseline is not None:
        told = gate.baseline
        out.print(
            f"Against the baseline: {told.new} new, {told.fixed} fixed, {told.unchanged} unchanged."
        )
        for problem in told.fixed_problems[:MAX_LISTED]:
            where = " ".join(part for part in (problem.name, problem.detector) if part)
            out.print(plain(f"  fixed  {where}: {problem.text}"), markup=False)
    colour = COLOURS[gate.verdict]
    out.print(
        f"Gate ([bold]{_escaped(gate.policy.name)}[/bold]): [{colour}]{gate.verdict}[/{colour}]"
    )


def _say(out: Console, verdict: str, name: str, why: str) -> None:
    colour = COLOURS[verdict]
    out.print(f"[{colour}]{verdict:<13}[/{colour}] [bold]{name}[/bold]: {_escaped(why)}")


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(plain(text))


def leave_by_gate(gate: Gate | None) -> None:
    """Leave with 1 where the gate failed and 3 where it is undecided; else return."""
    if gate is not None and gate.verdict != "pass":
        raise typer.Exit(EXIT_FAIL if gate.verdict == "fail" else EXIT_INSUFFICIENT)
