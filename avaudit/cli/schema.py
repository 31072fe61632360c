"""``avaudit schema``."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of report.json."""
    from ..result import report_schema

    typer.echo(json.dumps(report_schema(), indent=2))
