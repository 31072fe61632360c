"""Finding plug-ins by entry point, and saying what was meant when a name is wrong.

Detectors may also come from *sources*: an entry point of the group ``avaudit.detector_sources``
names a folder below the avaudit home and a class that makes detectors of what lies there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .errors import UsageError
from .home import home_dir

if TYPE_CHECKING:
    from .detector import Detector
    from .renderer import Renderer

DETECTORS = "avaudit.detectors"
RENDERERS = "avaudit.renderers"
PROBES = "avaudit.probes"
ADAPTERS = "avaudit.adapters"
SOURCES = "avaudit.detector_sources"


class DetectorSource(Protocol):
    """Makes detectors of what lies in a folder."""

    def names(self, place: Path) -> list[str]:
        """Give the names of the detectors in the folder; UsageError when one is unsound."""
        ...

    def load(self, name: str, place: Path) -> Detector:
        """Give one of them."""
        ...


def names(group: str) -> list[str]:
    """Give the names of all installed plug-ins of a group, sorted; nothing is imported."""
    found = {point.name for point in entry_points(group=group)}
    if group == DETECTORS:
        for source, place in _sources(None):
            found.update(source.names(place))
    return sorted(found)


def load(group: str, name: str, places: Mapping[str, Path] | None = None) -> Any:
    """Import one plug-in.

    Parameters
    ----------
    group, name
        Which.
    places
        Folders of the sources of detectors by name, where they are not those below the home.

    Raises
    ------
    UsageError
        When no plug-in has that name (with the nearest ones), or its package cannot be imported.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if found:
        return _import(found[0], group)
    for source, place in _sources(places) if group == DETECTORS else ():
        if name in source.names(place):
            return partial(source.load, name, place)
    raise UsageError(unknown_name(_what(group), name, names(group)))


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


def _sources(places: Mapping[str, Path] | None) -> Iterator[tuple[DetectorSource, Path]]:
    """Give the sources whose folder is there; the others are not even imported."""
    for point in entry_points(group=SOURCES):
        place = home_dir() / point.name if places is None else places.get(point.name)
        if place is not None and place.is_dir():
            yield _import(point, SOURCES)(), place


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
