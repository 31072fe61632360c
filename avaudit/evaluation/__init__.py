"""``avaudit bench``: how good a detector's scores are, and calibrations made from them."""

from .bench import BenchRequest, run_bench

__all__ = ["BenchRequest", "run_bench"]
