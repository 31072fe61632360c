"""Fixtures of the report tests; the sample itself is a plain module that also runs as a script."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from avaudit.renderer import Renderer
from avaudit.reports.html import HtmlRenderer
from avaudit.result import Report


def _neighbour(name: str) -> ModuleType:
    """Import a plain module beside this file; pytest's importlib mode has no package for it."""
    spec = importlib.util.spec_from_file_location(
        f"avaudit_tests_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    """The module that makes the sample report."""
    return _neighbour("sample_report")


@pytest.fixture(scope="session")
def read() -> Callable[[str], Any]:
    """Parse a page into elements, attributes and text."""
    reader: Callable[[str], Any] = _neighbour("page_reader").read
    return reader


@pytest.fixture
def report_dict(sample: ModuleType, tmp_path: Path) -> dict[str, Any]:
    """The sample as JSON types; its pictures lie in ``tmp_path``."""
    found: dict[str, Any] = sample.sample_dict(tmp_path)
    return found


@pytest.fixture
def renderer() -> Renderer:
    return HtmlRenderer()


@pytest.fixture
def bare() -> dict[str, Any]:
    """The least a report may hold."""
    return {
        "schema": "avaudit.report/1",
        "id": "r1",
        "kind": "scan",
        "created": "2026-03-01T08:30:12Z",
        "tool": {"version": "0.1.0"},
        "environment": {"python": "3.11", "platform": "Linux", "packages": {}},
    }


@pytest.fixture
def page(report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path) -> str:
    """The sample's page."""
    return renderer.render(Report.model_validate(report_dict), tmp_path).decode()
