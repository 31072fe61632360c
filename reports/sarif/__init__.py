"""SARIF 2.1.0 for code scanning, IDEs and result databases."""

from .renderer import SarifRenderer

__all__ = ["SarifRenderer"]
