"""A policy with its baseline, read before the work begins and asked when it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ..errors import UsageError
from ..result import Gate, Report
from .judge import judge
from .read import PolicyFile, read_policy

Place = str | os.PathLike[str]
REPORT_FILE = "report.json"


@dataclass(frozen=True)
class Gatekeeper:
    """What a run is judged by once it is done."""

    policy: PolicyFile
    baseline: tuple[Report, ...] = ()

    @classmethod
    def of(cls, policy: Place | None, baseline: Place | None = None) -> Gatekeeper | None:
        """Read what a run is judged by; None where there is no policy.

        Raises
        ------
        UsageError
            When the policy or the baseline cannot be read, or a baseline stands alone.
        """
        if policy is None:
            if baseline is not None:
                raise UsageError("a baseline needs a policy: give --policy as well")
            return None
        before = (read_report(baseline),) if baseline is not None else ()
        return cls(read_policy(policy), before)

    def judge(self, reports: Sequence[Report]) -> Gate:
        """Judge the reports of a run."""
        return judge(self.policy, reports, self.baseline)

    def judged(self, report: Report) -> Report:
        """Give a report with its gate, to be sealed."""
        return report.model_copy(update={"gate_": self.judge([report])})


def gate_of(
    report: Report, policy: Place | PolicyFile, baseline: Place | Report | None = None
) -> Gate:
    """Judge one report; what :meth:`avaudit.Report.gate` does."""
    read = policy if isinstance(policy, PolicyFile) else read_policy(policy)
    if baseline is None:
        return judge(read, [report])
    before = baseline if isinstance(baseline, Report) else read_report(baseline)
    return judge(read, [report], [before])


def read_report(place: Place) -> Report:
    """Read a report from its file, or from the folder it lies in.

    Raises
    ------
    UsageError
        When it cannot be read, is no report, or was changed after it was sealed.
    """
    from ..seal import digest_of, signature_problem

    path = Path(place)
    if path.is_dir():
        path = path / REPORT_FILE
    try:
        table = json.loads(path.read_bytes())
        report = Report.model_validate(table)
        digest = digest_of(table)  # fails for what no report can hold: NaN, half characters
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: this is no avaudit report: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the report is not valid JSON: {error}") from error
    seal = table.get("seal")
    # whose signature it is, and all the report rests on, is for avaudit verify
    if seal is not None and (signature_problem(seal) or digest != seal["digest"]):
        raise UsageError(
            f"{path}: the report was changed after it was sealed, so it is not judged; "
            f"avaudit verify {path} says more"
        )
    return report
