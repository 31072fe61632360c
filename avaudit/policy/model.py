"""The policy file: what is asked of a report, as a person writes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .measured_rules import BiasRule, DifferentialRule, DriftRule, QualityRule, WorstGroupRule
from .subject_rules import (
    ContradictionsRule,
    CoverageRule,
    EvidenceRule,
    KnownRule,
    MetadataRule,
    ProvenanceRule,
    SyncRule,
    WatermarkRule,
)

SCHEMA = "avaudit.policy/1"

AnySubjectRule = (
    ProvenanceRule
    | MetadataRule
    | WatermarkRule
    | EvidenceRule
    | CoverageRule
    | ContradictionsRule
    | KnownRule
    | SyncRule
)
AnyTestRule = BiasRule | WorstGroupRule | DifferentialRule | QualityRule | DriftRule
AnyRule = AnySubjectRule | AnyTestRule

RULES: dict[str, type[BaseModel]] = {
    model.model_fields["kind"].default: model
    for model in (
        ProvenanceRule, MetadataRule, WatermarkRule, EvidenceRule, CoverageRule,
        ContradictionsRule, KnownRule, SyncRule, BiasRule, WorstGroupRule, DifferentialRule,
        QualityRule, DriftRule,
    )
}  # fmt: skip
"""The kinds of rules by the word after ``kind =``."""


class Declared(BaseModel):
    """Which assets are said to be generated, and which to be recordings: globs on their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generated: tuple[str, ...] = ()
    real: tuple[str, ...] = ()


class Policy(BaseModel):
    """A whole policy file, ``avaudit.policy/1``.

    Attributes
    ----------
    name
        Stands in the report beside the file's SHA-256.
    alpha
        Error level of all statistical tests of the policy together (Holm).
    power
        Chance with which an effect should be found; for the items that would settle a rule.
    declared
        What the assets are said to be.
    rule
        The rules, in the order in which they are reported.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )

    schema_: Literal["avaudit.policy/1"] = Field(default="avaudit.policy/1", alias="schema")
    name: str = Field(min_length=1, max_length=100)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    power: float = Field(0.8, gt=0, lt=1)
    declared: Declared = Declared()
    rule: tuple[Annotated[AnyRule, Field(discriminator="kind")], ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _schema_is_said(cls, table: Any) -> Any:
        if isinstance(table, dict) and "schema" not in table and "schema_" not in table:
            raise ValueError(f'the policy must say schema = "{SCHEMA}"')
        return table


def policy_schema() -> dict[str, Any]:
    """Give the JSON Schema of policy files."""
    schema = Policy.model_json_schema(by_alias=True)
    schema["required"] = ["schema", *schema.get("required", [])]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **schema}
