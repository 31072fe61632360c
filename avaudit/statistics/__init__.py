"""Statistics of audits and detectors: pure functions on numpy arrays.

Nothing here reads a file, keeps state or draws without an explicit
:class:`numpy.random.Generator`. A number that does not exist is NaN with a reason.
"""

from .estimate import Estimate, undefined

__all__ = ["Estimate", "undefined"]
