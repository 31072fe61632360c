"""Several reports with their gate as one, for documents that take one report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..result import Artefact, Gate, GateProblem, Report, RuleResult, Subject

BY_FILE = {"findings": "subject", "conclusions": "subject"}
OF_TESTS = ("scenarios", "estimates", "tests")


def view_of(reports: Sequence[Report], folders: Sequence[Path], gate: Gate) -> Report:
    """Give one view of reports and their gate; it is never sealed.

    Parameters
    ----------
    reports, folders
        The reports, and where each lies: paths of the view lead from the first folder.
    gate
        What a policy made of them.

    Returns
    -------
    Report
        Of one report, the report itself with this gate. Of several, files get the number of
        their report before their id, so that each id is there once, and the problems of the gate
        name them likewise.
    """
    if len(reports) == 1:
        return reports[0].model_copy(update={"gate_": gate})
    parts: dict[str, list[Any]] = {key: [] for key in ("subjects", *BY_FILE, *OF_TESTS)}
    for number, (report, folder) in enumerate(zip(reports, folders, strict=True), 1):
        parts["subjects"] += [
            _moved(subject, number, folder, folders[0]) for subject in report.subjects
        ]
        for key, id_of in BY_FILE.items():
            parts[key] += [
                row.model_copy(update={id_of: _id(number, getattr(row, id_of))})
                for row in getattr(report, key)
            ]
        for key in OF_TESTS:
            parts[key] += getattr(report, key)
    numbers = {report.id: number for number, report in enumerate(reports, 1)}
    rules = [_renamed(rule, numbers) for rule in gate.rules]
    without = {"seal": None, "curves": None, "items": None}
    merged = gate.model_copy(update={"rules": rules})
    return reports[0].model_copy(update={**parts, **without, "gate_": merged})


def _id(number: int, subject: str) -> str:
    return f"r{number}.{subject}"


def _moved(subject: Subject, number: int, folder: Path, to: Path) -> Subject:
    def path_of(path: str) -> str:
        return os.path.relpath(folder / path, to)

    def artefact(one: Artefact | None) -> Artefact | None:
        return one and one.model_copy(update={"path": path_of(one.path)})

    return subject.model_copy(
        update={
            "id": _id(number, subject.id),
            "path": subject.path and path_of(subject.path),
            "thumbnail": artefact(subject.thumbnail),
            "sidecar": artefact(subject.sidecar),
        }
    )


def _renamed(rule: RuleResult, numbers: dict[str, int]) -> RuleResult:
    def renamed(problem: GateProblem) -> GateProblem:
        if not problem.subject or problem.report not in numbers:
            return problem
        subject = _id(numbers[problem.report], problem.subject)
        return problem.model_copy(update={"subject": subject})

    problems = rule.problems and [renamed(problem) for problem in rule.problems]
    return rule.model_copy(update={"problems": problems})
