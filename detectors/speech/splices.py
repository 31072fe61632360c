"""Are synthetic inserts in real recordings found? Measures it on made recordings.

``python -m avaudit.detectors.speech.splices MANIFEST --out FILE.csv`` makes the recordings (see
:mod:`.splicing`), examines them with the model that ships, and prints what it comes to as JSON.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.detector import JsonValue
from avaudit.errors import AvauditError, UsageError
from avaudit.statistics import Estimate, auc_interval, bca, within_stratum_auc

from .heard import Heard, listen, listen_to_clips, rescored, scores_of, with_ratios
from .located import average_precision, hits, overlap, predictions
from .resample import SAMPLE_RATE
from .splicing import by_source, make_recordings, read_rows
from .synthetic.detector import SyntheticSpeechDetector
from .synthetic.model import SyntheticSpeechModel

DRAWS, SHUFFLES = 2000, 50
COLUMNS = (
    "recording", "source", "spliced", "seconds", "insert_start_s", "insert_end_s", "synthetic",
    "score", "top_start_s", "top_end_s", "top_score", "top_overlap",
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def summarise(
    heard: Sequence[Heard],
    *,
    ratios: Sequence[Heard] | None = None,
    rng: np.random.Generator,
) -> dict[str, JsonValue]:
    """Say how well the inserts were found.

    Parameters
    ----------
    heard
        Recordings with and without an insert.
    ratios
        The same with likelihood ratios for scores of stretches (:func:`~.heard.with_ratios`).
    rng
        For the bootstrap and for chance.

    Returns
    -------
    dict
        ``ap_0.5`` and ``ap_0.3``: average precision of the predicted intervals (see
        :func:`~.located.predictions`) over all recordings, ranked by score, with the intersection
        over union that makes one right; its interval resamples recordings, that of ``…_sources``
        whole sources. ``…_relative``: ranked by score less the median of the recording's profile.
        ``…_ratios``: ranked by likelihood ratio, if there are such.
        ``…_chance``: the same after the profile of each recording was shuffled in time.
        ``top_overlaps``: share of inserts that the highest stretch overlaps, and what a stretch
        drawn at random would reach. ``centre_error_s``: median distance of the best prediction's
        middle from the insert's. ``auc``: score of the file, spliced against untouched.
    """
    spliced = [one for one in heard if one.recording.insert is not None]
    summary: dict[str, JsonValue] = {
        "recordings": len(heard),
        "spliced": len(spliced),
        "abstained": sum(one.score is None for one in heard),
    }
    for at_least in (0.5, 0.3):
        name = f"ap_{at_least:g}"
        table = _Table(heard, at_least)
        summary[name] = _plain(table.interval(rng))
        summary[f"{name}_sources"] = _plain(table.interval(rng, by_source=True))
        summary[f"{name}_relative"] = _plain(_Table(_relative(heard), at_least).interval(rng))
        if ratios is not None:
            by_ratio = _Table(ratios, at_least)
            summary[f"{name}_ratios"] = _plain(by_ratio.interval(rng))
            summary[f"{name}_ratios_sources"] = _plain(by_ratio.interval(rng, by_source=True))
        shuffled = [_Table(_shuffled(heard, rng), at_least) for _ in range(SHUFFLES)]
        summary[f"{name}_chance"] = float(np.mean([one.value(one.everything) for one in shuffled]))
    return summary | _of_the_highest(spliced) | _of_the_file(heard, rng)


class _Table:
    """The predictions for many recordings, so that any sample of recordings has its precision."""

    def __init__(self, heard: Sequence[Heard], at_least: float) -> None:
        found = [predictions(one.segments) for one in heard]
        truths = [one.recording.insert for one in heard]
        rights = [hits(f, t, at_least=at_least) for f, t in zip(found, truths, strict=True)]
        self.scores = np.array([one.score for part in found for one in part], np.float64)
        self.right = np.concatenate([np.zeros(0, bool), *rights])
        self.owner = np.repeat(np.arange(len(heard)), [len(part) for part in found])
        self.has_insert = np.array([truth is not None for truth in truths])
        self.sources = [one.recording.source for one in heard]
        self.everything = np.arange(len(heard))

    def value(self, sample: Indices) -> float:
        times = np.bincount(sample, minlength=len(self.has_insert)).astype(np.float64)
        truths = float(times @ self.has_insert)
        return average_precision(self.scores, self.right, truths, weights=times[self.owner])

    def interval(self, rng: np.random.Generator, *, by_source: bool = False) -> Estimate:
        clusters = self.sources if by_source else None
        return bca(self.value, self.everything, clusters=clusters, n_draws=DRAWS, rng=rng)


def _relative(heard: Sequence[Heard]) -> list[Heard]:
    """Take the median of each profile off it."""
    return [
        rescored(one, scores_of(one.segments) - np.median(scores_of(one.segments)))
        if one.segments
        else one
        for one in heard
    ]


def _shuffled(heard: Sequence[Heard], rng: np.random.Generator) -> list[Heard]:
    """Deal the scores of each profile to its stretches anew."""
    return [rescored(one, rng.permutation(scores_of(one.segments))) for one in heard]


def _of_the_highest(spliced: Sequence[Heard]) -> dict[str, JsonValue]:
    met, by_chance, errors_s = [], [], []
    for one in spliced:
        insert = one.recording.insert
        if insert is None or not one.segments:
            met.append(False)
            by_chance.append(0.0)
            continue  # an abstention finds nothing
        shares = [overlap((s.start_s, s.end_s), insert) > 0 for s in one.segments]
        met.append(shares[int(scores_of(one.segments).argmax())])
        by_chance.append(float(np.mean(shares)))
        best = predictions(one.segments)[0]
        errors_s.append(abs(best.start_s + best.end_s - sum(insert)) / 2)
    return {
        "top_overlaps": float(np.mean(met)) if met else None,
        "top_overlaps_chance": float(np.mean(by_chance)) if by_chance else None,
        "centre_error_s": float(np.median(errors_s)) if errors_s else None,
    }


def _of_the_file(heard: Sequence[Heard], rng: np.random.Generator) -> dict[str, JsonValue]:
    answered = [(one.score, one.recording) for one in heard if one.score is not None]
    scores = [score for score, _ in answered]
    labels = [int(recording.insert is not None) for _, recording in answered]
    sources = [recording.source for _, recording in answered]
    within = within_stratum_auc(scores, labels, sources, rng=rng).mean
    return {
        "auc": _plain(auc_interval(scores, labels, rng=rng)),
        "auc_within_source": _plain(within),
    }


def _plain(estimate: Estimate) -> dict[str, JsonValue]:
    """Give an estimate for JSON, where what is not known is null."""
    found: dict[str, JsonValue] = {}
    for name in ("value", "low", "high"):
        number = getattr(estimate, name)
        found[name] = None if math.isnan(number) else round(number, 4)
    return found | ({"reason": estimate.reason} if estimate.reason else {})


def as_csv(heard: Sequence[Heard]) -> str:
    """Write one row per recording: what was made, the file's score and its highest stretch."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for number, one in enumerate(heard):
        recording, insert = one.recording, one.recording.insert
        seconds = len(recording.samples) / SAMPLE_RATE
        row: list[object] = [number, recording.source, int(insert is not None), f"{seconds:.3f}"]
        row += [f"{time:.3f}" for time in insert] if insert else ["", ""]
        row += [recording.synthetic, "" if one.score is None else f"{one.score:.6f}"]
        for top in predictions(one.segments)[:1]:
            span = (top.start_s, top.end_s)
            row += [*(f"{time:.3f}" for time in span), f"{top.score:.6f}"]
            row.append(f"{overlap(span, insert):.4f}" if insert else "")
        table.writerow(row + [""] * (len(COLUMNS) - len(row)))
    return written.getvalue()


