"""For authors of detectors: run one without a worker, and the suite every one must pass.

Only for files you made or trust: :func:`examine` parses them in this process.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .confinement.limits import Limits
from .detector import Abstained, Detector, Need, Observed, Outcome, Scored
from .engine.examine import Answer, Assignment, examine as run_examination
from .engine.messages import checked
from .errors import ExaminationError
from .media.types import MediaKind


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
