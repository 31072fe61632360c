"""From pictures to examples: sets with different answers to "what is a generator?".

``generated``: real pictures at several sizes against pictures that generators made.
``enlarged`` and ``decoded``: real pictures against copies of themselves, enlarged by hand or
through an auto-encoder; picture and copy are coded alike, so only the copying tells them apart.
``copied``: both together.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.atomic import write_atomic
from avaudit.media.types import RgbArray

from .autoencoders import AutoEncoder
from .enlarging import enlarged_again
from .material import Picture, coded, cut, developed, jpeg, opened, shrunk
from .measures import GROUPS, measure
from .planes import SMALLEST_PX, WINDOW_PX, Float, window

Texts = npt.NDArray[np.str_]
SETS: Mapping[str, tuple[str, ...]] = {
    "generated": ("generated",),
    "enlarged": ("pair", "enlarged"),
    "decoded": ("pair", "decoded"),
    "copied": ("pair", "enlarged", "decoded"),
}
"""What can be learnt from, and the parts of which it is made."""
REAL_COPIES, GENERATED_COPIES = 4, 2
PAIR_PX, COPIES = 256, 2
LEAST_PX = 160
_REPORT_EVERY = 50


@dataclass(frozen=True)
class Examples:
    """Measured windows, n of them.

    Attributes
    ----------
    groups
        Per group of measurements an array (n, values).
    labels
        1: generated, enlarged or decoded.
    kinds
        What made the example: its repository or, for copies, the way of copying.
    origins, generators
        The repository of the picture it was made from, and the generator where one made it.
    sets
        A part of :data:`SETS`; ``pair`` is the untouched picture of both kinds of copies.
    """

    groups: dict[str, Float]
    labels: npt.NDArray[np.int64]
    kinds: Texts
    origins: Texts
    generators: Texts
    sets: Texts

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        """Give some of them."""
        rest = {f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name != "groups"}
        return Examples({name: value[chosen] for name, value in self.groups.items()}, **rest)

    def of_set(self, name: str) -> Examples:
        """Give one of :data:`SETS`, with the untouched pictures it is held against."""
        return self.only(np.isin(self.sets, SETS[name]))

    def side_by_side(self) -> Float:
        """Give all groups in one array (n, values), in the order of :data:`~.measures.GROUPS`."""
        return np.concatenate([self.groups[name] for name in GROUPS], axis=1)


@dataclass(frozen=True)
class _Made:
    rgb: RgbArray
    label: int
    kind: str
    set_name: str


def gather(
    pictures: Sequence[Picture],
    nets: Sequence[AutoEncoder],
    file: Path,
    *,
    seed: int,
    progress: Callable[[str], None],
) -> Examples:
    """Make and measure all examples of the pictures, or read them again from ``file``."""
    if file.is_file():
        return _read(file)
    rows: list[tuple[dict[str, Float], Picture, _Made]] = []
    for number, picture in enumerate(pictures):
        image = opened(picture)
        rng = np.random.default_rng([seed, number])
        made = _versions(image, picture, rng)
        made += (
            [] if picture.label else _pair(image, nets, np.random.default_rng([seed, number, 1]))
        )
        rows += [(measure(one.rgb), picture, one) for one in made]
        if (number + 1) % _REPORT_EVERY == 0 or number + 1 == len(pictures):
            progress(f"examples of {number + 1} of {len(pictures)} pictures")
    examples = Examples(
        {name: np.stack([groups[name] for groups, _, _ in rows]) for name in GROUPS},
        labels=np.array([one.label for _, _, one in rows]),
        kinds=np.array([one.kind for _, _, one in rows]),
        origins=np.array([picture.source for _, picture, _ in rows]),
        generators=np.array([picture.generator for _, picture, _ in rows]),
        sets=np.array([one.set_name for _, _, one in rows]),
    )
    _write(file, examples)
    return examples


def _versions(image: Image.Image, picture: Picture, rng: np.random.Generator) -> list[_Made]:
    """Give a picture as it is and at smaller sizes, coded as pictures are."""
    if min(image.size) < SMALLEST_PX:
        return []
    found = []
    least = LEAST_PX / min(image.size) if picture.label == 0 else 0.5
    for copy in range(GENERATED_COPIES if picture.label else REAL_COPIES):
        side = int(rng.choice((256, 384, WINDOW_PX)))
        if copy == 0:
            rgb = cut(image, side, rng)
            untouched = picture.path.suffix.lower() in (".jpg", ".jpeg")
            rgb = rgb if untouched else coded(rgb, rng)
        else:
            smallest = max(0.25, least)
            factor = float(np.exp(rng.uniform(np.log(smallest), 0))) if smallest < 1 else 1.0
            rgb = coded(cut(shrunk(image, factor, rng), side, rng), rng)
        if min(rgb.shape[:2]) >= SMALLEST_PX:
            found.append(_Made(window(rgb, 0, 0), picture.label, picture.source, "generated"))
    return found


def _pair(image: Image.Image, nets: Sequence[AutoEncoder], rng: np.random.Generator) -> list[_Made]:
    """Give a shrunk real picture and copies of it, all coded alike."""
    least = 200 / min(image.size)
    factor = float(rng.uniform(max(0.3, least), max(0.75, least)))
    small = developed(shrunk(image, factor, rng), rng)
    side = min(PAIR_PX, *small.size) // 16 * 16
    if side < SMALLEST_PX:
        return []
    real = cut(small, side, rng)
    made = [_Made(real, 0, "", "pair")]
    made += [
        _Made(nets[number].reconstruct(real), 1, f"auto-encoder {number}", "decoded")
        for number in rng.choice(len(nets), COPIES, replace=False)
    ]
    made += [_Made(enlarged_again(real, rng), 1, "enlarged", "enlarged") for _ in range(COPIES)]
    quality = int(rng.integers(72, 96))
    return [_Made(jpeg(m.rgb, quality), m.label, m.kind, m.set_name) for m in made]


def _write(file: Path, examples: Examples) -> None:
    held = io.BytesIO()
    rest = {f.name: getattr(examples, f.name) for f in fields(examples) if f.name != "groups"}
    np.savez(
        held, allow_pickle=False, **rest, **{f"group.{k}": v for k, v in examples.groups.items()}
    )
    write_atomic(file, held.getvalue())


def _read(file: Path) -> Examples:
    with np.load(file, allow_pickle=False) as held:
        groups = {k.removeprefix("group."): held[k] for k in held.files if k.startswith("group.")}
        rest = {name: held[name] for name in held.files if not name.startswith("group.")}
    return Examples(groups, **rest)
