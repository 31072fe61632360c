"""Held-out scores: what the recipe answers for sources or systems it did not learn from."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .cache import measured
from .learning import Examples, learn
from .material import Clip, read_clips
from .model import SyntheticSpeechModel
from .selection import Selection, ranked_sources
from .train import gather
from .views import COMPARED, COPIES, FLOOR, RECIPES, VIEWS, View, variants_of

LeftOut = Literal["source", "system"]
INNER_COLUMNS = ("recipe", "left_out", "ranked", "auc")
COLUMNS = ("path", "label", "source", "system", "condition", "score", "fold")

Chosen = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Fold:
    name: str
    tested: Chosen
    kept_sources: frozenset[str]
    source: str | None = None
    without_system: str | None = None


def cross_validate(
    manifest: Path,
    out: Path,
    *,
    left_out: LeftOut = "source",
    all_rows: bool = False,
    recipe: str | None = None,
    ranked_only: bool = False,
    conditions: Sequence[str] = ("clean",),
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Score every clip by a model that learnt nothing from its source, or from its system.

    Parameters
    ----------
    manifest, out, seed, workers, progress
        As for :func:`~.train.train`.
    left_out
        ``source``: one source at a time. ``system``: one synthetic system at a time, together with
        the real clips of the sources it comes from; each of its clips and of those is scored.
    all_rows
        Learn from the rows with ``use = evaluate`` too. Says what they would add; not what ships.
    recipe
        One of :data:`~.views.RECIPES` instead of what ships; ``floor``: :data:`~.views.FLOOR`, what
        the model has to beat; one of :data:`~.views.COMPARED`: for each source what
        :class:`~.selection.Selection` chooses, whose figures are written beside the scores.
    ranked_only
        Leave out, of the learnt sources, only those with enough clips of both classes to be ranked
        by themselves: the figure within sources needs no others.
    conditions
        Names of :mod:`avaudit.conditions` under which the held-out clips are scored.

    Returns
    -------
    path
        A CSV file, one row per clip, fold and condition: path, label, source, system, condition,
        score, fold.

    Raises
    ------
    UsageError
        When the manifest cannot be used.
    """
    clips = read_clips(manifest)
    learnt = [clip for clip in clips if all_rows or clip.use == "train"]
    compared = {name: RECIPES[name] for name in COMPARED.get(recipe or "", ())}
    if compared and left_out != "source":
        raise UsageError(f"--recipe {recipe} chooses for sources: leave out sources")
    if {clip.label for clip in learnt} != {0, 1}:
        raise UsageError(f"{manifest}: the rows to learn from must be of both classes, 0 and 1")
    cache = out / "cache"
    wanted = variants_of(*(compared.values() if compared else [_views(recipe, None, None)]))
    examples = gather(learnt, cache, variants=wanted, seed=seed, workers=workers, progress=progress)
    tests = {
        name: measured(clips, name, cache, workers=workers, progress=progress)
        for name in conditions
    }
    selection = Selection(examples, compared, seed=seed, progress=progress) if compared else None
    kind = f"{left_out}-{'all' if all_rows else 'train'}{f'-{recipe}' if recipe else ''}"
    path = out / f"heldout-{kind}.csv"
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    ranked = set(ranked_sources(examples))
    for fold in _folds(clips, learnt, left_out):
        if ranked_only and fold.source not in {None, *ranked}:
            continue
        views = _views(recipe, selection, fold)
        part = examples.only(_learnt_from(examples, fold))
        model = SyntheticSpeechModel(learn(part, seed=seed, views=views), views)
        at = np.flatnonzero(fold.tested)
        for condition, groups in tests.items():
            scores = model.score_measured({name: value[at] for name, value in groups.items()})
            for place, score in zip(at, scores, strict=True):
                clip = clips[place]
                about = (clip.name, clip.label, clip.source, clip.system, condition)
                table.writerow((*about, f"{score:.6f}", fold.name))
        write_atomic(path, written.getvalue().encode())
        progress(f"scored {len(at)} clips, {fold.name} left out")
    if selection is not None:
        lines = [",".join(map(str, row)) for row in (INNER_COLUMNS, *selection.rows)]
        write_atomic(out / f"inner-{kind}.csv", ("\n".join(lines) + "\n").encode())
    return path


def _views(
    recipe: str | None, selection: Selection | None, fold: _Fold | None
) -> Mapping[str, View]:
    if selection is not None and fold is not None:
        return RECIPES[selection.choose(fold.source)]
    if recipe is None:
        return VIEWS
    return FLOOR if recipe == "floor" else RECIPES[recipe]


def _learnt_from(examples: Examples, fold: _Fold) -> Chosen:
    chosen: Chosen = np.isin(examples.sources, list(fold.kept_sources))
    if fold.without_system is None:
        return chosen
    made = (examples.labels == 1) & ~np.isin(examples.variants, COPIES)
    others: Chosen = (made | chosen) & (examples.systems != fold.without_system)
    return others


def _folds(clips: Sequence[Clip], learnt: Sequence[Clip], left_out: LeftOut) -> Iterator[_Fold]:
    sources = np.array([clip.source for clip in clips])
    systems = np.array([clip.system for clip in clips])
    natural = np.array([clip.label == 0 for clip in clips])
    known = frozenset(clip.source for clip in learnt)
    if left_out == "source":
        never = ~np.isin(sources, list(known))
        if never.any():  # one model serves all sources that are not learnt from anyway
            yield _Fold("sources not learnt from", never, known)
        for source in sorted(known):
            yield _Fold(source, sources == source, known - {source}, source)
        return
    for system in sorted(set(systems[~natural])):
        its = ~natural & (systems == system)
        home = np.isin(sources, list(set(sources[its])))
        kept = known - set(sources[its])
        yield _Fold(system, its | (natural & home), kept, without_system=system)


def main() -> None:
    """Write held-out scores from the command line."""
    parser = argparse.ArgumentParser(description="Held-out scores of the recipe, as a CSV file.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--left-out", choices=("source", "system"), default="source")
    parser.add_argument("--all-rows", action="store_true", help="learn from use = evaluate too")
    parser.add_argument("--recipe", choices=(*RECIPES, "floor", *COMPARED), help="not what ships")
    parser.add_argument(
        "--ranked-only", action="store_true", help="only sources with enough of both classes"
    )
    parser.add_argument("--conditions", default="clean", help="names, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    path = cross_validate(
        chosen.manifest,
        chosen.out,
        left_out=chosen.left_out,
        all_rows=chosen.all_rows,
        recipe=chosen.recipe,
        ranked_only=chosen.ranked_only,
        conditions=chosen.conditions.split(","),
        seed=chosen.seed,
        workers=chosen.workers,
        progress=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
    )
    print(path)  # noqa: T201


if __name__ == "__main__":
    main()
