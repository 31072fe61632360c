"""``avaudit bench``: how good a detector's scores are, and calibrations made from them."""

from .bench import run_bench
from .request import BenchRequest

__all__ = ["BenchRequest", "run_bench"]