def measure_splices(
    manifest: Path,
    out: Path,
    *,
    where: Mapping[str, str] | None = None,
    new_people: bool = False,
    each: int = 40,
    seed: int = 0,
    window_s: float | None = None,
    hop_s: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, JsonValue]:
    """Make recordings from a manifest, examine them with the model that ships, sum it up.

    Parameters
    ----------
    manifest, where, new_people
        See :func:`~.splicing.read_rows`; the last concerns the recordings, not what ratios are
        learnt from.
    out
        Where the rows go (see :func:`as_csv`).
    each
        How many recordings with an insert, and how many without.
    seed
        Fixes the recordings and the resampling.
    window_s, hop_s
        Length of the profile's windows and step between them instead of the detector's own.

    Returns
    -------
    dict
        See :func:`summarise`.

    Raises
    ------
    UsageError
        When the manifest does not give such recordings.
    """
    made, drawn = np.random.default_rng(seed).spawn(2)
    model, listening = SyntheticSpeechModel(), SyntheticSpeechDetector.listening
    listening = replace(
        listening,
        profile_window_s=window_s or listening.profile_window_s or model.window_s,
        profile_hop_s=hop_s or listening.profile_hop_s or model.hop_s,
    )
    heard = []
    sources = by_source(read_rows(manifest, where, new_people=new_people))
    for recording in make_recordings(sources, each=each, rng=made):
        heard.append(listen(recording, model, listening))
        progress(f"{len(heard)} of {2 * each} recordings")
    clips = listen_to_clips(read_rows(manifest, where), model, listening, progress)
    write_atomic(out, as_csv(heard).encode())
    settings: dict[str, JsonValue] = {
        "window_s": listening.profile_window_s,
        "hop_s": listening.profile_hop_s,
        "new_people": new_people,
        "seed": seed,
    }
    return settings | summarise(heard, ratios=with_ratios(heard, clips), rng=drawn)


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description="Are synthetic inserts in recordings found?")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="CSV file, a row per recording")
    parser.add_argument("--where", action="append", metavar="COLUMN=VALUE")
    parser.add_argument(
        "--new-people", action="store_true", help="only people unheard in other rows"
    )
    parser.add_argument("--recordings", type=int, default=40, help="so many of either kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", type=float, help="seconds of the profile's windows")
    parser.add_argument("--hop", type=float, help="seconds from window to window, likewise")
    chosen = parser.parse_args()
    try:
        where = dict(map(_pair, chosen.where)) if chosen.where else None
        summary = measure_splices(
            chosen.manifest,
            chosen.out,
            where=where,
            new_people=chosen.new_people,
            each=chosen.recordings,
            seed=chosen.seed,
            window_s=chosen.window,
            hop_s=chosen.hop,
            progress=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
        )
    except AvauditError as error:
        parser.exit(2 if isinstance(error, UsageError) else 4, f"{error}\n")
    print(json.dumps(summary, indent=2))  # noqa: T201


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--where {text}: write it as column=value")
    return column, value


if __name__ == "__main__":
    main()
