"""What is said of music under speech and of several speakers, by the detector as it ships.

``python -m avaudit.detectors.speech.hard_sounds MANIFEST --out FILE.csv`` makes the sounds from the
clips of a manifest, has them examined in the confined worker like any file, with the card that
ships, and prints what it comes to as JSON. Sounds are joined from clips of one source and class.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
import tempfile
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.conditions.impose import impose_audio
from avaudit.detector import Detector, JsonValue
from avaudit.engine.artefacts import ArtefactStore
from avaudit.engine.client import WorkerSetup
from avaudit.engine.pool import Job
from avaudit.errors import AvauditError, UsageError
from avaudit.evidence.apply import interpret
from avaudit.manifest import binary_labels, paths, read_manifest, select, texts
from avaudit.media.types import SampleArray
from avaudit.registry import load_detectors
from avaudit.scanning import data_dirs, make_engine
from avaudit.settings import Settings
from avaudit.statistics import cllr_log10, within_stratum_auc

from .resample import SAMPLE_RATE
from .synthetic.material import decode

KINDS = ("clean", "music_20db", "music_10db", "music_0db", "joined", "overlapped")
FADE_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A clip of a manifest; ``identity`` is empty where it is not known."""

    path: Path
    label: int
    source: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was said of one sound; ``log10_lr`` is None where the detector abstained."""

    kind: str
    source: str
    label: int
    score: float | None
    log10_lr: float | None
    reason: str
    seen: str


def read_clips(manifest: Path, *, use: str, per_class: int, rng: np.random.Generator) -> list[Clip]:
    """Read clips with a stated ``use``, at most so many of a source and class, drawn by ``rng``.

    Raises
    ------
    UsageError
        When the manifest cannot be read or has no such rows.
    """
    table = select(read_manifest(manifest), {"use": use})
    identities = texts(table, "identity") if "identity" in table.frame else [""] * len(table)
    columns = zip(
        paths(table, "audio"), binary_labels(table), texts(table, "source"), identities, strict=True
    )
    groups: dict[tuple[str, int], list[Clip]] = {}
    for path, label, source, identity in columns:
        clip = Clip(path=path, label=int(label), source=str(source), identity=str(identity))
        groups.setdefault((clip.source, clip.label), []).append(clip)
    kept = []
    for name in sorted(groups):
        drawn = rng.permutation(len(groups[name]))[:per_class]
        kept += [groups[name][place] for place in sorted(drawn)]
    return kept


def partners(clips: Sequence[Clip]) -> list[Clip]:
    """Give each clip the next one of its source and class, of another person where there is one."""
    found = []
    for place, clip in enumerate(clips):
        others = [
            other
            for other in [*clips[place + 1 :], *clips[:place]]
            if (other.source, other.label) == (clip.source, clip.label)
        ]
        strangers = [other for other in others if other.identity != clip.identity]
        found.append(next(iter([*strangers, *others]), clip))
    return found


def make_sound(
    kind: str, first: SampleArray, second: SampleArray, rng: np.random.Generator
) -> SampleArray:
    """Make a sound of a kind of :data:`KINDS`; ``second`` is brought to the level of ``first``.

    Raises
    ------
    UsageError
        For another kind.
    """
    if kind not in ("joined", "overlapped"):
        return impose_audio(first, SAMPLE_RATE, kind, rng=rng)
    level = np.sqrt(np.mean(first**2) / max(float(np.mean(second**2)), 1e-12))
    second = np.clip(second * level, -1.0, 1.0)
    if kind == "joined":
        return np.concatenate([_faded(first), _faded(second)]).astype(np.float32)
    both = np.zeros(max(len(first), len(second)))
    both[: len(first)] += first
    both[: len(second)] += second
    return (both / max(1.0, float(np.abs(both).max()))).astype(np.float32)


def _faded(sound: SampleArray) -> SampleArray:
    rise = np.minimum(1.0, (np.arange(len(sound)) + 1) / (FADE_S * SAMPLE_RATE))
    faded: SampleArray = (sound * rise * rise[::-1]).astype(np.float32)
    return faded


def write_wav(path: Path, samples: SampleArray) -> None:
    """Write mono sound in [-1, 1] at 16 kHz, 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).round().astype("<i2").tobytes())


