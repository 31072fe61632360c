"""``avaudit audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    COLOURS,
    AsJson,
    Baseline,
    Formats,
    Key,
    Out,
    Policy,
    Quiet,
    leave_by_gate,
    print_gate,
)
from .output import console, plain

if TYPE_CHECKING:
    from ..auditing import AuditRun

EXIT_FAILED = 4


def audit(
    model: Annotated[
        str,
        typer.Argument(
            help="package.module:factory, file.py:factory, an entry-point name, scores:FILE, "
            "cmd:PROGRAM or an http(s) address."
        ),
    ],
    data: Annotated[Path, typer.Option("--data", help="Manifest of clips or trials.")],
    plan: Annotated[
        Path, typer.Option("--plan", help="Plan file; avaudit plan init writes a first one.")
    ],
    out: Out = None,
    formats: Formats = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("-M", metavar="KEY=VALUE", help="A parameter for the model's factory."),
    ] = None,
    gate: Annotated[
        bool,
        typer.Option("--gate", help="Leave with 1 when the plan's tests fail, 3 when undecided."),
    ] = False,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Keep the model's answers by content.")
    ] = True,
    policy: Policy = None,
    baseline: Baseline = None,
    key: Key = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run the bias probes of a plan on a model and write a sealed report.

    Exit status: 0 done, 1 or 3 with --gate or --policy (failed, or not enough evidence),
    2 usage, 4 a scenario could not be measured (the report holds the others, and the gate).
    """
    from ..auditing import AuditRequest, run_audit
    from ..settings import load_settings, split_names

    overrides = {
        "out": out,
        "format": split_names(formats) if formats is not None else None,
        "key": key,
        "policy": policy,
        "baseline": baseline,
    }
    request = AuditRequest(
        model=model,
        data=data,
        plan=plan,
        parameters=read_parameters(parameters or ()),
        cache=cache,
        gate=gate,
    )
    say = console(stderr=True)

    def progress(line: str) -> None:
        if say.is_terminal and not (quiet or as_json):
            say.print(plain(line), markup=False, style="dim")

    run = run_audit(request, load_settings(overrides), progress)
    if as_json:
        typer.echo(run.report.to_json(), nl=False)
    elif not quiet:
        print_audit(run)
    leave(run)


def read_parameters(given: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Read ``-M key=value`` flags.

    Raises
    ------
    UsageError
        When one has no ``=``.
    """
    from ..errors import UsageError

    pairs = [text.partition("=") for text in given]
    for key, equals, _ in pairs:
        if not (key and equals):
            raise UsageError(f"-M {key}: write it as key=value")
    return {key: value for key, _, value in pairs}


def print_audit(run: AuditRun) -> None:
    """Print each scenario with its answer in words, and where the documents are."""
    from rich.markup import escape

    out = console()
    for scenario in run.report.scenarios:
        kind = "" if scenario.confirmatory else " [dim](exploratory)[/dim]"
        word = scenario.verdict or ("failed" if scenario.outcome == "failed" else "measured")
        colour = COLOURS.get(word, "dim")
        out.print(
            f"[bold]{escape(plain(scenario.id))}[/bold]  [{colour}]{word}[/{colour}]{kind}"
            f"  [dim]{escape(plain(scenario.title))}[/dim]"
        )
        said = scenario.summary or (scenario.reason.text if scenario.reason else "")
        out.print(f"  {escape(plain(said))}")
        for test in run.report.tests:
            if test.scenario == scenario.id and test.why:
                out.print(f"  {escape(plain(test.metric))}: {escape(plain(test.why))}")
        for caution in scenario.cautions:
            out.print(f"  [yellow]note[/yellow] {escape(plain(caution))}")
    out.print("")
    for document in run.documents:
        out.print(str(document), markup=False)
    gate, plan = run.report.gate_, run.report.plan
    if gate is not None and plan is not None and gate.policy.sha256 == plan.sha256:
        out.print(f"Gate: {gate.verdict}")  # the plan's own tests: each is told above
    elif gate is not None:
        print_gate(gate)
    if run.report.seal is not None:
        out.print(f"Verify with: avaudit verify {run.folder / 'report.json'}", markup=False)


def leave(run: AuditRun) -> None:
    """Say on standard error what failed, and leave with the contract's exit status."""
    for scenario in run.failed_scenarios:
        why = scenario.reason.text if scenario.reason else "no reason was given"
        typer.echo(f"avaudit: {plain(scenario.id)} could not be measured: {plain(why)}", err=True)
    for problem in run.problems:
        typer.echo(f"avaudit: {problem}", err=True)
    if run.failed_scenarios or run.problems:
        raise typer.Exit(EXIT_FAILED)
    leave_by_gate(run.report.gate_)
