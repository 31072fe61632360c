"""Policies: what is asked of reports, written as TOML, and the gate that answers."""

from .gatekeeper import Gatekeeper, gate_of
from .judge import judge
from .model import SCHEMA, Policy, policy_schema
from .profiles import PROFILES, profile_text
from .read import PolicyFile, read_policy
from .words import cautions_of, explained

__all__ = [
    "PROFILES",
    "SCHEMA",
    "Gatekeeper",
    "Policy",
    "PolicyFile",
    "cautions_of",
    "explained",
    "gate_of",
    "judge",
    "policy_schema",
    "profile_text",
    "read_policy",
]
