"""What a rule came to, before it is written into the report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ..result import GateProblem
from ..result.gate import Verdict
from .base import Rule
from .cases import Case
from .checks import Fault

State = Literal["new", "unchanged", "fixed"]


@dataclass(frozen=True)
class Problem:
    """A fault with its place: the file, or the test, and the report it stands in."""

    rule: str
    fault: Fault
    report: str
    case: Case | None = None

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """By what it is found again in another report: the file's content, or its name."""
        where = (self.rule, self.fault.detector or "")
        if self.case is None:
            return [where]
        subject = self.case.subject
        keys: list[tuple[str, ...]] = [(*where, "name", subject.name)]
        if subject.sha256:
            keys.insert(0, (*where, "sha256", subject.sha256))
        return keys

    def written(self, state: State | None = None) -> GateProblem:
        """Give it as the report holds it."""
        subject = self.case.subject if self.case else None
        told = json.dumps(self.keys[0]).encode()
        return GateProblem(
            verdict=self.fault.verdict,
            text=self.fault.text,
            report=self.report,
            subject=subject.id if subject else None,
            name=subject.name if subject else None,
            detector=self.fault.detector,
            state=state,
            fingerprint=hashlib.sha256(told).hexdigest(),
        )


@dataclass
class Outcome:
    """What a rule came to.

    Attributes
    ----------
    concerned, failing, undecided
        Files (or tests) it was asked of, and how many of them do not pass.
    excused
        Failing ones that do not count, for the baseline has them as well.
    """

    rule: Rule
    verdict: Verdict
    why: str
    observed: str
    concerned: int = 0
    failing: int = 0
    undecided: int = 0
    excused: int = 0
    n_needed: int | None = None
    problems: list[Problem] = field(default_factory=list)


class Known:
    """The failing problems of a baseline, to be found again."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = [p for p in problems if p.fault.verdict == "fail"]
        self._keys = {key for problem in self.problems for key in problem.keys}

    def has(self, problem: Problem) -> bool:
        """Whether the baseline has this problem as well."""
        return any(key in self._keys for key in problem.keys)
