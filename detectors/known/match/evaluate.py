"""Recall under what befalls pictures, and false matches among unrelated ones.

``python -m avaudit.detectors.known.match.evaluate --data MANIFEST [--pictures N] [--untouched N]``

All pictures of the manifest make up the index. A sample of them is treated in each way and looked
up; what matches outside a picture's own ``dup_group`` is a false match. The table is printed and
written to ``bench-results/known.match.md``. Only for pictures you trust: they are decoded in this
process.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from avaudit.conditions.impose_image import Jpeg, Scaled, apply_image
from avaudit.errors import UsageError
from avaudit.known import KnownIndex, Query, appending, look_up
from avaudit.known.watching import Watcher
from avaudit.media.types import Chunk, Frame, MediaInfo, MediaKind, RgbArray

Treatment = Callable[[RgbArray], RgbArray]
COMMIT_ITEMS = 100


def _light(factor: float, rgb: RgbArray) -> RgbArray:
    return (rgb * factor).clip(0, 255).astype(np.uint8)


def _cropped(keep: float, at: tuple[float, float], rgb: RgbArray) -> RgbArray:
    height, width = (max(1, round(keep * side)) for side in rgb.shape[:2])
    top, left = (
        round(share * (side - kept))
        for share, side, kept in zip(at, rgb.shape, (height, width), strict=False)
    )
    return np.ascontiguousarray(rgb[top : top + height, left : left + width])


def _bar(rgb: RgbArray) -> RgbArray:
    """Make a caption bar of 15 % of the height: white, with strokes in place of letters."""
    height, width = max(3, round(0.15 * rgb.shape[0])), rgb.shape[1]
    bar = np.full((height, width, 3), 255, np.uint8)
    bar[height // 3 : 2 * height // 3, width // 6 : 5 * width // 6 : 3] = 0
    return bar


def _bar_below(rgb: RgbArray) -> RgbArray:
    return np.concatenate([rgb, _bar(rgb)])


def _bar_over(rgb: RgbArray) -> RgbArray:
    bar = _bar(rgb)
    return np.concatenate([rgb[: -len(bar)], bar])


def _screenshot(rgb: RgbArray) -> RgbArray:
    """Put the picture, half the width, into a page with lines of text-like strokes."""
    picture = Image.fromarray(rgb)
    width = 1000
    picture = picture.resize((500, max(1, round(500 * picture.height / picture.width))))
    page = np.full((picture.height + 500, width, 3), 246, np.uint8)
    page[:70] = (40, 60, 90)
    for row in range(picture.height + 170, len(page) - 20, 28):
        page[row : row + 10, 60 : 60 + 620 : 7] = 60
    page[120 : 120 + picture.height, 250:750] = np.asarray(picture)
    return page


TREATMENTS: dict[str, tuple[Treatment, float | None]] = {
    "untouched": (lambda rgb: rgb, None),
    "JPEG 30": (partial(apply_image, Jpeg(quality=30)), 0.95),
    "brightness +30 %": (partial(_light, 1.3), 0.95),
    "brightness -30 %": (partial(_light, 0.7), 0.95),
    "rescaled to 25 %": (partial(apply_image, Scaled(factor=0.25)), 0.95),
    "caption bar of 15 % added": (_bar_below, 0.95),
    "caption bar of 15 % over it": (_bar_over, 0.95),
    "mirrored": (lambda rgb: np.ascontiguousarray(rgb[:, ::-1]), 0.95),
    "turned by 90°": (lambda rgb: np.ascontiguousarray(np.rot90(rgb)), None),
    "10 % cropped off each side's length, centre kept": (partial(_cropped, 0.9, (0.5, 0.5)), 0.8),
    "10 % cropped off each side's length, a corner kept": (partial(_cropped, 0.9, (0.0, 0.0)), 0.8),
    "10 % cropped off at every edge": (partial(_cropped, 0.8, (0.5, 0.5)), 0.8),
    "half of each side's length kept": (partial(_cropped, 0.5, (0.3, 0.6)), None),
    "in a screenshot, 500 px wide of 1000": (_screenshot, None),
    "tilted by 3°": (
        lambda rgb: np.asarray(
            Image.fromarray(rgb).rotate(3, Image.Resampling.BICUBIC, fillcolor="white")
        ),
        None,
    ),
    "mirrored, cropped to 90 %, JPEG 50": (
        lambda rgb: apply_image(Jpeg(quality=50), _cropped(0.9, (1.0, 0.0), rgb)[:, ::-1].copy()),
        None,
    ),
}
"""What is done, and the recall that is asked for (None: measured only)."""


@dataclass(frozen=True)
class Entry:
    """One picture of the manifest and the group of near-duplicates it belongs to."""

    path: Path
    group: str


@dataclass
class Count:
    """Answers under one treatment."""

    looked_up: int = 0
    found: int = 0
    false: int = 0
    pairs: int = 0


def watched(rgb: RgbArray, *, asking: bool) -> Watcher:
    """Have a picture watched as the worker does."""
    height, width = rgb.shape[:2]
    media = MediaInfo(
        kind=MediaKind.IMAGE, media_type="image/png", size_bytes=1, width=width, height=height
    )
    frame = Frame(index=0, time_s=0.0, width=width, height=height, load=rgb.copy)
    watcher = Watcher(media, asking=asking)
    watcher.feed(Chunk(index=0, start_s=0.0, end_s=0.0, frames=(frame,)))
    return watcher


def read_picture(path: Path) -> RgbArray:
    """Decode a trusted picture, upright."""
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def entries_of(manifest: Path) -> list[Entry]:
    """Read the pictures of a manifest with the columns ``path`` and ``dup_group``.

    Raises
    ------
    UsageError
        When it cannot be read or has no such pictures.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(f"{manifest}: it cannot be read: {error.strerror}") from error
    found = [
        Entry(manifest.parent / row["path"], row.get("dup_group") or row["path"])
        for row in rows
        if row.get("path")
    ]
    if not found:
        raise UsageError(f"{manifest}: there are no pictures in it (column `path`)")
    return found


