"""Finding plug-ins by entry point, and saying what was meant when a name is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from .errors import UsageError

if TYPE_CHECKING:
    from .detector import Detector
    from .renderer import Renderer

DETECTORS = "avaudit.detectors"
RENDERERS = "avaudit.renderers"
PROBES = "avaudit.probes"
ADAPTERS = "avaudit.adapters"


def names(group: str) -> list[str]:
    """Give the names of all installed plug-ins of a group, sorted; nothing is imported."""
    return sorted({point.name for point in entry_points(group=group)})


def load(group: str, name: str) -> Any:
    """Import one plug-in.

    Raises
    ------
    UsageError
        When no plug-in has that name (with the nearest ones), or its package cannot be imported.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        raise UsageError(unknown_name(_what(group), name, names(group)))
    return _import(found[0], group)


def select(wanted: Iterable[str] | None, group: str) -> list[str]:
    """Give the names a user asked for, checked; all of them when nothing was asked.

    A name that ends in ``.*`` or is a whole family (``provenance``) selects its members.
    """
    available = names(group)
    if wanted is None:
        return available
    chosen: list[str] = []
    for name in wanted:
        family = name.removesuffix(".*")
        members = [n for n in available if n == name or n.startswith(f"{family}.")]
        if not members:
            raise UsageError(unknown_name(_what(group), name, available))
        chosen += [member for member in members if member not in chosen]
    return sorted(chosen)


def load_detectors(wanted: Iterable[str] | None = None) -> dict[str, Detector]:
    """Give an instance of every detector asked for, by name, in order of name."""
    return {name: load(DETECTORS, name)() for name in select(wanted, DETECTORS)}


def load_renderer(name: str) -> Renderer:
    """Give an instance of one renderer."""
    renderer: Renderer = load(RENDERERS, name)()
    return renderer


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """Give the text for a name nobody knows: what was meant, and what there is.

    Examples
    --------
    >>> unknown_name("detector", "provenance.c2p", ["provenance.c2pa", "sync.offset"])
    "there is no detector 'provenance.c2p'; did you mean 'provenance.c2pa'?"
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"there is no {what} '{name}'; did you mean '{near[0]}'?"
    return f"there is no {what} '{name}'; there are: {', '.join(known) or 'none'}"


def _import(point: EntryPoint, group: str) -> Any:
    try:
        return point.load()
    except ImportError as error:
        package = point.dist.name if point.dist else point.module
        raise UsageError(
            f"the {_what(group)} '{point.name}' of {package} cannot be imported: {error}"
        ) from error


def _what(group: str) -> str:
    return group.removeprefix("avaudit.").removesuffix("s")
