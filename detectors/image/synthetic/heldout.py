"""Held-out areas: what the recipe answers for sources and generators it did not learn from.

``python -m avaudit.detectors.image.synthetic.heldout MANIFEST --out DIR``
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .areas import MEAN, Area, mean_area
from .choosing import Trials, rule_version
from .examples import Examples
from .head import TooFewError
from .learning import learn, learn_all
from .material import read_pictures
from .model import SyntheticImageModel
from .planes import Wide
from .tested import CONDITIONS, SUBSETS, MeasuredPictures, tested
from .train import examples_of, learnt_from
from .views import ROUTES, SHIPPED, View

PART = ", real pictures with use = "


def evaluate(
    manifest: Path,
    out: Path,
    *,
    conditions: Sequence[str] = tuple(CONDITIONS),
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Measure areas under the ROC curve with generators and sources held out.

    For every generator and every source of real pictures of a matched subset a model is fitted to
    the examples that come neither from that generator, nor from any repository with pictures of
    it, nor from that source; the generator's pictures are ranked against the source's by it. What
    ships is the mean of all heads that were compared, so nothing was chosen; in the other routes
    the rule of :mod:`.choosing` chooses, from the same examples and pictures of their kind. An area
    is the share of such pairs in the right order. The auto-encoders, which do not ship and see no
    labels, are trained once, on all real pictures that may be learnt from.

    Parameters
    ----------
    manifest, out, seed, progress
        As for :func:`~.train.train`; what is in the folder's cache is used again.
    conditions
        Keys of :data:`CONDITIONS`.

    Returns
    -------
    path
        ``out / "heldout.csv"``: condition, subset, route, generator, number of pictures, area,
        and for ``mean of generators`` the bounds of a 95 % interval. ``out / "chosen.txt"`` says
        how many models have which heads.

    Raises
    ------
    UsageError
        When the manifest cannot be used, or too little is left to learn from in a fold.
    """
    pictures = [one for one in read_pictures(manifest) if one.subset in SUBSETS]
    examples = examples_of(learnt_from(manifest), out / "cache", seed=seed, progress=progress)
    measured = {
        name: tested(pictures, name, out / "cache", "heldout", progress=progress)
        for name in CONDITIONS
    }
    models = _Models(examples, [*measured.values()], out / "cache", progress)
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["condition", "subset", "route", "generator", "n", "area", "low", "high"])
    for condition in conditions:
        for subset in (*SUBSETS, f"{SUBSETS[1]}{PART}evaluate"):
            for route in (SHIPPED, *ROUTES):
                rows = areas(measured[condition], subset, models, route, seed)
                table.writerows([(condition, subset, route, *row.cells()) for row in rows])
                last = rows[-1]
                progress(f"{condition}, {subset}, {route}: {' '.join(map(str, last.cells()))}")
    path = out / "heldout.csv"
    write_atomic(path, written.getvalue().encode())
    often = "".join(f"{n}\t{name}\n" for name, n in models.choices.most_common())
    write_atomic(out / "chosen.txt", often.encode())
    return path


class _Models:
    """Models that saw neither a generator nor some sources, chosen and fitted when asked for."""

    def __init__(
        self,
        examples: Examples,
        tested: Sequence[MeasuredPictures],
        cache: Path,
        progress: Callable[[str], None],
    ) -> None:
        self._examples, self._tested = examples, tested
        self._cache, self._progress = cache, progress
        self._fitted: dict[tuple[bytes, str], SyntheticImageModel] = {}
        self.choices: Counter[str] = Counter()

    def without(self, generator: str, sources: set[str], route: str) -> SyntheticImageModel:
        known = self._examples
        chosen = ~np.isin(known.origins, sorted(sources)) & (known.generators != generator)
        key = chosen.tobytes(), route
        if key not in self._fitted:
            try:
                examples = known.only(chosen)
                if route == SHIPPED:
                    self._fitted[key] = SyntheticImageModel(*learn_all(examples))
                else:
                    views = self._views(chosen)[route]
                    self._fitted[key] = SyntheticImageModel(learn(examples, views), views)
                    self.choices.update(f"{route}: {name}" for name in views)
            except TooFewError as error:
                left_out = ", ".join(sorted(sources))
                raise UsageError(f"without {left_out} too little is left: {error}") from error
        return self._fitted[key]

    def _views(self, chosen: npt.NDArray[np.bool_]) -> Mapping[str, Mapping[str, View]]:
        """Give what the rule chooses, by route, from these examples and pictures of their kind."""
        digest = hashlib.sha256(chosen.tobytes() + rule_version()).hexdigest()[:24]
        file = self._cache / f"chosen-{digest}.json"
        if not file.is_file():
            trials = Trials(self._examples.only(chosen), self._tested)
            found = {route: trials.choose(keys)[0] for route, keys in ROUTES.items()}
            told = {r: {k: asdict(v) for k, v in views.items()} for r, views in found.items()}
            write_atomic(file, json.dumps(told).encode())
            self._progress(f"chose heads from {chosen.sum()} examples")
        held = json.loads(file.read_text("utf-8"))
        return {
            route: {name: View.read(view) for name, view in views.items()}
            for route, views in held.items()
        }


def _chosen(tested: MeasuredPictures, subset: str, *, label: int) -> dict[str, list[int]]:
    """Give the places of pictures by generator, or by source where they are real."""
    name, _, use = subset.partition(PART)
    found: dict[str, list[int]] = {}
    for n in np.unique(tested.owner).tolist():
        one = tested.pictures[n]
        if one.subset == name and one.label == label and (label or use in ("", one.use)):
            found.setdefault(one.generator if label else one.source, []).append(n)
    return dict(sorted(found.items()))


def _scores(tested: MeasuredPictures, model: SyntheticImageModel, places: Sequence[int]) -> Wide:
    """Score pictures: the mean over their windows, as the detector does."""
    rows = np.isin(tested.owner, places)
    total = model.score_measured({name: v[rows] for name, v in tested.groups.items()}).total
    count = np.bincount(tested.owner[rows], minlength=len(tested.pictures))
    sums = np.bincount(tested.owner[rows], total, len(tested.pictures))
    scores: Wide = sums[places] / count[places]
    return scores


def areas(
    tested: MeasuredPictures, subset: str, models: _Models, route: str, seed: int
) -> list[Area]:
    """Give the area of each generator, and their mean."""
    made, real = _chosen(tested, subset, label=1), _chosen(tested, subset, label=0)
    if not made or not real:
        return [Area(MEAN, 0)]
    pairs, home = {}, {}
    for generator, own in made.items():
        repositories = {tested.pictures[n].source for n in own}
        home[generator] = "+".join(sorted(repositories))
        for source, others in real.items():
            model = models.without(generator, repositories | {source}, route)
            pairs[generator, source] = (
                _scores(tested, model, own),
                _scores(tested, model, others),
            )
    return mean_area(pairs, home, np.random.default_rng(seed))


def main() -> None:
    """Write held-out areas from the command line."""
    parser = argparse.ArgumentParser(description="Held-out areas of the recipe, as a CSV file.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--conditions", default=",".join(CONDITIONS))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    path = evaluate(
        chosen.manifest,
        chosen.out,
        conditions=chosen.conditions.split(","),
        seed=chosen.seed,
        progress=lambda line: print(line, file=sys.stderr),  # noqa: T201 - a command
    )
    print(path)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
