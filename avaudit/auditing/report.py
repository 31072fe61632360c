"""The report of an audit, put together from what its scenarios came to."""

from __future__ import annotations

import datetime
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, result
from ..adapters.model import Model
from ..environment import describe
from ..inputs import display_name
from ..manifest.table import Manifest
from ..plan.model import Plan, Scenario
from ..probe import Probe, ProbeResult, Tested
from .rows import estimate_row, gate_of, test_row
from .verdicts import Judged, Verdict, judge, together


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """What to audit: the model's reference and parameters, the data, the plan.

    ``gate`` makes the plan's own tests the gate of the report; ``cache`` keeps the model's
    answers by content, so that a re-run costs nothing.
    """

    model: str
    data: Path
    plan: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    cache: bool = True
    gate: bool = False


@dataclass(frozen=True)
class Ran:
    """A scenario that was run: what its probe found, or why it could not."""

    scenario: Scenario
    probe: Probe
    found: ProbeResult | None
    failure: result.Reason | None
    seconds: float


def assemble(
    request: AuditRequest,
    plan: Plan,
    plan_sha256: str,
    manifest: Manifest,
    model: Model,
    ran: Sequence[Ran],
) -> result.Report:
    """Judge the tests of all scenarios together and give the unsealed report."""
    tests: list[tuple[Scenario, Tested]] = []
    for one in ran:
        tests += [(one.scenario, tested) for tested in (one.found.tests if one.found else ())]
    judged = judge(tests, plan)
    plan_ref = result.Plan(path=display_name(request.plan), sha256=plan_sha256)
    return result.Report(
        id=str(uuid.uuid4()),
        kind="audit",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        tool=result.Tool(version=__version__),
        environment=describe(),
        parameters=_parameters(request, plan, manifest, model),
        plan=plan_ref,
        scenarios=[
            _scenario(one, [j for j in judged if j.scenario is one.scenario]) for one in ran
        ],
        estimates=[
            estimate_row(one.scenario, measured)
            for one in ran
            for measured in (one.found.estimates if one.found else ())
        ],
        tests=[test_row(one) for one in judged],
        gate=gate_of(judged, [one.scenario for one in ran if one.failure], plan_ref)
        if request.gate
        else None,
    )


def _scenario(one: Ran, judged: Sequence[Judged]) -> result.Scenario:
    scenario, found = one.scenario, one.found
    verdicts: list[Verdict] = [j.verdict for j in judged]
    return result.Scenario(
        id=scenario.id,
        probe=scenario.probe,
        title=one.probe.title,
        asks=one.probe.asks,
        metric=scenario.metric,
        groups=list(scenario.groups),
        margin=scenario.margin,
        confirmatory=scenario.confirmatory,
        outcome="measured" if found is not None else "failed",
        reason=one.failure,
        summary=found.summary if found else "",
        verdict=together(verdicts) if verdicts else None,
        cautions=list(found.cautions) if found else [],
        facts=_finite(dict(found.facts)) if found else {},
        does_not_say=list(one.probe.does_not_say),
        at_risk=scenario.at_risk,
        hazard=scenario.hazard,
        mitigation=scenario.mitigation,
        review_trigger=scenario.review_trigger,
        seconds=round(one.seconds, 3),
    )


def _parameters(
    request: AuditRequest, plan: Plan, manifest: Manifest, model: Model
) -> dict[str, Any]:
    return {
        "model": {
            "reference": model.reference,
            "fingerprint": model.fingerprint,
            "capabilities": sorted(c.protocol for c in model.capabilities),
            "parameters": dict(request.parameters),
            "unanswered": model.unanswered,
            "cautions": list(model.cautions),
        },
        "data": {
            "path": display_name(request.data),
            "sha256": manifest.sha256,
            "rows": len(manifest),
            "shape": manifest.shape.value,
        },
        "plan": plan.model_dump(mode="json", by_alias=True),
        "cache": request.cache,
    }


def _finite(value: Any) -> Any:
    """Give facts as JSON knows them: a number that does not exist is null."""
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
