"""Plan files: what an audit will test, written before it is run."""

from .model import SCHEMA, Plan, Scenario

__all__ = ["SCHEMA", "Plan", "Scenario"]