def build(entries: Sequence[Entry], folder: Path) -> KnownIndex:
    """Index all pictures."""
    with appending(folder) as writer:
        for number, entry in enumerate(entries):
            made = watched(read_picture(entry.path), asking=False).fingerprint()
            writer.add(made, f"{number:064x}", label=entry.group, name=entry.path.name)
            if number % COMMIT_ITEMS == COMMIT_ITEMS - 1:
                writer.commit()
    return KnownIndex(folder)


def count(
    index: KnownIndex, entries: Sequence[Entry], chosen: Sequence[int], treatment: Treatment
) -> tuple[Count, list[str]]:
    """Look treated pictures up; give the counts and a line for each false match."""
    result, told = Count(), []
    groups = [entry.group for entry in entries]
    for number in chosen:
        query: Query = watched(treatment(read_picture(entries[number].path)), asking=True).query()
        matches = look_up(index, query)
        result.looked_up += 1
        result.found += any(match.item.number == number for match in matches)
        own = groups[number]
        result.pairs += sum(group != own for group in groups)
        for match in matches:
            if groups[match.item.number] != own:
                result.false += 1
                told.append(
                    f"{entries[number].path.name} ~ {match.item.name}: {match.measure}, "
                    f"{match.agreeing} of {match.of}, distance {match.distance:g}"
                )
    return result, told


def report(
    entries: Sequence[Entry], index: KnownIndex, *, pictures: int, untouched: int, seed: int
) -> str:
    """Measure everything and give it as Markdown."""
    order = np.random.default_rng(seed).permutation(len(entries)).tolist()
    lines = [
        f"Index of {len(entries)} pictures; a sample of them treated in each way (seed {seed}).",
        "",
        "| treatment | looked up | found | recall | asked for | false matches | unrelated pairs |",
        "|---|---|---|---|---|---|---|",
    ]
    told: list[str] = []
    total = Count()
    for name, (treatment, goal) in TREATMENTS.items():
        chosen = sorted(order[: untouched if name == "untouched" else pictures])
        got, false = count(index, entries, chosen, treatment)
        told += [f"{name}: {line}" for line in false]
        total.false, total.pairs = total.false + got.false, total.pairs + got.pairs
        lines.append(
            f"| {name} | {got.looked_up} | {got.found} | {got.found / got.looked_up:.3f} | "
            f"{f'≥ {goal:g}' if goal else ''} | {got.false} | {got.pairs:,} |"
        )
        sys.stderr.write(lines[-1] + "\n")
    rate = 10_000 * total.false / max(1, total.pairs)
    lines += ["", f"False matches per 10,000 unrelated pairs: {rate:.4f} (asked for: ≤ 1)", ""]
    lines += [f"* {line}" for line in told]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Recall and false matches of known.match.")
    parser.add_argument("--data", type=Path, required=True, help="manifest of pictures")
    parser.add_argument("--pictures", type=int, default=150, help="how many are treated")
    parser.add_argument("--untouched", type=int, default=300, help="how many are left as they are")
    parser.add_argument("--index", type=Path, help="folder to keep the index in, or with one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    options = parser.parse_args(arguments)
    entries = entries_of(options.data)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.index or Path(temporary) / "known"
        index = KnownIndex(folder)
        if len(index) != len(entries):
            index = build(entries, folder)
        text = report(
            entries,
            index,
            pictures=options.pictures,
            untouched=options.untouched,
            seed=options.seed,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "known.match.md").write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
