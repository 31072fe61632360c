"""What the catalogue costs at 100,000 findings: its part of ``make bench``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..benchmarks.rows import Row
from ..ledger import Ledger
from ..result import Report
from ..review import Review
from ..seal import SigningKey
from .catalogue import Catalogue
from .model import Wanted

N_REPORTS, N_SUBJECTS = 40, 500
DETECTORS = ("image.one", "image.two", "speech.one", "speech.two", "provenance.one")
DIGEST = "ab" * 32


def measure_catalogue(folder: Path) -> list[Row]:
    """Time making the catalogue of 100,000 findings, adding one report, and every question."""
    with make_ledger(folder, np.random.default_rng(0)) as ledger:
        catalogue = Catalogue(folder / "catalogue.sqlite3")
        catalogue.start_anew(ledger.identity.ledger_id)
        with catalogue:
            whole = _seconds(lambda: catalogue.refresh(ledger))
            append(ledger, make_report(np.random.default_rng(1), N_SUBJECTS, day=41))
            more = _seconds(lambda: catalogue.refresh(ledger))
            worst, name = max((_seconds(ask), name) for name, ask in questions(catalogue).items())
            size = (folder / "catalogue.sqlite3").stat().st_size / 1e6
    n = N_REPORTS * N_SUBJECTS * len(DETECTORS)
    return [
        Row(f"catalogue of {n:,} findings, made anew", whole, "s"),
        Row("catalogue, one more report of 2,500 findings taken in", more, "s"),
        Row(f"catalogue, slowest question of {n:,} findings ({name})", worst, "s", goal="≤ 2 s"),
        Row("catalogue, size of the file", size, "MB"),
    ]


def questions(catalogue: Catalogue) -> dict[str, Callable[[], object]]:
    """Give what the pages ask."""
    middle = N_REPORTS * N_SUBJECTS * len(DETECTORS) // 2
    return {
        "totals": catalogue.totals,
        "by day": catalogue.by_day,
        "gates": catalogue.gates,
        "first page of the queue": lambda: catalogue.findings(Wanted(waiting=True)),
        "last page of all": lambda: catalogue.findings(Wanted(), offset=2 * middle - 50),
        "page by file": lambda: catalogue.findings(Wanted(), order="subject", offset=middle),
        "page by ratio": lambda: catalogue.findings(Wanted(), order="strength", offset=middle),
        "search by name": lambda: catalogue.findings(Wanted(search="000399")),
        "filter": lambda: catalogue.findings(
            Wanted(standing=("flagged",), detector=("speech.one",), media_kind=("audio",))
        ),
        "one finding": lambda: catalogue.finding(middle),
        "reviews": catalogue.reviews,
    }


def make_ledger(
    folder: Path,
    rng: np.random.Generator,
    *,
    n_reports: int = N_REPORTS,
    n_subjects: int = N_SUBJECTS,
) -> Ledger:
    """Make a ledger of ``n_reports`` reports of ``n_subjects`` files each, with a few reviews."""
    ledger = Ledger.open(f"sqlite:///{folder / 'ledger.sqlite3'}")
    for number in range(n_reports):
        sealed = append(ledger, make_report(rng, n_subjects, day=number))
        assert sealed.seal is not None
        review = Review(
            report_id=sealed.id,
            report_digest=sealed.seal.digest,
            subject="s00001",
            detector=DETECTORS[0],
            action="accept",
            reviewer="A. Reviewer",
        )
        ledger.append_review(sealed.id, review.content(), _key())
    return ledger


def append(ledger: Ledger, report: Report) -> Report:
    """Seal a report and append it."""
    return ledger.append_report(report, _key())


def make_report(rng: np.random.Generator, n_subjects: int, *, day: int) -> Report:
    """Make a scan of files that do not exist, as large as a real one would be."""
    subjects = [_subject(number) for number in range(1, n_subjects + 1)]
    ratios = rng.normal(size=(n_subjects, len(DETECTORS))).round(3)
    return Report.model_validate(
        {
            "id": str(uuid.UUID(bytes=rng.bytes(16))),
            "kind": "scan",
            "created": f"2026-{1 + day // 28 % 12:02}-{1 + day % 28:02}T10:00:00+00:00",
            "tool": {"version": "0"},
            "environment": {"python": "3", "platform": "any", "packages": {}},
            "parameters": {"inputs": [f"upload-{day}"]},
            "subjects": subjects,
            "findings": [
                _finding(subject["id"], name, float(ratios[row, column]))
                for row, subject in enumerate(subjects)
                for column, name in enumerate(DETECTORS)
            ],
            "conclusions": [{"subject": s["id"], "summary": "Nothing."} for s in subjects],
        }
    )


def _subject(number: int) -> dict[str, Any]:
    return {
        "id": f"s{number:05}",
        "name": f"upload/2026/file-{number:06}.wav",
        "path": f"../upload/2026/file-{number:06}.wav",
        "sha256": DIGEST,
        "bytes": 100_000 + number,
        "media_type": "audio/wav",
        "kind": "audio" if number % 2 else "image",
        "duration_s": 8.0,
    }


def _finding(subject: str, detector: str, ratio: float) -> dict[str, Any]:
    weight = "strong" if ratio > 2 else "moderate"
    told = [{"points_to": "generated", "weight": weight, "text": "It was made."}]
    return {
        "subject": subject,
        "detector": {"name": detector, "version": "1", "card_sha256": DIGEST, "title": detector},
        "question": {"h1": "It was made.", "h2": "It was recorded."},
        "outcome": "scored",
        "score": ratio,
        "log10_lr": ratio,
        "log10_lr_low": ratio - 0.5,
        "log10_lr_high": ratio + 0.5,
        "strength": "limited support",
        "summary": f"It was measured (log10 LR {ratio:+.2f}).",
        "facts": {"windows": 4, "speech_s": 7.5},
        "segments": [
            {"start_s": 2.0 * i, "end_s": 2.0 * i + 2, "score": ratio, "log10_lr": ratio}
            for i in range(4)
        ],
        "indications": told if ratio > 1 else [],
        "does_not_say": ["A low score does not say that it was recorded."],
        "seconds": 0.5,
    }


def _key() -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def _seconds(work: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s
