"""Measure detection and false-alarm rates of ``watermark.dwtdct`` on made pictures.

``python -m avaudit.detectors.watermark.dwtdct.benchmark [--out DIR] [--card FILE]``

Prints the tables, writes them to ``bench-results/watermark.dwtdct.toml`` and, with ``--card``,
puts them into the detector's card in place of the ones there. It takes about three minutes. All
pictures are made on the spot from a fixed seed; the codecs are those of the Pillow installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from avaudit.samples.watermark import embed_dwtdct

from .detector import FOUND_BELOW, conclude, search
from .payloads import KNOWN, Payload
from .pictures import KINDS, SIZES, RgbArray, picture, stored

Treatment = Callable[[RgbArray, np.random.Generator], RgbArray]

SEED = 20240
MARKER = "# Measured tables; written by the command in `reproduce`, not by hand.\n"
LEVELS = (0.05, 0.01, 0.001, FOUND_BELOW)


def _jpeg(quality: int, *, full_colour: bool = False) -> Treatment:
    return lambda rgb, _: stored(rgb, "JPEG", quality, full_colour=full_colour)


def _webp(quality: int) -> Treatment:
    return lambda rgb, _: stored(rgb, "WEBP", quality)


def _noise(rgb: RgbArray, rng: np.random.Generator) -> RgbArray:
    return (rgb + rng.normal(0, 5, rgb.shape)).round().clip(0, 255).astype(np.uint8)


def _resized(rgb: RgbArray, _: np.random.Generator) -> RgbArray:
    size = (rgb.shape[1] * 9 // 10, rgb.shape[0] * 9 // 10)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


CONDITIONS: dict[str, Treatment] = {
    "none (PNG)": lambda rgb, _: rgb,
    "JPEG 98 4:2:0": _jpeg(98),
    "JPEG 95 4:2:0": _jpeg(95),
    "JPEG 90 4:2:0": _jpeg(90),
    "JPEG 80 4:2:0": _jpeg(80),
    "JPEG 90 4:4:4": _jpeg(90, full_colour=True),
    "JPEG 70 4:4:4": _jpeg(70, full_colour=True),
    "JPEG 50 4:4:4": _jpeg(50, full_colour=True),
    "WebP 90": _webp(90),
    "WebP 80": _webp(80),
    "noise, s.d. 5": _noise,
    "brightness +10": lambda rgb, _: np.minimum(rgb, 245) + np.uint8(10),
    "lower third cut off": lambda rgb, _: rgb[: len(rgb) * 2 // 3],
    "10 columns cut off left": lambda rgb, _: rgb[:, 10:],
    "mirrored": lambda rgb, _: rgb[:, ::-1],
    "resized to 90 %": _resized,
}
"""What is done to a marked picture before it is examined."""


def finds(rgb: RgbArray, payload: Payload) -> bool:
    """Tell whether the detector names this payload for the picture."""
    answer = conclude(search(rgb))
    return answer.facts.get("payload") == payload.name


def detection_rates(
    pictures: int, conditions: Sequence[str] = tuple(CONDITIONS)
) -> dict[str, dict[str, float]]:
    """Measure the share of marked scenes (512x512) in which the payload is found.

    Parameters
    ----------
    pictures
        How many scenes; each is marked with every payload and treated in every way.
    conditions
        Keys of :data:`CONDITIONS`.

    Returns
    -------
    dict
        By condition, then by payload: the rate, 0 to 1.
    """
    hits = {name: dict.fromkeys((p.name for p in KNOWN), 0) for name in conditions}
    for number in range(pictures):
        rng = np.random.default_rng([SEED, number])
        scene = picture(rng, "scene", (512, 512))
        for payload in KNOWN:
            marked = embed_dwtdct(scene, payload.bits)
            for name in conditions:
                hits[name][payload.name] += finds(CONDITIONS[name](marked, rng), payload)
    return {
        name: {key: count / pictures for key, count in row.items()} for name, row in hits.items()
    }


def null_p_values(pictures: int, *, seed: int = SEED + 1) -> tuple[list[float], list[float]]:
    """Give the p-values of unmarked pictures of every kind and size, two of five stored as JPEG.

    Returns
    -------
    corrected, single
        The corrected p-value of each picture, and those of all single tests.
    """
    corrected: list[float] = []
    single: list[float] = []
    for number in range(pictures):
        rng = np.random.default_rng([seed, number])
        size = SIZES[int(rng.integers(len(SIZES)))]
        rgb = picture(rng, tuple(KINDS)[number % len(KINDS)], size)
        if rng.random() < 0.4:
            colour = bool(rng.integers(2))
            rgb = stored(rgb, "JPEG", int(rng.integers(40, 99)), full_colour=colour)
        tests = search(rgb)
        corrected.append(float(conclude(tests).facts["p_value"]))
        single.extend(10.0**test.agreement.log10_p for test in tests)
    return corrected, single


def milliseconds(side: int = 1024) -> float:
    """Give the median time of all tests on a square picture, in milliseconds."""
    rgb = picture(np.random.default_rng(SEED), "scene", (side, side))
    times = []
    for _ in range(9):
        start = perf_counter()
        search(rgb)
        times.append(perf_counter() - start)
    return round(1000 * float(np.median(times)), 1)


def tables(pictures: int, unmarked: int) -> str:
    """Measure everything and give it as TOML."""
    corrected, single = null_p_values(unmarked)
    lines = [
        MARKER.rstrip(),
        "[detection]",
        f'data = "{pictures} made scenes of 512x512 pixels, marked, then treated"',
        f'rate = "share in which the payload is named (corrected p < {FOUND_BELOW:g})"',
        "",
        *(
            f'[detection.rates."{name}"]\n'
            + "\n".join(f'"{key}" = {rate:.2f}' for key, rate in row.items())
            for name, row in detection_rates(pictures).items()
        ),
        "",
        "[false_alarms]",
        f'data = "{unmarked} made unmarked pictures of {len(KINDS)} kinds and {len(SIZES)} sizes"',
        f"pictures = {unmarked}",
        f"single_tests = {len(single)}",
        f"smallest_p_value = {min(corrected):.2g}",
        *(_shares("corrected", corrected) + _shares("single_test", single)),
        "",
        "[speed]",
        f"all_tests_1_megapixel_ms = {milliseconds()}",
    ]
    return "\n".join(lines) + "\n"


def _shares(name: str, p_values: Sequence[float]) -> list[str]:
    values = np.asarray(p_values)
    return [
        f'"share of {name} p-values below {level:g}" = {float((values < level).mean()):.5f}'
        for level in LEVELS
    ]


def write_card(card: Path, measured: str) -> None:
    """Put measured tables into a card, in place of those after its marker line.

    Raises
    ------
    ValueError
        When the card has no marker line.
    """
    text, marker, _ = card.read_text("utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"{card} has no line {MARKER.strip()!r} to put the tables after")
    card.write_text(text + measured, "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Error rates of watermark.dwtdct.")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    parser.add_argument("--card", type=Path, help="card.toml to bring up to date")
    parser.add_argument("--pictures", type=int, default=100, help="marked scenes")
    parser.add_argument("--unmarked", type=int, default=2400, help="unmarked pictures")
    options = parser.parse_args(arguments)
    measured = tables(options.pictures, options.unmarked)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "watermark.dwtdct.toml").write_text(measured, "utf-8")
    if options.card:
        write_card(options.card, measured)
    sys.stdout.write(measured)


if __name__ == "__main__":
    main()
