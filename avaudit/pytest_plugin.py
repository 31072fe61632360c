"""pytest plugin ``avaudit_gate``: a report judged by a policy, as a test.

A failed gate fails the test with the sentences of its rules; an undecided one skips it, or fails
it with ``--avaudit-strict``. Nothing of avaudit is imported until a test asks.

Examples
--------
By a marker, judged before the test runs::

    @pytest.mark.avaudit_gate(report="avaudit-report/report.json", policy="avaudit-policy.toml")
    def test_uploads_are_clean():
        pass

By the fixture, where the test makes the report itself::

    def test_release(avaudit_gate):
        report = avaudit.audit("model.py:load", data="people.csv", plan="plan.toml")
        avaudit_gate(report, policy="release.toml", baseline="last/report.json")
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .result import Gate, Report

    Judge = Callable[..., Gate]
    Place = str | os.PathLike[str]

MARKER = "avaudit_gate"
_HELP = "(report, policy, baseline=None, strict=False): fail or skip by the gate of a report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--avaudit-strict``."""
    group = parser.getgroup("avaudit")
    group.addoption(
        "--avaudit-strict",
        action="store_true",
        help="an undecided gate fails its test instead of skipping it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}{_HELP}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Judge what the marker names, then let the test run; paths lead from the root folder."""
    marker = pyfuncitem.get_closest_marker(MARKER)
    if marker is not None:
        _judge(pyfuncitem.config, *marker.args, **marker.kwargs)


@pytest.fixture
def avaudit_gate(request: pytest.FixtureRequest) -> Judge:
    """Judge a report by a policy: fails or skips the test, gives the gate where it passed.

    Call it with ``report`` (a report, its file or its folder), ``policy`` (a file) and, if
    wanted, ``baseline`` (like ``report``) and ``strict``.
    """

    def judge(
        report: Report | Place,
        policy: Place,
        baseline: Report | Place | None = None,
        *,
        strict: bool = False,
    ) -> Gate:
        return _judge(request.config, report, policy, baseline, strict=strict)

    return judge


def _judge(
    config: pytest.Config,
    report: Report | Place,
    policy: Place,
    baseline: Report | Place | None = None,
    *,
    strict: bool = False,
) -> Gate:
    from .errors import AvauditError
    from .policy import gate_of

    try:
        before = None if baseline is None else _read(config, baseline)
        gate = gate_of(_read(config, report), config.rootpath / policy, before)
        told, failed = _told(gate), gate.verdict == "fail"
    except AvauditError as error:
        gate, told, failed = None, f"avaudit: {error}", True
    if gate is not None and gate.verdict == "pass":
        return gate
    if failed or strict or config.getoption("--avaudit-strict"):
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


def _read(config: pytest.Config, report: Report | Place) -> Report:
    from .policy.gatekeeper import read_report

    if isinstance(report, str | os.PathLike):
        return read_report(config.rootpath / report)
    return report


def _told(gate: Gate) -> str:
    """Give the verdict with the sentence of every rule that does not pass."""
    from .cli.output import plain

    rules = [f"{r.id} ({r.verdict}): {r.why}" for r in gate.rules if r.verdict != "pass"]
    return plain(f"avaudit gate “{gate.policy.name}”: {gate.verdict}. {' '.join(rules)}")
