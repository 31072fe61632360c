"""Running an audit: plan in, sealed report out."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import result
from ..adapters.model import Model
from ..errors import AuditError, AvauditError, UsageError
from ..manifest.read import read_manifest
from ..manifest.table import Manifest
from ..plan.model import Plan, Scenario
from ..probe import Context, Probe
from ..publishing import Run, gatekeeper, prepare_folder, publish
from ..registry import PROBES, RENDERERS, load, select
from ..settings import Settings
from .report import AuditRequest, Ran, assemble

Say = Callable[[str], None]


@dataclass
class AuditRun(Run):
    """A finished audit."""

    @property
    def failed_scenarios(self) -> list[result.Scenario]:
        """The scenarios that could not be measured."""
        return [s for s in self.report.scenarios if s.outcome == "failed"]


def audit(
    model: str,
    *,
    data: str | os.PathLike[str],
    plan: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    parameters: Mapping[str, str] | None = None,
    gate: bool = False,
    format: Sequence[str] | None = None,  # noqa: A002 - the name of the flag
) -> result.Report:
    """Audit a model by a plan and give the sealed report, as ``avaudit audit`` does.

    Parameters
    ----------
    model
        ``package.module:factory``, ``file.py:factory``, an entry-point name, ``scores:FILE``,
        ``cmd:PROGRAM`` or an ``http(s)`` address.
    data
        Manifest of clips or trials.
    plan
        Plan file.
    out
        Folder of the report; default ``avaudit-report``.
    parameters
        Keyword arguments for the model's factory.
    gate
        Whether the plan's tests are the gate of the report.
    format
        Documents beside ``report.json``; default ``["json", "html"]``.

    Raises
    ------
    UsageError
        When the model, the data or the plan cannot be used.
    AvauditError
        When a document cannot be written.

    Examples
    --------
    >>> import avaudit
    >>> report = avaudit.audit("scores:s.csv", data="s.csv", plan="plan.toml")  # doctest: +SKIP
    >>> report.tests[0].verdict  # doctest: +SKIP
    'insufficient'
    """
    from ..settings import load_settings

    overrides = {
        "out": os.fspath(out) if out is not None else None,
        "format": list(format) if format is not None else None,
    }
    request = AuditRequest(
        model=model, data=Path(data), plan=Path(plan), parameters=parameters or {}, gate=gate
    )
    run = run_audit(request, load_settings(overrides))
    if run.problems:
        raise AvauditError("; ".join(run.problems))
    return run.report


def run_audit(request: AuditRequest, settings: Settings, say: Say = lambda _line: None) -> AuditRun:
    """Audit with given settings; the part the command line and the Python call share."""
    from ..adapters.resolve import resolve_model
    from ..plan.check import check_plan
    from ..plan.read import read_plan

    formats = select(settings.format, RENDERERS)
    gate = gatekeeper(settings)
    if gate is not None and request.gate:
        raise UsageError(
            "--gate and --policy exclude each other: a report has one gate "
            "(a policy may also come from avaudit.toml or AVAUDIT_POLICY)"
        )
    plan, plan_sha256 = read_plan(request.plan)
    manifest = read_manifest(request.data)
    problems = check_plan(plan, manifest)
    if problems:
        raise UsageError(f"{request.plan}: " + "; ".join(problems))
    probes = {name: load(PROBES, name)() for name in dict.fromkeys(s.probe for s in plan.scenario)}
    folder = prepare_folder(Path(settings.out))
    with (
        resolve_model(request.model, params=request.parameters, cache=request.cache) as model,
        tempfile.TemporaryDirectory(prefix="avaudit-audit-") as scratch,
    ):
        for scenario in plan.scenario:
            _check_model(probes[scenario.probe], scenario, model)
        ran = [
            _run_scenario(
                scenario, probes[scenario.probe], plan, manifest, model, Path(scratch), say
            )
            for scenario in plan.scenario
        ]
        report = assemble(request, plan, plan_sha256, manifest, model, ran)
    run = publish(report, folder, formats, settings, gate)
    return AuditRun(run.report, run.folder, run.documents, run.problems)


def scenario_rng(seed: int, scenario_id: str) -> np.random.Generator:
    """Give a scenario its own generator: the order of scenarios changes no number."""
    digest = hashlib.sha256(scenario_id.encode("utf-8")).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def _run_scenario(
    scenario: Scenario,
    probe: Probe,
    plan: Plan,
    manifest: Manifest,
    model: Model,
    scratch: Path,
    say: Say,
) -> Ran:
    say(f"{scenario.id}: {probe.title}")
    start = time.perf_counter()
    folder = scratch / scenario.id
    folder.mkdir()
    context = Context(
        manifest=manifest,
        model=model,
        rng=scenario_rng(plan.seed, scenario.id),
        scratch=folder,
        level=plan.level,
        n_draws=plan.n_draws,
        progress=say,
    )
    found, failure = None, None
    try:
        found = probe.run(scenario, context)
    except UsageError as error:
        failure = result.Reason(code="not_possible", text=str(error))
    except AuditError as error:
        failure = result.Reason(code="model_failed", text=str(error))
    except Exception as error:  # noqa: BLE001 - one probe's fault must not cost the other scenarios
        failure = result.Reason(code="internal_error", text=f"{type(error).__name__}: {error}")
    return Ran(scenario, probe, found, failure, time.perf_counter() - start)


def _check_model(probe: Probe, scenario: Scenario, model: Model) -> None:
    if not probe.requires or any(need <= model.capabilities for need in probe.requires):
        return
    wanted = " or ".join(" with ".join(sorted(c.protocol for c in need)) for need in probe.requires)
    has = ", ".join(sorted(c.protocol for c in model.capabilities)) or "nothing"
    raise UsageError(
        f"scenario '{scenario.id}': the probe '{scenario.probe}' needs a model that is a {wanted}; "
        f"{model.reference} is: {has}"
    )
