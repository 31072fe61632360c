"""Looking for what makes a data set unfit for an audit."""

from __future__ import annotations

import numpy as np

from ..table import Manifest
from .container import Progress, Properties, read_properties
from .files import missing_files, repeated_rows, same_content, sizes_of
from .leaks import leaks
from .problem import Code, Problem
from .shortcuts import can_have_shortcuts, shortcuts
from .sizes import small_groups
from .values import bad_values

MAX_FILES = 2000
"""Most files whose headers are read."""

__all__ = ["MAX_FILES", "Code", "Problem", "lint"]


def lint(
    manifest: Manifest,
    *,
    files: bool = True,
    max_files: int = MAX_FILES,
    confinement: str = "required",
    progress: Progress | None = None,
) -> list[Problem]:
    """Look for what makes a data set unfit for an audit.

    Parameters
    ----------
    manifest
        Clips or trials, as :func:`avaudit.manifest.read_manifest` gives them.
    files
        Whether to look at the files: are they there, are they copies, what do their headers
        say. Headers are parsed in the confined worker.
    max_files
        Headers of at most so many files are read, drawn at random with a fixed seed.
    confinement
        ``required`` or ``best_effort``, as in the settings.
    progress
        Called after each header with how many are done, how many there are, and the name.

    Returns
    -------
    list of Problem
        Worst kind first (the order of :class:`Code`); empty when there is none.

    Raises
    ------
    ConfinementError
        When headers are to be read and the machine cannot confine their parser as demanded.
    """
    problems = [*bad_values(manifest), *leaks(manifest), *repeated_rows(manifest)]
    properties: dict[str, Properties] = {}
    said = ""
    if files:
        sizes = sizes_of(manifest)
        problems += missing_files(manifest, sizes)
        problems += same_content(manifest, sizes)
        if can_have_shortcuts(manifest):
            there = [name for name, size in sizes.items() if size > 0]
            chosen = _sample(there, max_files)
            properties = read_properties(
                manifest.folder, sizes, chosen, confinement=confinement, progress=progress
            )
            if len(chosen) < len(there):
                said = f" [read from {len(chosen):,} of {len(there):,} files, drawn at random]"
    problems += shortcuts(manifest, properties, said)
    problems += small_groups(manifest)
    order = list(Code)
    return sorted(problems, key=lambda problem: order.index(problem.code))


def _sample(names: list[str], most: int) -> list[str]:
    if len(names) <= most:
        return names
    drawn = np.random.default_rng(0).choice(len(names), size=most, replace=False)
    return [names[index] for index in np.sort(drawn)]