def examine(
    detector: Detector, clips: Sequence[Clip], kinds: Sequence[str], seed: int
) -> Iterator[Said]:
    """Make the sounds and have the detector judge them, as ``avaudit scan`` does."""
    name, settings, others = detector.card.name, Settings(), partners(clips)
    detectors = {name: detector}
    setup = WorkerSetup(detectors=(name,), data_dirs=data_dirs(detectors), threads=1)
    with tempfile.TemporaryDirectory(prefix="avaudit-hard-") as scratch:
        folder = Path(scratch)
        jobs: list[Job] = []
        sounds: list[tuple[str, Clip]] = []
        for place, (clip, other) in enumerate(zip(clips, others, strict=True)):
            first, second = decode(clip.path), decode(other.path)
            for kind in kinds:
                path = folder / f"{len(jobs):05d}.wav"
                rng = np.random.default_rng([seed, place])
                write_wav(path, make_sound(kind, first, second, rng))
                jobs.append(Job(f"s{len(jobs):07d}", path, None))
                sounds.append((kind, clip))
        store = ArtefactStore(folder, settings.limits.written_bytes)
        for examined in make_engine(settings, setup).run(jobs, detectors, store):
            kind, clip = sounds[int(examined.subject[1:])]
            own = interpret(examined.findings[name], detector.card, examined.conditions)
            calibration = own.calibration or {}
            yield Said(
                kind=kind,
                source=clip.source,
                label=clip.label,
                score=own.score,
                log10_lr=own.log10_lr,
                reason=own.reason.code if own.reason and own.log10_lr is None else "",
                seen=str(calibration.get("condition", "")),
            )


def summarise(said: Sequence[Said]) -> dict[str, JsonValue]:
    """Say what it comes to for one kind of sound.

    Returns
    -------
    dict
        ``within_source_auc`` of all scores, whether or not a ratio was stated, with its interval;
        ``abstention``: share without a ratio, and ``reasons``; ``conditions``: which calibrations
        were taken for the others; of these ``cllr`` and the shares of misleading ratios.
    """
    scored = [one for one in said if one.score is not None]
    area = within_stratum_auc(
        np.array([one.score for one in scored], np.float64),
        [one.label for one in scored],
        [one.source for one in scored],
        rng=np.random.default_rng(0),
    ).mean
    stated = [one for one in said if one.log10_lr is not None]
    h1, h2 = (
        np.array([one.log10_lr for one in stated if one.label == label], np.float64)
        for label in (1, 0)
    )
    summary: dict[str, JsonValue] = {
        "n_h1": sum(one.label for one in said),
        "n_h2": sum(1 - one.label for one in said),
        "within_source_auc": [_rounded(v) for v in (area.value, area.low, area.high)],
        "abstention": round(1.0 - len(stated) / len(said), 3),
        "reasons": dict(Counter(one.reason for one in said if one.log10_lr is None)),
        "conditions": dict(Counter(one.seen for one in stated)),
        "stated_h1": len(h1),
        "stated_h2": len(h2),
    }
    if len(h1) and len(h2):
        summary |= {
            "cllr": round(float(cllr_log10(h1, h2)), 3),
            "h2_over_1": round(float(np.mean(h2 > 0.0)), 3),
            "h2_over_100": round(float(np.mean(h2 > 2.0)), 3),
            "h1_under_1": round(float(np.mean(h1 < 0.0)), 3),
        }
    return summary


def _rounded(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def write_csv(path: Path, said: Sequence[Said]) -> None:
    """Write one line per sound."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in fields(Said)])
    writer.writerows(astuple(one) for one in said)
    write_atomic(path, text.getvalue().encode("utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit status as of avaudit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="a CSV file, one line per sound")
    parser.add_argument("--detector", default="speech.synthetic")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--use", default="evaluate")
    parser.add_argument("--per-class", type=int, default=12, help="clips of a source and class")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        rng = np.random.default_rng(given.seed)
        clips = read_clips(given.manifest, use=given.use, per_class=given.per_class, rng=rng)
        (detector,) = load_detectors([given.detector]).values()
        said = list(examine(detector, clips, given.kinds.split(","), given.seed))
    except AvauditError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, UsageError) else 4
    write_csv(given.out, said)
    result: dict[str, Any] = {
        kind: summarise([one for one in said if one.kind == kind])
        for kind in given.kinds.split(",")
    }
    report = {"detector": given.detector, "seed": given.seed, "kinds": result}
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
