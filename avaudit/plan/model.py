"""The plan of an audit: what will be tested, said beforehand."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "avaudit.plan/1"


class PlanPart(BaseModel):
    """Base of all parts of a plan: frozen, no unknown keys, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scenario(PlanPart):
    """One bias scenario: who is at risk of what, how it is measured, what is tolerated.

    The prose fields follow the record of a bias scenario in prEN 18283 (at-risk group, hazard,
    measurement, threshold, mitigation, review trigger).
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    probe: str
    metric: str | None = None
    groups: tuple[str, ...] = ()
    """Group columns without prefix; several make intersections."""
    margin: float | None = Field(None, gt=0)
    """Largest difference that is tolerated, in the unit of the metric."""
    confirmatory: bool = True
    """Confirmatory tests are adjusted together and can fail an audit; exploratory never can."""
    control: tuple[str, ...] = ()
    """Group columns within whose levels the comparison is made."""
    where: dict[str, str | tuple[str, ...]] = {}
    """Only rows whose column has this value, or one of these."""
    min_n: int = Field(10, ge=1)
    """Groups smaller than this are shown, and left out of tests with a caution."""
    options: dict[str, Any] = {}
    at_risk: str = ""
    hazard: str = ""
    mitigation: str = ""
    review_trigger: str = ""


class Plan(PlanPart):
    """A whole plan file, ``avaudit.plan/1``."""

    schema_: Literal["avaudit.plan/1"] = Field(default="avaudit.plan/1", alias="schema")
    title: str = ""
    seed: int = Field(0, ge=0)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    level: float = Field(0.95, gt=0.5, lt=1)
    power: float = Field(0.8, gt=0, lt=1)
    correction: Literal["holm", "none"] = "holm"
    """Adjustment over the confirmatory tests; exploratory ones always use Benjamini-Hochberg."""
    n_draws: int = Field(2000, ge=100, le=1_000_000)
    scenario: tuple[Scenario, ...] = Field(min_length=1)

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )
