"""Every way an examination can fail, as a typed failure."""

from __future__ import annotations

from ..errors import ExaminationError


def as_examination_error(error: BaseException) -> ExaminationError:
    """Give any exception as a typed failure with a text for the reader."""
    if isinstance(error, ExaminationError):
        return error
    if isinstance(error, MemoryError):
        return ExaminationError("memory_limit", "the examination ran out of its allowed memory")
    if isinstance(error, OSError) and error.errno is not None:
        return ExaminationError("io_error", f"reading or writing failed: {error.strerror}")
    return ExaminationError("internal_error", f"{type(error).__name__}: {error}")
