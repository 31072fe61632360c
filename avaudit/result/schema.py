"""The JSON Schema of report.json, made from the model itself."""

from __future__ import annotations

from typing import Any

from .model import SCHEMA, Report


def report_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of ``avaudit.report/1``."""
    schema = Report.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        **schema,
        "required": [*schema.get("required", []), "schema"],
    }
