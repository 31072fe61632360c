"""What image.synthetic measures, its head and its areas, against values known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from avaudit.detectors.image.synthetic.areas import MEAN, mean_area
from avaudit.detectors.image.synthetic.choosing import MOST_HEADS, Trials
from avaudit.detectors.image.synthetic.colour import NOISE
from avaudit.detectors.image.synthetic.enlarging import enlarged_again
from avaudit.detectors.image.synthetic.examples import SETS, Examples
from avaudit.detectors.image.synthetic.head import scattered
from avaudit.detectors.image.synthetic.learning import learn, learn_all
from avaudit.detectors.image.synthetic.material import Picture
from avaudit.detectors.image.synthetic.measures import GROUPS, measure
from avaudit.detectors.image.synthetic.model import SyntheticImageModel
from avaudit.detectors.image.synthetic.planes import SMALLEST_PX, WINDOW_PX
from avaudit.detectors.image.synthetic.spectrum import POINTS
from avaudit.detectors.image.synthetic.tested import MeasuredPictures
from avaudit.detectors.image.synthetic.views import POOL
from avaudit.detectors.image.synthetic.windows import windows
from avaudit.samples.pictures import scene


def noise(seed: int, side: int = 128, *, grey: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, (side, side, 1 if grey else 3))
    return np.broadcast_to(values, (side, side, 3)).astype(np.uint8)


def line(rgb: np.ndarray, point: tuple[int, int], group: str) -> float:
    return float(measure(rgb, [group])[group][POINTS.index(point)])


def test_every_group_gives_finite_numbers_and_the_same_ones_again() -> None:
    rgb = scene(np.random.default_rng(1), 200, 160)
    first, second = measure(rgb), measure(rgb)
    assert list(first) == list(GROUPS)
    for name, values in first.items():
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert np.array_equal(values, second[name])


@pytest.mark.parametrize("rgb", [np.zeros((96, 96, 3)), np.full((96, 200, 3), 255)])
def test_pictures_without_any_detail_are_measured_too(rgb: np.ndarray) -> None:
    assert all(np.isfinite(v).all() for v in measure(rgb.astype(np.uint8)).values())


def test_a_window_under_the_smallest_size_is_refused() -> None:
    with pytest.raises(ValueError, match="96 pixels"):
        measure(noise(0, SMALLEST_PX - 1))


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_pattern_shows_as_a_line_at_its_frequency_and_nowhere_else(period: int) -> None:
    rgb = (noise(2, 256, grey=True).astype(int) // 4 + 90).astype(np.uint8)
    marked = rgb.copy()
    marked[:, ::period] += 12
    point = (0, 16 // period)
    for group, rise in (("whole_lines", 1.5), ("block_lines", 0.5)):
        assert line(marked, point, group) > line(rgb, point, group) + rise
    assert abs(line(marked, (3, 5), "whole_lines") - line(rgb, (3, 5), "whole_lines")) < 1


def test_enlarged_copies_keep_the_picture_and_lose_its_fine_grain() -> None:
    rgb = noise(3, 128)
    rgb = (np.asarray(Image.fromarray(rgb).resize((128, 128)), float) / 4 + 90).astype(np.uint8)
    for seed in range(6):
        made = enlarged_again(rgb, np.random.default_rng(seed))
        assert np.array_equal(made, enlarged_again(rgb, np.random.default_rng(seed)))
        assert made.shape == rgb.shape
        assert abs(made.mean() - rgb.mean()) < 12  # uneven kernels brighten or darken a little
        assert made.std() < rgb.std()


def test_grey_pictures_lie_on_a_colour_line() -> None:
    grey, coloured = noise(4, grey=True), noise(4)
    ratios = measure(grey, ["colour_lines"])["colour_lines"]
    assert ratios[:9].max() < ratios.size
    # third to second eigenvalue: both at the floor, so their log ratio is 0
    assert np.allclose(ratios[6:9], 0, atol=1e-6)
    assert (ratios[:6] < np.log(NOISE)).all()
    assert (measure(coloured, ["colour_lines"])["colour_lines"][:3] > -2.5).all()


def test_colour_detail_is_none_in_grey_and_rises_with_colour_noise() -> None:
    grey = noise(5, grey=True)
    none = measure(grey, ["colour_detail"])["colour_detail"]
    some = grey.copy()
    some[..., 2] = noise(6)[..., 2]
    assert (none < np.log(NOISE) + 0.5).all()
    assert (measure(some, ["colour_detail"])["colour_detail"] > none + 3).all()


def test_neighbours_of_white_noise_hang_together_only_through_the_median() -> None:
    values = measure(noise(7, 256, grey=True), ["neighbours"])["neighbours"]
    far = values.reshape(-1)[[3, 18, 23]]  # lags (0, 4), (3, 4) and (4, 4)
    assert np.abs(far).max() < 0.05


def test_filled_in_colours_show_the_mosaic() -> None:
    rng = np.random.default_rng(8)
    full = np.clip(128 + rng.normal(0, 20, (128, 128, 3)), 0, 255)
    green = full[..., 1].copy()
    rows, columns = np.indices(green.shape)
    missing = (rows + columns) % 2 == 1
    around = sum(np.roll(green, shift, axis) for shift in (1, -1) for axis in (0, 1)) / 4
    filled = full.copy()
    filled[..., 1] = np.where(missing, around, green)
    chequer = measure(filled.astype(np.uint8), ["mosaic"])["mosaic"][3]
    assert chequer > measure(full.astype(np.uint8), ["mosaic"])["mosaic"][3] + 1


def test_the_head_is_fishers_discriminant_where_there_is_one_source_each() -> None:
    rng = np.random.default_rng(9)
    mixing = rng.normal(size=(5, 5))
    values = np.clip(rng.normal(size=(400, 5)), -2, 2) @ mixing
    labels = np.repeat([0, 1], 200)
    values[labels == 1] += [0.5, 0, -0.3, 0.2, 0]
    found = scattered(values.astype(np.float32), labels, np.full(400, "one"))
    head = found.head(np.arange(5), ridge=1e-9, nuisance=0.0)
    z = np.clip(head.standardised(values), -4, 4)
    oracle = LinearDiscriminantAnalysis(solver="lsqr").fit(z, labels).coef_[0]
    cosine = head.weights @ oracle / np.linalg.norm(head.weights) / np.linalg.norm(oracle)
    assert cosine > 0.9999
    scores = head.score(values)
    assert np.median(scores[labels == 0]) == pytest.approx(0, abs=1e-3)
    assert scores.std() == pytest.approx(1, abs=1e-3)


def test_what_differs_between_sources_gets_little_weight() -> None:
    rng = np.random.default_rng(10)
    kinds, labels, rows = [], [], []
    for label in (0, 1):
        for source in range(6):
            centre = np.array([2.0 * label, 2.0 * label + rng.normal(0, 4)])
            rows.append(centre + rng.normal(size=(30, 2)))
            kinds += [f"{label}-{source}"] * 30
            labels += [label] * 30
    values, names = np.concatenate(rows).astype(np.float32), np.array(kinds)
    found = scattered(values, np.array(labels), names)
    blind, wary = (found.head(np.arange(2), ridge=0.01, nuisance=n) for n in (0.0, 10.0))
    share = [abs(h.weights[1] / h.weights[0]) for h in (blind, wary)]
    assert share[1] < share[0] / 3


def test_a_class_without_a_source_is_refused() -> None:
    values, kinds = np.zeros((8, 2), np.float32), np.array(["a"] * 5 + ["b"] * 3)
    with pytest.raises(ValueError, match="no source with 4"):
        scattered(values, np.array([0] * 5 + [1] * 3), kinds)


def test_areas_are_shares_of_pairs_and_their_mean_is_unweighted() -> None:
    rng = np.random.default_rng(11)
    scores = {key: rng.normal(size=n) for key, n in (("g", 6), ("h", 2), ("s", 5), ("t", 15))}
    pairs = {(g, s): (scores[g], scores[s]) for g in "gh" for s in "st"}
    rows = mean_area(pairs, {"g": "one", "h": "two"}, np.random.default_rng(0))
    both = np.concatenate([scores["s"], scores["t"]])
    for row in rows[:2]:
        own = scores[row.generator]
        truth = np.r_[np.ones(len(own)), np.zeros(len(both))]
        assert row.value == pytest.approx(roc_auc_score(truth, np.r_[own, both]))
    assert rows[2].generator == MEAN
    assert rows[2].n == 8
    assert rows[2].value == pytest.approx((rows[0].value + rows[1].value) / 2)
    assert rows[2].low <= rows[2].value <= rows[2].high


def test_one_source_and_one_generator_resample_pictures() -> None:
    pairs = {("g", "s"): (np.arange(50.0) + 20, np.arange(50.0))}
    *_, mean = mean_area(pairs, {"g": "one"}, np.random.default_rng(0))
    assert 0 < mean.low < mean.value < mean.high < 1


@pytest.mark.parametrize(
    ("size", "count"), [((96, 96), 1), ((1023, 1023), 1), ((1024, 500), 2), ((3000, 4000), 4)]
)
def test_windows_lie_inside_on_the_grid_and_are_never_resized(
    size: tuple[int, int], count: int
) -> None:
    rgb = np.random.default_rng(12).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = windows(rgb)
    assert len(found) == count
    for one in found:
        height, width = one.rgb.shape[:2]
        assert (one.left % 8, one.top % 8) == (0, 0)
        assert (height, width) == tuple(min(edge, WINDOW_PX) for edge in size)
        same = rgb[one.top : one.top + height, one.left : one.left + width]
        assert np.array_equal(one.rgb, same)


def invented(
    rng: np.random.Generator, sources: dict[str, int], telling: str
) -> tuple[Examples, MeasuredPictures]:
    """Give examples and pictures of sources (with their class) that one group tells apart."""
    widths = dict.fromkeys(GROUPS, 3)
    kinds = [(source, label) for source, label in sources.items() for _ in range(8)]
    labels = np.array([label for _, label in kinds])
    origins = np.array([source for source, _ in kinds])

    def drawn() -> dict[str, np.ndarray]:
        groups = {
            name: rng.normal(size=(len(kinds), width)).astype(np.float32)
            for name, width in widths.items()
        }
        groups[telling] += 3 * labels[:, None].astype(np.float32)
        return groups

    empty = np.full(len(kinds), "", origins.dtype)
    generators = np.where(labels == 1, origins, empty)
    kept = np.full(len(kinds), "generated")
    copies = Examples(drawn(), labels, origins, origins, generators, kept)
    pairs = [
        Examples(
            drawn(),
            np.full(len(kinds), int(part != "pair")),
            np.full(len(kinds), "" if part == "pair" else part),
            np.where(labels == 1, "real0", origins),
            empty,
            np.full(len(kinds), part),
        )
        for part in ("pair", "enlarged", "decoded")
    ]
    every = [copies, *pairs]
    examples = Examples(
        {name: np.concatenate([one.groups[name] for one in every]) for name in GROUPS},
        *(
            np.concatenate([getattr(one, name) for one in every])
            for name in ("labels", "kinds", "origins", "generators", "sets")
        ),
    )
    pictures = [
        Picture(
            name=str(n),
            path=Path(str(n)),
            label=label,
            source=source,
            generator=source if label else "",
            subset="scenes_matched",
            use="evaluate" if source == "unasked" else "train",
        )
        for n, (source, label) in enumerate(kinds)
    ]
    return examples, MeasuredPictures(pictures, drawn(), np.arange(len(kinds)))


SOURCES = {f"real{n}": 0 for n in range(4)} | {f"made{n}": 1 for n in range(4)} | {"unasked": 1}


def test_the_rule_finds_the_measurements_that_tell_on_other_sources() -> None:
    examples, tested = invented(np.random.default_rng(13), SOURCES, "fall")
    views, figure = Trials(examples, [tested]).choose()
    assert figure > 0.9
    assert "fall" in next(iter(views.values())).groups
    assert 1 <= len(views) <= MOST_HEADS
    only, _ = Trials(examples, [tested]).choose([("generated", "whole_lines")])
    assert list(only) == ["generated_whole_lines"]


def test_the_rule_sees_no_picture_that_is_kept_for_measuring() -> None:
    examples, tested = invented(np.random.default_rng(14), SOURCES, "fall")
    spoilt = {name: group.copy() for name, group in tested.groups.items()}
    for n, one in enumerate(tested.pictures):
        if one.source in ("made3", "unasked"):
            spoilt["whole_lines"][n] += 9
    again = MeasuredPictures(tested.pictures, spoilt, tested.owner)
    known = examples.only(~np.isin(examples.origins, ["made3", "unasked"]))
    assert Trials(known, [tested]).choose() == Trials(known, [again]).choose()


def test_what_ships_is_the_mean_of_all_heads() -> None:
    examples, tested = invented(np.random.default_rng(16), SOURCES, "fall")
    heads, views = learn_all(examples)
    assert set(heads) == set(views) == set(SETS)
    every = [view for together in POOL.values() for view in together]
    own = {str(n): view for n, view in enumerate(every)}
    apart = SyntheticImageModel(learn(examples, own), own).score_measured(tested.groups)
    whole = SyntheticImageModel(heads, views).score_measured(tested.groups)
    assert whole.total == pytest.approx(apart.total, abs=2e-4)


def test_without_repositories_to_leave_out_the_rule_says_so() -> None:
    examples, tested = invented(np.random.default_rng(15), {"a": 0, "b": 1}, "fall")
    with pytest.raises(ValueError, match="too few repositories"):
        Trials(examples, [tested])
