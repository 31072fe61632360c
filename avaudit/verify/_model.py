"""What a verification answers, and how it reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "failed", "warning", "not_checked"]

_MARKS: dict[Status, str] = {
    "ok": "ok",
    "failed": "FAILED",
    "warning": "warning",
    "not_checked": "not checked",
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name
        What was looked at: ``report``, ``digest``, ``signature``, ``artefacts``, ``subjects``,
        ``documents``, ``ledger``, ``ledger entry`` (the singular for one file).
    status
        ``failed`` when it was touched; ``warning`` when it holds, but a reader must know more;
        ``not_checked`` when there was nothing to look at.
    text
        A sentence that names the thing and what is wrong with it.
    detail
        More lines: file names, the values that differ.
    """

    name: str
    status: Status
    text: str
    detail: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Names from a hostile report can hold half of a character pair, which no stream prints.
        object.__setattr__(self, "text", _printable(self.text))
        object.__setattr__(self, "detail", tuple(_printable(line) for line in self.detail))


@dataclass(frozen=True)
class Verification:
    """All that was looked at, for one report or for the ledger alone.

    Attributes
    ----------
    checks
        In the order in which they were made.
    of
        What was verified, for people: the file, or the ledger.
    """

    checks: tuple[Check, ...]
    of: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was found to be touched."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        if not self.ok:
            count = len(self.failures)
            return f"NOT untouched: {count} check{'s' * (count > 1)} failed"
        if any(check.status == "warning" for check in self.checks):
            return "nothing was found to be touched, but read the warnings"
        return "untouched"

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as plain JSON types."""
        return {
            "of": self.of,
            "ok": self.ok,
            "verdict": self.verdict,
            "checks": [{**asdict(check), "detail": list(check.detail)} for check in self.checks],
        }


def verification_lines(verification: Verification) -> list[str]:
    """Give the answer as lines for a terminal: one per check, details below, the verdict last."""
    lines = []
    for check in verification.checks:
        lines.append(f"{_MARKS[check.status]:<12} {check.name:<14} {check.text}")
        lines += [f"{'':<28}{line}" for line in check.detail]
    return [*lines, verification.verdict]


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
