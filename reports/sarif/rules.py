"""The rules of a SARIF run: each id once, with what it asks and what it does not say."""

from __future__ import annotations

from typing import Any

from avaudit.result import Finding, RuleResult, Scenario

from ..html.text import label_of, shortened
from ..overview import plain_value
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
        reference = self._reference(
            rule.id,
            rule.note or f"Rule of the policy: {rule.id}",
            f"Required: {plain_value(rule.required)}" if rule.required is not None else "",
            [],
            level="error",
            tag="gate",
        )
        told = self.descriptors[reference["ruleIndex"]]["properties"]
        told |= {"verdict": rule.verdict, "why": shortened(rule.why, 1000)}
        for name, value in (("observed", rule.observed), ("required", rule.required)):
            if value is not None:
                told[name] = plain_value(value)
        told |= {"counts": rule.counts} if rule.counts else {}
        told |= {"nNeeded": rule.n_needed} if rule.n_needed is not None else {}
        return reference

    def of_fixed(self) -> dict[str, Any]:
        """Give the reference for problems of the baseline that are gone."""
        return self._reference(
            "gate/fixed", "A problem of the baseline that is gone", "", [], level="none", tag="gate"
        )

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
