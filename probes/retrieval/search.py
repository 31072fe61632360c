"""Queries and gallery: who is searched for, among whom, and who is shown first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import group_labels, identities, select
from avaudit.plan import Scenario
from avaudit.probe import Context
from avaudit.registry import unknown_name
from avaudit.statistics import cosines

from .._comparison import TextArray
from .._modality import Embedded, FloatArray, Modality, embed, files_of, rows_of

NEEDED = {"face": Capability.FACE_EMBEDDER, "voice": Capability.VOICE_EMBEDDER}
CHUNK = 512
MAX_DEPTH = 100
MAX_LEVELS = 40
POOL = 3


@dataclass(frozen=True, kw_only=True)
class Search:
    """The rankings of all queries.

    Attributes
    ----------
    query, gallery
        What searches and what is searched: face or voice.
    queries
        The rows that search.
    groups, people
        Group and identity of each query, shape (n,).
    names, levels
        The l levels of the gallery's groups, and which one each item has, shape (m,).
    item_people
        Identity of each gallery item, shape (m,).
    depth
        How many ranks the divergence looks at.
    shown
        Gallery items of *other* people, best first, shape (n, up to 3 × depth); −1 where a
        ranking is shorter. The ranks beyond ``depth`` fill in when a part of the gallery is drawn.
    own_rank
        Rank of the first item of the query's own person, from 1; NaN where there is none.
    left_out
        Items of each level that a ranking leaves out (the query's own person), shape (n, l).
    cautions
        What was left out.
    """

    query: Modality
    gallery: Modality
    queries: Manifest
    groups: TextArray
    people: TextArray
    names: tuple[str, ...]
    levels: NDArray[np.intp]
    item_people: TextArray
    depth: int
    shown: NDArray[np.intp]
    own_rank: FloatArray
    left_out: NDArray[np.intp]
    cautions: tuple[str, ...]


def search(scenario: Scenario, context: Context) -> Search:
    """Rank the gallery for every query by cosine.

    Raises
    ------
    UsageError
        When an option is wrong, or the manifest or the model lacks what they ask for.
    """
    manifest = select(context.manifest, scenario.where)
    ranked = gallery_groups(scenario)
    query, gallery = (_modality(scenario, context, name) for name in ("query", "gallery"))
    cautions: list[str] = []
    asking = _embedded(manifest, query, "query", scenario, context, cautions)
    if (query, _where(scenario, "query")) == (gallery, _where(scenario, "gallery")):
        items = asking
    else:
        items = _embedded(manifest, gallery, "gallery", scenario, context, cautions)
    groups = group_labels(asking.manifest, scenario.groups)
    levels = group_labels(items.manifest, ranked)
    if unknown := int((levels == "").sum()):
        cautions.append(f"{unknown:,} gallery items have no known group and are left out.")
    kept = np.flatnonzero(levels != "")
    names = tuple(sorted(set(levels[kept].tolist())))
    if not 2 <= len(names) <= MAX_LEVELS:
        raise UsageError(
            f"scenario '{scenario.id}': the gallery has {len(names)} levels of "
            f"{' × '.join(ranked)}; skew needs at least two, and no more than {MAX_LEVELS}"
        )
    if asking.vectors.shape[1] != items.vectors.shape[1]:
        raise UsageError(
            f"{context.model.reference}: {query} and {gallery} vectors have "
            f"{asking.vectors.shape[1]} and {items.vectors.shape[1]} numbers; retrieval by cosine "
            "needs one space"
        )
    # items that tie must not be shown in the order of the manifest
    kept = context.rng.permutation(kept)
    persons, others = _person_codes(asking.manifest, items.manifest, kept)
    files = _file_codes(asking.manifest, query, items.manifest, gallery, kept)
    depth = min(_depth(scenario), len(kept))
    rankings = _ranked(
        asking.vectors, items.vectors[kept], persons, others, files, min(POOL * depth, len(kept))
    )
    if scenario.metric == "recall" and np.isnan(rankings.own_rank).all():
        cautions.append(
            f"No {query} has a {gallery} of the same identity in the gallery, so recall is unknown."
        )
    codes = np.searchsorted(np.array(names, dtype=object), levels[kept])
    return Search(
        query=query,
        gallery=gallery,
        queries=asking.manifest,
        groups=groups,
        people=asking.people(),
        names=names,
        levels=codes,
        item_people=items.people()[kept],
        depth=depth,
        shown=rankings.shown,
        own_rank=rankings.own_rank,
        left_out=np.stack(
            [np.bincount(codes[out], minlength=len(names)) for out in rankings.left_out]
        ),
        cautions=tuple(cautions),
    )


def gallery_groups(scenario: Scenario) -> tuple[str, ...]:
    """Give the group columns whose shares are looked at: ``options.gallery_groups``, or groups."""
    given = scenario.options.get("gallery_groups", scenario.groups)
    names = (given,) if isinstance(given, str) else tuple(map(str, given))
    if not scenario.groups or not names:
        raise UsageError(
            f"scenario '{scenario.id}': name the groups of those who search, as in "
            'groups = ["gender"]; options.gallery_groups says whose shares among the results are '
            "looked at, where these are others"
        )
    return names


def _modality(scenario: Scenario, context: Context, name: str) -> Modality:
    kinds = [kind for kind, needed in NEEDED.items() if needed in context.model.capabilities]
    given = scenario.options.get(name)
    if given is None:
        # voices search for faces where the model has both
        given = kinds[-1] if name == "query" else kinds[0]
    if given not in NEEDED:
        raise UsageError(
            f"scenario '{scenario.id}', options.{name}: "
            f"{unknown_name('kind', str(given), list(NEEDED))}"
        )
    context.model.require(NEEDED[given])
    return cast(Modality, given)


def _where(scenario: Scenario, name: str) -> Mapping[str, Any]:
    given = scenario.options.get(f"{name}_where", {})
    if not isinstance(given, dict):
        raise UsageError(
            f"scenario '{scenario.id}': options.{name}_where is a table of columns and values, "
            f'such as {name}_where = {{ split = "test" }}'
        )
    return given


def _embedded(
    manifest: Manifest,
    modality: Modality,
    name: str,
    scenario: Scenario,
    context: Context,
    cautions: list[str],
) -> Embedded:
    rows = select(rows_of(manifest, modality), _where(scenario, name))
    found = embed(rows, modality, context)
    if found.n_unanswered:
        cautions.append(
            f"The model gave no vector for {found.n_unanswered:,} of {len(rows):,} {modality}s "
            f"({name}); they are left out."
        )
    if not len(found.manifest):
        raise UsageError(
            f"scenario '{scenario.id}': the model gave no vector for any {modality} ({name})"
        )
    return found


def _depth(scenario: Scenario) -> int:
    depth = scenario.options.get("depth", MAX_DEPTH)
    if not isinstance(depth, int) or depth < 1:
        raise UsageError(
            f"scenario '{scenario.id}': options.depth is a whole number of at least 1, "
            f"not {depth!r}"
        )
    return depth


def _person_codes(
    queries: Manifest, items: Manifest, kept: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give a number per person; −1 and −2 where it is not known, which are never the same."""
    one, other = identities(queries), identities(items)
    first = np.full(len(queries), "", dtype=object) if one is None else one
    second = np.full(len(items), "", dtype=object) if other is None else other
    _, codes = np.unique(np.concatenate([first, second[kept]]).astype(str), return_inverse=True)
    codes = codes.astype(np.intp)
    mine, theirs = codes[: len(first)], codes[len(first) :]
    mine[first == ""] = -1
    theirs[second[kept] == ""] = -2
    return mine, theirs


def _file_codes(
    queries: Manifest, query: Modality, items: Manifest, gallery: Modality, kept: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Give, per query, the place of its own file in the gallery; −1 where it is not there."""
    if query != gallery:
        return np.full(len(queries), -1, dtype=np.intp)
    files = files_of(items, gallery)
    places = {files[row]: place for place, row in enumerate(kept.tolist())}
    return np.array([places.get(file, -1) for file in files_of(queries, query)], dtype=np.intp)


@dataclass(frozen=True)
class _Rankings:
    shown: NDArray[np.intp]
    own_rank: FloatArray
    left_out: list[NDArray[np.intp]]


def _ranked(
    queries: FloatArray,
    items: FloatArray,
    persons: NDArray[np.intp],
    others: NDArray[np.intp],
    files: NDArray[np.intp],
    pool: int,
) -> _Rankings:
    found = _Rankings(
        np.full((len(queries), pool), -1, dtype=np.intp), np.full(len(queries), np.nan), []
    )
    for start in range(0, len(queries), CHUNK):
        rows = slice(start, start + CHUNK)
        order = np.argsort(-cosines(queries[rows], items), axis=1, kind="stable")
        for place, ranking in enumerate(order, start):
            ranked = ranking[ranking != files[place]]
            mine = others[ranked] == persons[place]
            if mine.any():
                found.own_rank[place] = float(np.argmax(mine)) + 1
            strangers = ranked[~mine]
            found.shown[place, : min(pool, len(strangers))] = strangers[:pool]
            found.left_out.append(np.setdiff1d(ranking, strangers))
    return found
