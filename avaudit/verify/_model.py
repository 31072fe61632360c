"""What a verification answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "failed", "warning", "not_checked"]


@dataclass(frozen=True)
class Check:
    """One thing that was checked: its name, how it went, and a sentence on it."""

    name: str
    status: Status
    text: str


@dataclass(frozen=True)
class Verification:
    """All checks of one report or ledger; ``ok`` when none failed."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found to be touched."""
        return not any(check.status == "failed" for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as plain JSON types."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}
