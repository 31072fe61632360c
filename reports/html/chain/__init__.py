"""The C2PA manifest chain of a file as a picture: what was made from what, and who signed it."""

from .graph import Graph, chain_graph
from .layout import Box, Chain, Line, Link, draw

__all__ = ["Box", "Chain", "Graph", "Line", "Link", "chain_graph", "chain_of", "draw"]

from collections.abc import Mapping
from typing import Any


def chain_of(facts: Mapping[str, Any], pictures: Mapping[str, str]) -> Chain | None:
    """Draw the chain that a finding's facts describe.

    Parameters
    ----------
    facts
        Facts with ``manifests[]``, as ``provenance.c2pa`` states them; any key may be missing.
    pictures
        ``data:`` addresses by the file names that ``thumbnail`` of manifests and ingredients give.

    Returns
    -------
    Chain or None
        Nothing when there are no manifests.
    """
    graph = chain_graph(facts)
    return draw(graph, pictures) if graph else None
