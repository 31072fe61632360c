"""For authors of plug-ins: run a detector without a worker, and the suites all must pass.

Only for files you made or trust: :func:`examine` parses them in this process.
"""

from __future__ import annotations

import copy
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .confinement.limits import Limits
from .detector import Abstained, Detector, Need, Observed, Outcome, Scored
from .engine.examine import Answer, Assignment, examine as run_examination
from .engine.messages import checked
from .errors import ExaminationError
from .media.types import MediaKind

if TYPE_CHECKING:
    from .plan.model import Scenario
    from .probe import Context, Measured, Probe, ProbeResult


def examine(
    detector: Detector,
    path: str | os.PathLike[str],
    *,
    sidecar: bytes | None = None,
    data_dirs: Mapping[str, Path] | None = None,
    scratch: Path | None = None,
    limits: Limits | None = None,
) -> Outcome | ExaminationError:
    """Run one detector on one trusted file in this process.

    Parameters
    ----------
    detector
        An instance.
    path
        The file.
    sidecar
        Bytes of a C2PA sidecar.
    data_dirs
        Folders for the names in ``detector.reads``.
    scratch
        An existing folder for what the detector writes; default a temporary one that is
        removed afterwards.
    limits
        Limits on pictures and chunks (memory and time are not limited here).

    Returns
    -------
    Outcome or ExaminationError
        The answer, or the failure as the report would state it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(tempfile.mkdtemp(dir=scratch or temporary))
        fd = os.open(path, os.O_RDONLY)
        try:
            assignment = Assignment(
                fd=fd, scratch=folder, sidecar=sidecar, data_dirs=dict(data_dirs or {})
            )
            name = detector.card.name
            events = run_examination(assignment, {name: detector}, limits or Limits())
            return next(e.outcome for e in events if isinstance(e, Answer))
        finally:
            os.close(fd)


def check_detector(
    detector: Detector, examples: Mapping[str, Path], *, data_dirs: Mapping[str, Path] | None = None
) -> None:
    """Check that a detector keeps the promises every detector makes.

    Parameters
    ----------
    detector
        An instance.
    examples
        Files to try, by a name for error messages; at least one of a kind the detector
        supports. Damaged ones are made from them here.
    data_dirs
        Folders for the names in ``detector.reads``.

    Raises
    ------
    AssertionError
        Saying which promise is broken.
    """
    _check_declaration(detector)
    assert examples, "give at least one example file"
    answered = 0
    for name, path in examples.items():
        first = examine(detector, path, data_dirs=data_dirs)
        second = examine(detector, path, data_dirs=data_dirs)
        _check_outcome(detector, name, first)
        assert _comparable(first) == _comparable(second), f"{name}: two runs gave two answers"
        answered += isinstance(first, Scored | Observed)
        _check_damaged(detector, name, path, data_dirs)
    assert answered, "the detector answered none of the examples"


def _check_declaration(detector: Detector) -> None:
    card = detector.card
    assert detector.needs, "needs is empty: a detector must need something"
    assert all(isinstance(need, Need) for need in detector.needs), "needs holds no Need"
    assert detector.kinds, "kinds is empty: a detector must apply to something"
    assert all(isinstance(kind, MediaKind) for kind in detector.kinds), "kinds: no MediaKind"
    assert card.does_not_say, "the card must say what a finding does not say"
    assert card.asks.endswith("?"), "the card's `asks` must be a question"
    assert len(card.sha256) == 64, "the card has no digest"


def _check_outcome(detector: Detector, name: str, outcome: Outcome | ExaminationError) -> None:
    if isinstance(outcome, ExaminationError):
        raise AssertionError(  # noqa: TRY004 - what a broken promise raises
            f"{name}: failed with {outcome.code}: {outcome.text}"
        )
    message = checked(Answer(detector.card.name, outcome, 0.0))
    assert message.outcome != "failed", f"{name}: {message.reason}"
    json.dumps(message.model_dump(mode="json"), allow_nan=False)
    if isinstance(outcome, Scored):
        assert detector.card.question is not None, "a scored detector needs a question (H1, H2)"
    if isinstance(outcome, Scored | Observed):
        assert outcome.summary.strip(), f"{name}: no summary line"
    if isinstance(outcome, Abstained):
        assert outcome.code, f"{name}: no reason code"
        assert outcome.text, f"{name}: no reason text"


def _check_damaged(
    detector: Detector, name: str, path: Path, data_dirs: Mapping[str, Path] | None
) -> None:
    """Check that damaged files fail or change the answer in a typed way only."""
    data = path.read_bytes()
    damaged = {
        "cut in half": data[: len(data) // 2],
        "cut at 100 bytes": data[:100],
        "zeros inside": data[: len(data) // 3] + bytes(len(data) // 3) + data[2 * len(data) // 3 :],
    }
    with tempfile.TemporaryDirectory() as folder:
        for how, content in damaged.items():
            broken = Path(folder) / path.name
            broken.write_bytes(content)
            outcome = examine(detector, broken, data_dirs=data_dirs)
            if isinstance(outcome, ExaminationError):
                assert outcome.code != "internal_error", (
                    f"{name}, {how}: an untyped exception: {outcome.text}; "
                    "raise ExaminationError with a code of its own"
                )
            else:
                _check_outcome(detector, f"{name}, {how}", outcome)


def _comparable(outcome: Outcome | ExaminationError) -> object:
    if isinstance(outcome, ExaminationError):
        return (outcome.code, outcome.text)
    return outcome


def check_adapter(reference: str, *, params: Mapping[str, str] | None = None) -> None:
    """Check that a model answers as its protocols promise, on media made here.

    Parameters
    ----------
    reference
        The model, as for ``avaudit check``.
    params
        Its parameters, as text.

    Raises
    ------
    AssertionError
        Naming every broken promise.
    """
    import numpy as np

    from .adapters.checks import check_model
    from .adapters.examples import make_examples
    from .adapters.resolve import resolve_model

    with (
        tempfile.TemporaryDirectory() as folder,
        resolve_model(reference, params=params or {}, cache=False) as model,
    ):
        examples = make_examples(Path(folder), np.random.default_rng(2026))
        wrong = [c for c in check_model(model, examples) if c.ok is False]
    assert not wrong, "; ".join(f"{check.name}: {check.text}" for check in wrong)


def check_probe(probe: Probe, scenario: Scenario, context: Context) -> ProbeResult:
    """Check that a probe keeps the promises every probe makes.

    Parameters
    ----------
    probe
        An instance.
    scenario, context
        What to run it on; its generator is copied, so that two runs start from the same state.

    Returns
    -------
    ProbeResult
        Of the first run.

    Raises
    ------
    AssertionError
        Saying which promise is broken.
    """
    assert probe.title, "the probe needs a title"
    assert probe.asks.endswith("?"), "the probe's `asks` must be a question"
    assert probe.does_not_say, "the probe must say what a result does not say"
    assert context.manifest.shape in probe.shapes, "the manifest has not one of the probe's shapes"
    runs = []
    for name in ("first", "second"):
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=context.scratch))
        own = replace(context, rng=copy.deepcopy(context.rng), scratch=folder)
        runs.append(probe.run(scenario, own))
    assert repr(runs[0]) == repr(runs[1]), "two runs with the same generator gave two results"
    result = runs[0]
    assert result.summary.strip(), "the result has no summary"
    for measured in result.estimates:
        _check_estimate(measured)
    for tested in result.tests:
        assert math.isfinite(tested.p) or tested.reason, f"{tested.metric}: no p and no reason"
    json.dumps(dict(result.facts), default=float)
    return result


def _check_estimate(measured: Measured) -> None:
    estimate, where = measured.estimate, f"{measured.metric} of {measured.group}"
    assert math.isfinite(estimate.value) or estimate.reason, f"{where}: no value and no reason"
    if not (math.isnan(estimate.low) or math.isnan(estimate.high)):
        assert estimate.low <= estimate.high, f"{where}: the interval is upside down"
