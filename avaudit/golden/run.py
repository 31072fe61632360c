"""All published values, recomputed."""

from __future__ import annotations

from pathlib import Path

from .biometric import biometric_rows
from .inference import inference_rows
from .rows import Golden
from .toys import toy_rows
from .words import word_rows


def recompute(data: Path | None = None) -> list[Golden]:
    """Recompute every published value.

    Parameters
    ----------
    data
        Folder with the word vectors (``weat_glove.npz``) and word lists; rows that need it are
        skipped, with the reason, where it is None or lacks the files.

    Returns
    -------
    list of Golden
        In order of the sources. Takes some seconds.

    Raises
    ------
    UsageError
        If a file of the folder cannot be read as what it should be.
    """
    return [*word_rows(data), *biometric_rows(), *inference_rows(), *toy_rows()]
