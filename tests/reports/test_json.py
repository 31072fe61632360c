import json
from pathlib import Path
from typing import Any

from avaudit.reports.json import JsonRenderer
from avaudit.result import Report


def test_bytes_are_the_sealed_text(report_dict: dict[str, Any], tmp_path: Path) -> None:
    report = Report.model_validate(report_dict)
    written = JsonRenderer().render(report, tmp_path)
    assert written == report.to_json().encode()
    assert json.loads(written) == report.to_dict()


def test_file_name() -> None:
    assert JsonRenderer.filename == "report.json"
