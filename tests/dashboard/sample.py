"""A home with a scan, a bench and a judged audit, every text of which can be made hostile."""

from __future__ import annotations

import hashlib
import math
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from avaudit.publishing import prepare_folder, publish
from avaudit.result import Report
from avaudit.settings import Settings

Say = Callable[[str], str]


@dataclass
class Sample:
    """A home with reports in its ledger, and the sealed reports."""

    home: Path
    out: Path
    scan: Report
    bench: Report
    audit: Report


def make_sample(
    home: Path, out: Path, monkeypatch: pytest.MonkeyPatch, say: Say = lambda text: text
) -> Sample:
    """Make the sample: every text that could come from a file goes through ``say`` first."""
    monkeypatch.setenv("AVAUDIT_HOME", str(home))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    media = prepare_folder(out / "media")
    write_tone(media / "talk.wav")
    reports = {}
    for name, content in (
        ("scan", scan_content(media, say)),
        ("bench", bench_content()),
        ("audit", audit_content(say)),
    ):
        report = Report.model_validate(content)
        reports[name] = publish(report, prepare_folder(out / name), ["json"], Settings()).report
    return Sample(home, out, **reports)


def write_tone(path: Path, seconds: int = 8) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        one = [int(8000 * math.sin(2 * math.pi * 220 * n / 8000)) for n in range(8000)]
        second = b"".join(value.to_bytes(2, "little", signed=True) for value in one)
        file.writeframes(second * seconds)


def base_content(kind: str, number: int) -> dict[str, Any]:
    return {
        "schema": "avaudit.report/1",
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "kind": kind,
        "created": f"2026-11-2{number}T09:30:00+00:00",
        "tool": {"version": "0.1.0"},
        "environment": {"python": "3", "platform": "any", "packages": {}},
    }


def scan_content(media: Path, say: Say) -> dict[str, Any]:
    subjects = [
        {
            "id": "s00001",
            "name": say("media/talk.wav"),
            "path": "../media/talk.wav",
            "sha256": hashlib.sha256((media / "talk.wav").read_bytes()).hexdigest(),
            "bytes": (media / "talk.wav").stat().st_size,
            "media_type": "audio/wav",
            "kind": "audio",
            "duration_s": 8.0,
            "conditions": {"audio_codec": say("pcm"), "sample_rate_hz": 8000},
        },
        {
            "id": "s00002",
            "name": say("media/gone.png"),
            "path": "../media/gone.png",
            "sha256": "ab" * 32,
            "bytes": 10,
            "media_type": "image/png",
            "kind": "image",
        },
    ]
    return {
        **base_content("scan", 1),
        "parameters": {"inputs": [say("media")]},
        "subjects": subjects,
        "findings": [
            speech_finding(say),
            offset_finding(say),
            manifest_finding(say),
            failed_finding(say),
        ],
        "conclusions": [
            {
                "subject": "s00001",
                "summary": say("The speech was made by a machine."),
                "supports": [say("speech.synthetic, strong")],
                "contradictions": [say("Two findings disagree.")],
            },
            {"subject": "s00002", "summary": say("A signer says it was edited.")},
        ],
    }


