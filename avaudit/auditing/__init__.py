"""Audits: a plan of scenarios, run by probes on a model, judged in one place."""

from .report import AuditRequest
from .run import AuditRun, audit, run_audit

__all__ = ["AuditRequest", "AuditRun", "audit", "run_audit"]
