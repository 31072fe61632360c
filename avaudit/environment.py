"""The account of where a report was made."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .result import Environment

PACKAGES = (
    "av",
    "c2pa-python",
    "cryptography",
    "defusedxml",
    "numpy",
    "pillow",
    "pydantic",
    "sqlalchemy",
    "torch",
)


def package_versions() -> dict[str, str]:
    """Give the installed versions of the packages a result may depend on."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def describe(confinement: dict[str, Any] | None = None) -> Environment:
    """Describe this interpreter, machine and the confinement that was in force."""
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        packages=package_versions(),
        confinement=confinement or {},
    )