def speech_finding(say: Say) -> dict[str, Any]:
    ratios = (-0.8, 0.2, 2.1, 1.4)
    return {
        "subject": "s00001",
        "detector": {"name": "speech.synthetic", "version": "1", "title": say("Synthetic speech")},
        "question": {"h1": say("It was synthesised."), "h2": say("It was recorded.")},
        "outcome": "scored",
        "summary": say("Moderate support for H1 (log10 LR +2.10)."),
        "score": 1.25,
        "log10_lr": 2.1,
        "log10_lr_low": 1.2,
        "log10_lr_high": 2.4,
        "strength": say("moderate support"),
        "calibration": {
            "data_set": say("speech/manifest.csv"),
            "manifest_sha256": "cd" * 32,
            "condition": "clean",
            "n_h1": 305,
            "n_h2": 69,
            "elub_low": -1.3,
            "elub_high": 2.5,
            "eer": 0.1594,
            "cllr": 0.5024,
            "misleading_h2_over_1": 0.16,
        },
        "segments": [
            {
                "start_s": 2.0 * place,
                "end_s": 2.0 * place + 2,
                "score": ratio,
                "log10_lr": ratio,
                "label": say("speech"),
            }
            for place, ratio in enumerate(ratios)
        ],
        "indications": [
            {"points_to": "generated", "weight": "moderate", "text": say("It was synthesised.")}
        ],
        "does_not_say": [say("A high score does not say who made it.")],
        "facts": {"speech_s": 7.5, "note": say("read aloud"), "list": [say("one")]},
    }


def offset_finding(say: Say) -> dict[str, Any]:
    return {
        "subject": "s00001",
        "detector": {"name": "sync.offset", "version": "1", "title": "Lips and sound"},
        "outcome": "scored",
        "score": 0.4,
        "summary": say("Sound is late."),
        "facts": {
            "offset_s": 0.24,
            "offset_low_s": 0.2,
            "offset_high_s": 0.28,
            "tracks": [{"track": say("1"), "offset_s": 0.25, "start_s": 0, "end_s": 4}],
        },
    }


def manifest_finding(say: Say) -> dict[str, Any]:
    return {
        "subject": "s00002",
        "detector": {"name": "provenance.c2pa", "version": "1", "title": "Content Credentials"},
        "outcome": "observed",
        "summary": say("The manifest is intact."),
        "indications": [
            {"points_to": say("edited"), "weight": "strong", "text": say("It was edited.")}
        ],
        "facts": {
            "integrity": "valid",
            "signer": say("A desk"),
            "claims": [{"where": say("XMP"), "field": say("Software"), "value": say("Gen 1")}],
            "active_manifest": "m1",
            "manifests": [
                {
                    "label": "m1",
                    "title": say("edited.jpg"),
                    "signer": say("A desk"),
                    "issuer": say("An issuer"),
                    "claim_generator": say("A program"),
                    "actions": [{"action": "c2pa.edited", "softwareAgent": say("Fill")}],
                    "ingredients": [
                        {"title": say("harbour.jpg"), "relationship": "parentOf"},
                    ],
                    "problems": [say("a problem")],
                    "trusted": True,
                }
            ],
            "nested": {say("key"): {"deep": [say("value")]}},
        },
    }


def failed_finding(say: Say) -> dict[str, Any]:
    return {
        "subject": "s00002",
        "detector": {"name": "media.timeline", "version": "1"},
        "outcome": "failed",
        "reason": {"code": "decoding", "text": say("The picture cannot be decoded.")},
    }


def bench_content() -> dict[str, Any]:
    return {
        **base_content("bench", 2),
        "parameters": {
            "benched": {"detector": "speech.synthetic"},
            "data": {"sha256": "cd" * 32},
        },
        "curves": [
            {
                "kind": "tippett",
                "scenario": "clean",
                "series": [
                    {"name": "H1 is true", "x": [-1.3, 0.5, 2.5], "y": [1.0, 0.7, 0.0]},
                    {"name": "H2 is true", "x": [-1.3, -0.5, 2.5], "y": [1.0, 0.2, 0.0]},
                ],
            }
        ],
    }


def audit_content(say: Say) -> dict[str, Any]:
    return {
        **base_content("audit", 3),
        "parameters": {"model": {"reference": say("model.py:load")}},
        "gate": {
            "policy": {"name": say("release"), "sha256": "ef" * 32},
            "verdict": "fail",
            "rules": [
                {"id": say("gap"), "verdict": "fail", "why": say("A difference of 1.2 is shown.")},
                {"id": "other", "verdict": "pass", "why": "It holds."},
            ],
        },
    }
