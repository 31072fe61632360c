"""The rules of a SARIF run: each id once, with what it asks and what it does not say."""

from __future__ import annotations

from typing import Any

from avaudit.result import Finding, RuleResult, Scenario

from ..html.text import label_of
from .message import identifier, message

_OUTCOMES = {
    "scored": "measured",
    "observed": "facts read",
    "abstained": "no answer given",
    "failed": "the examination broke off",
}


class Rules:
    """Collects rules while results are made, so that every result can name its index."""

    def __init__(self) -> None:
        self.descriptors: list[dict[str, Any]] = []
        self._index: dict[str, int] = {}

    def of_gate(self, rule: RuleResult) -> dict[str, Any]:
        """Give the reference to a rule of the policy."""
        title = f"Rule of the policy: {rule.id}"
        return self._reference(rule.id, title, "", [], level="error", tag="gate")

    def of_finding(self, finding: Finding) -> dict[str, Any]:
        """Give the reference to ``detector/outcome``."""
        detector = finding.detector
        return self._reference(
            f"{detector.name}/{finding.outcome}",
            f"{detector.title or detector.name}: {_OUTCOMES[finding.outcome]}",
            detector.asks or "",
            finding.does_not_say,
            level="none",
            tag="detector",
        )

    def of_scenario(self, probe: str, metric: str, scenario: Scenario | None) -> dict[str, Any]:
        """Give the reference to ``probe/metric``."""
        return self._reference(
            f"{probe}/{metric}",
            f"{scenario.title if scenario else probe}: {label_of(metric)[0]}",
            scenario.asks if scenario else "",
            scenario.does_not_say if scenario else [],
            level="error",
            tag="probe",
        )

    def _reference(
        self, name: str, title: str, asks: str, limits: list[str], *, level: str, tag: str
    ) -> dict[str, Any]:
        rule_id = identifier(name)
        if rule_id not in self._index:
            self._index[rule_id] = len(self.descriptors)
            descriptor: dict[str, Any] = {
                "id": rule_id,
                "shortDescription": message(title, 200),
                "defaultConfiguration": {"level": level},
                "properties": {"tags": [tag]},
            }
            if asks:
                descriptor["fullDescription"] = message(asks)
            if limits:
                descriptor["help"] = message("What this does not say: " + " ".join(limits), 3000)
            self.descriptors.append(descriptor)
        return {"ruleId": rule_id, "ruleIndex": self._index[rule_id]}
