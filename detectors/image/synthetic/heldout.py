"""Held-out areas: what the recipe answers for sources and generators it did not learn from.

``python -m avaudit.detectors.image.synthetic.heldout MANIFEST --out DIR``
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.conditions.impose import ImageCondition, impose_image
from avaudit.conditions.impose_image import Jpeg, Scaled
from avaudit.errors import UsageError

from .areas import MEAN, Area, mean_area
from .examples import Examples
from .learning import learn
from .material import Picture, opened, read_pictures
from .measures import GROUPS, MEASURES, measure
from .model import SyntheticImageModel
from .planes import SMALLEST_PX, Float, Wide
from .train import examples_of, learnt_from
from .views import ROUTES, View
from .windows import windows

CONDITIONS: Mapping[str, ImageCondition] = {
    "clean": ImageCondition("clean", "as it came"),
    "jpeg75": ImageCondition("jpeg75", "JPEG, quality 75", (Jpeg(quality=75),)),
    "half": ImageCondition("half", "half the width and height", (Scaled(factor=0.5),)),
}
SUBSETS = ("faces_matched", "scenes_matched")
PART = ", real pictures with use = "
_REPORT_EVERY = 100


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
    it, nor from that source; the generator's pictures are ranked against the source's by it. An
    area is the share of such pairs in the right order. The auto-encoders, which do not ship and
    see no labels, are trained once, on all real pictures that may be learnt from.

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
        and for ``mean of generators`` the bounds of a 95 % interval.

    Raises
    ------
    UsageError
        When the manifest cannot be used, or too little is left to learn from in a fold.
    """
    pictures = [one for one in read_pictures(manifest) if one.subset in SUBSETS]
    examples = examples_of(learnt_from(manifest), out / "cache", seed=seed, progress=progress)
    models = _Models(examples)
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["condition", "subset", "route", "generator", "n", "area", "low", "high"])
    for condition in conditions:
        cache = out / "cache" / f"heldout-{condition}-{MEASURES}.npz"
        tested = _Tested(pictures, *_measured(pictures, CONDITIONS[condition], cache, progress))
        for subset in (*SUBSETS, f"{SUBSETS[1]}{PART}evaluate"):
            for route, views in ROUTES.items():
                rows = areas(tested, subset, models, views, seed)
                table.writerows([(condition, subset, route, *row.cells()) for row in rows])
                last = rows[-1]
                progress(f"{condition}, {subset}, {route}: {' '.join(map(str, last.cells()))}")
    path = out / "heldout.csv"
    write_atomic(path, written.getvalue().encode())
    return path


class _Models:
    """Models that saw neither a generator nor some sources, fitted when asked for."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        self._fitted: dict[bytes, SyntheticImageModel] = {}

    def without(
        self, generator: str, sources: set[str], views: Mapping[str, View]
    ) -> SyntheticImageModel:
        known = self._examples
        chosen = ~np.isin(known.origins, sorted(sources)) & (known.generators != generator)
        key = chosen.tobytes() + repr(sorted(views.items())).encode()
        if key not in self._fitted:
            try:
                heads = learn(known.only(chosen), views)
            except ValueError as error:
                left_out = ", ".join(sorted(sources))
                raise UsageError(f"without {left_out} too little is left: {error}") from error
            self._fitted[key] = SyntheticImageModel(heads, views)
        return self._fitted[key]


@dataclass(frozen=True)
class _Tested:
    """The pictures of the matched subsets under one condition, measured window by window."""

    pictures: Sequence[Picture]
    groups: Mapping[str, Float]
    owner: npt.NDArray[np.intp]

    def chosen(self, subset: str, *, label: int) -> dict[str, list[int]]:
        """Give the places of pictures by generator, or by source where they are real."""
        name, _, use = subset.partition(PART)
        found: dict[str, list[int]] = {}
        for n in np.unique(self.owner).tolist():
            one = self.pictures[n]
            if one.subset == name and one.label == label and (label or use in ("", one.use)):
                found.setdefault(one.generator if label else one.source, []).append(n)
        return dict(sorted(found.items()))

    def scores(self, model: SyntheticImageModel, places: Sequence[int]) -> Wide:
        """Score pictures: the mean over their windows, as the detector does."""
        rows = np.isin(self.owner, places)
        total = model.score_measured({name: v[rows] for name, v in self.groups.items()}).total
        count = np.bincount(self.owner[rows], minlength=len(self.pictures))
        sums = np.bincount(self.owner[rows], total, len(self.pictures))
        scores: Wide = sums[places] / count[places]
        return scores


def areas(
    tested: _Tested, subset: str, models: _Models, views: Mapping[str, View], seed: int
) -> list[Area]:
    """Give the area of each generator, and their mean."""
    made, real = tested.chosen(subset, label=1), tested.chosen(subset, label=0)
    if not made or not real:
        return [Area(MEAN, 0)]
    pairs, home = {}, {}
    for generator, own in made.items():
        repositories = {tested.pictures[n].source for n in own}
        home[generator] = "+".join(sorted(repositories))
        for source, others in real.items():
            model = models.without(generator, repositories | {source}, views)
            pairs[generator, source] = tested.scores(model, own), tested.scores(model, others)
    return mean_area(pairs, home, np.random.default_rng(seed))


def _measured(
    pictures: Sequence[Picture],
    condition: ImageCondition,
    file: Path,
    progress: Callable[[str], None],
) -> tuple[dict[str, Float], npt.NDArray[np.intp]]:
    """Measure the windows of all pictures that are large enough, and say whose they are."""
    if not file.is_file():
        found, owners = [], []
        for number, picture in enumerate(pictures):
            rgb = impose_image(np.asarray(opened(picture)), condition)
            if min(rgb.shape[:2]) >= SMALLEST_PX:
                cut = [measure(one.rgb) for one in windows(rgb)]
                found += cut
                owners += [number] * len(cut)
            if (number + 1) % _REPORT_EVERY == 0:
                progress(f"measured {number + 1} of {len(pictures)}, {condition.name}")
        held = io.BytesIO()
        groups = {name: np.stack([one[name] for one in found]) for name in GROUPS}
        np.savez(held, allow_pickle=False, owner=np.array(owners), **groups)
        write_atomic(file, held.getvalue())
    with np.load(file, allow_pickle=False) as held_file:
        return {name: held_file[name] for name in GROUPS}, held_file["owner"]


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
