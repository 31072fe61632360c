"""Plan files: what an audit will test, written before it is run."""

from .check import check_plan, plan_cautions
from .model import SCHEMA, Plan, Scenario
from .read import plan_schema, read_plan

__all__ = ["SCHEMA", "Plan", "Scenario", "check_plan", "plan_cautions", "plan_schema", "read_plan"]
