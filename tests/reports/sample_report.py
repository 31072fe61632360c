"""A realistic synthetic report with its artefacts, for tests and for looking at.

``python tests/reports/sample_report.py FOLDER`` writes report.json, report.html and the pictures.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from avaudit.result import Report

DST = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CARD = {"provenance.c2pa": "a1", "provenance.metadata": "b2", "watermark.dwtdct": "c3"}
TITLES = {
    "provenance.c2pa": (
        "Signed provenance (C2PA)",
        "Does the file carry a signed history, is it intact, and who signed it?",
    ),
    "provenance.metadata": (
        "Unsigned metadata",
        "What do the file's own metadata say of its origin?",
    ),
    "watermark.dwtdct": (
        "Invisible watermark of public generators",
        "Does the picture carry a payload that public image generators embed?",
    ),
    "media.timeline": ("Timeline", "Do the streams run through without gaps, jumps or repeats?"),
    "speech.synthetic": ("Synthetic speech", "Was the speech synthesised or converted?"),
}
LIMITS = {
    "provenance.c2pa": [
        "That what is shown is true.",
        "That a file without a manifest is not authentic.",
        "That the certificate had not been revoked: revocation was not checked.",
    ],
    "provenance.metadata": [
        "That a tag is true: anyone can write one.",
        "That a file without tags was not generated.",
    ],
    "watermark.dwtdct": [
        "That a file without this watermark was not generated.",
        "Which person made the picture.",
    ],
    "media.timeline": ["That a gap was made on purpose."],
    "speech.synthetic": ["Who speaks.", "That every part of the sound is of the same origin."],
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def picture(
    folder: Path, name: str, seed: int, size: tuple[int, int] = (320, 240)
) -> dict[str, Any]:
    """Paint a small landscape and give it as an artefact."""
    width, height = size
    image = Image.new("RGB", size, (150 + seed * 13 % 90, 180, 200 + seed * 7 % 50))
    draw = ImageDraw.Draw(image)
    for layer in range(4):
        base = height * (0.45 + 0.14 * layer)
        hills = [
            (
                x,
                base
                + 26 * ((x * (layer + 2) * 7 + seed * 31) % width / width - 0.5) ** 2 * (9 - layer),
            )
            for x in range(0, width + 8, 8)
        ]
        shade = 140 - 28 * layer
        draw.polygon([(0, height), *hills, (width, height)], fill=(shade, shade + 22, shade + 8))
    draw.ellipse((width * 0.68, height * 0.1, width * 0.8, height * 0.26), fill=(250, 236, 190))
    out = io.BytesIO()
    image.filter(ImageFilter.SMOOTH).save(out, "JPEG", quality=82)
    data = out.getvalue()
    place = folder / "artefacts" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return {
        "path": f"artefacts/{name}",
        "media_type": "image/jpeg",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def finding(
    subject: str, name: str, outcome: str, summary: str = "", **more: Any
) -> dict[str, Any]:
    title, asks = TITLES[name]
    question = {}
    if name == "watermark.dwtdct":
        question = {
            "h1": "The picture carries the payload of a public generator.",
            "h2": "The picture carries no such payload; agreement is chance.",
        }
    if name == "speech.synthetic":
        question = {
            "h1": "The speech was synthesised or converted.",
            "h2": "The speech was recorded from a person.",
        }
    return {
        "subject": subject,
        "detector": {
            "name": name,
            "version": "1.0",
            "card_sha256": digest(name),
            "title": title,
            "asks": asks,
        },
        "outcome": outcome,
        "summary": summary,
        **({"question": question} if question else {}),
        "does_not_say": LIMITS[name],
        "seconds": 0.0163,
        **more,
    }


def manifest(label: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "label": f"urn:c2pa:{label}-9c1d-4b73-8f60-2d9b6a54e001",
        "title": title,
        "claim_generator": "Adobe Firefly 3 c2pa-rs/0.32.5",
        "signer": "Adobe Inc.",
        "signed_at": "2026-02-11T09:14:03+00:00",
        "actions": [],
        "ingredients": [],
        "problems": [],
        **more,
    }


def chain_facts() -> dict[str, Any]:
    born = manifest(
        "11111111",
        "firefly-7731.png",
        thumbnail="c2pa-thumbnail-02.jpg",
        trusted=True,
        actions=[
            {
                "action": "c2pa.created",
                "digitalSourceType": DST + "trainedAlgorithmicMedia",
                "softwareAgent": "Adobe Firefly",
            }
        ],
    )
    shot = manifest(
        "22222222",
        "DSC04417.ARW",
        thumbnail="c2pa-thumbnail-01.jpg",
        trusted=True,
        claim_generator="Leica M11-P",
        signer="Leica Camera AG",
        signed_at="2026-01-30T16:02:44+01:00",
        actions=[{"action": "c2pa.created", "digitalSourceType": DST + "digitalCapture"}],
    )
    final = manifest(
        "33333333",
        "harbour-at-dawn.jpg",
        claim_generator="Adobe Photoshop 27.1",
        signed_at="2026-02-11T10:30:51+00:00",
        actions=[
            {"action": "c2pa.opened"},
            {"action": "c2pa.placed"},
            {
                "action": "c2pa.edited",
                "digitalSourceType": DST + "compositeWithTrainedAlgorithmicMedia",
                "softwareAgent": "Generative Fill",
            },
            {"action": "c2pa.color_adjustments"},
        ],
        ingredients=[
            {
                "title": "DSC04417.ARW",
                "relationship": "parentOf",
                "manifest": shot["label"],
                "problems": [],
            },
            {
                "title": "firefly-7731.png",
                "relationship": "componentOf",
                "manifest": born["label"],
                "problems": [],
            },
            {"title": "logo.svg", "relationship": "componentOf", "manifest": None, "problems": []},
        ],
    )
    return {
        "integrity": "valid",
        "trust": "trusted",
        "trust_reason": "the signer's certificate leads to an anchor of the C2PA Trust List",
        "trust_list": "C2PA Trust List",
        "trust_list_date": "2026-08-05",
        "signer": "Adobe Inc.",
        "issuer": "DigiCert C2PA Issuing CA G1",
        "signed_at": "2026-02-11T10:30:51+00:00",
        "claim_generator": "Adobe Photoshop 27.1",
        "ai_signal": "partly_generated",
        "ingredient_problems": [],
        "codes": {
            "success": [
                "claimSignature.validated",
                "signingCredential.trusted",
                "timeStamp.validated",
                "assertion.hashedURI.match",
                "assertion.dataHash.match",
            ],
            "informational": ["signingCredential.ocsp.skipped"],
            "failure": [],
        },
        "identity": {"state": "absent"},
        "revocation": "not_checked",
        "library": "c2pa-python 0.38.1",
        "active_manifest": final["label"],
        "manifests": [final, shot, born],
    }


def _signed(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = _image("harbour-at-dawn.jpg", picture(folder, "s1.jpg", 3))
    text = "A trusted signature says parts of this picture were made by a trained model."
    told = {"points_to": "generated", "weight": "strong", "text": text}
    found = [
        finding(
            subject["id"],
            "provenance.c2pa",
            "observed",
            "Signed by Adobe Inc., intact, trusted; says it was partly generated.",
            facts=chain_facts(),
            artefacts=[
                picture(folder, f"s1-chain-{n}.jpg", seed, (200, 150))
                | {
                    "name": f"c2pa-thumbnail-0{n}.jpg",
                    "role": "c2pa_thumbnail",
                    "title": f"Thumbnail of {title}",
                }
                for n, seed, title in ((1, 3, "DSC04417.ARW"), (2, 14, "firefly-7731.png"))
            ],
            indications=[told],
        ),
        finding(
            subject["id"],
            "provenance.metadata",
            "observed",
            "Two statements on origin.",
            facts={
                "claims": [
                    {
                        "where": "XMP",
                        "field": "Iptc4xmpExt:DigitalSourceType",
                        "value": DST + "compositeWithTrainedAlgorithmicMedia",
                        "says": "edited",
                        "generator": "Photoshop Generative Fill",
                        "weight": "moderate",
                    },
                    {
                        "where": "EXIF",
                        "field": "Model",
                        "value": "LEICA M11-P",
                        "says": "captured",
                        "weight": "weak",
                    },
                ]
            },
            indications=[
                {
                    "points_to": "captured",
                    "weight": "weak",
                    "text": "EXIF names a camera, LEICA M11-P.",
                }
            ],
        ),
        finding(
            subject["id"],
            "watermark.dwtdct",
            "scored",
            "No known payload.",
            score=-0.8,
            facts={"payload": None, "p_value": 0.41, "tests": 10},
            reason={
                "code": "not_calibrated",
                "text": "A p-value is given in place of a likelihood ratio.",
            },
        ),
    ]
    said = {
        "subject": subject["id"],
        "summary": text,
        "supports": [text + " (provenance.c2pa, strong)"],
        "contradictions": [
            "provenance.metadata says: EXIF names a camera. provenance.c2pa says: parts were made "
            "by a trained model. These disagree: one speaks for a recording, the other does not."
        ],
    }
    return subject, found, said


def _stripped(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = _image("harbour-at-dawn (stripped).jpg", picture(folder, "s2.jpg", 3))
    text = "The metadata point to a manifest that is no longer in the file: it was removed."
    facts = {
        "integrity": "absent",
        "trust": "unknown",
        "ai_signal": "unknown",
        "revocation": "not_checked",
        "library": "c2pa-python 0.38.1",
        "manifests": [],
    }
    claim = {
        "where": "XMP",
        "field": "dcterms:provenance",
        "value": "self#jumbf=/c2pa/urn:c2pa:33333333",
        "says": "removed_manifest",
        "weight": "moderate",
    }
    told = {"points_to": "provenance_removed", "weight": "moderate", "text": text}
    found = [
        finding(subject["id"], "provenance.c2pa", "observed", "No manifest.", facts=facts),
        finding(
            subject["id"],
            "provenance.metadata",
            "observed",
            "One statement on origin.",
            facts={"claims": [claim]},
            indications=[told],
        ),
    ]
    return subject, found, {"subject": subject["id"], "summary": text, "supports": [text]}


def _tampered(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = _image("evidence\u202egpj.<b>photo</b>.jpg", picture(folder, "s3.jpg", 8))
    facts = chain_facts() | {
        "trust_reason": "the signer's certificate leads to no anchor of the installed lists",
        "integrity": "invalid",
        "trust": "untrusted",
        "trust_list": "C2PA Trust List",
    }
    facts["codes"] = facts["codes"] | {
        "failure": ["assertion.dataHash.mismatch", "signingCredential.untrusted"]
    }
    facts["manifests"] = [facts["manifests"][1] | {"problems": ["assertion.dataHash.mismatch"]}]
    facts["active_manifest"] = facts["manifests"][0]["label"]
    facts["ai_signal"] = "none"
    text = "The picture is not what was signed: it was altered after signing."
    heat = picture(folder, "s3-heat.jpg", 8, (480, 360)) | {
        "role": "ingredient_thumbnail",
        "title": "The thumbnail the claim was signed with",
    }
    lost = {
        "path": "../../etc/passwd",
        "media_type": "image/png",
        "sha256": digest("x"),
        "role": "heat_map",
        "title": "A picture outside the folder",
    }
    found = [
        finding(
            subject["id"],
            "provenance.c2pa",
            "observed",
            "The manifest does not match the file.",
            facts=facts,
            artefacts=[heat, lost],
            indications=[{"points_to": "altered_after_signing", "weight": "strong", "text": text}],
            regions=[
                {"x": 300, "y": 420, "w": 410, "h": 260, "score": 0.91},
                {"x": 60, "y": 80, "w": 150, "h": 120},
            ],
        ),
        finding(
            subject["id"],
            "watermark.dwtdct",
            "abstained",
            reason={
                "code": "too_small",
                "text": "The picture is smaller than 256 × 256 px, the least this watermark needs.",
            },
        ),
    ]
    return subject, found, {"subject": subject["id"], "summary": text, "supports": [text]}


def _watermarked(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = _image("city-by-night.png", picture(folder, "s4.jpg", 12), media_type="image/png")
    text = "The picture carries the watermark that Stable Diffusion v1 pipelines embed."
    found = [
        finding(
            subject["id"],
            "watermark.dwtdct",
            "scored",
            text,
            score=21.4,
            log10_lr=3.2,
            log10_lr_low=2.6,
            log10_lr_high=3.9,
            strength="strong support for H1",
            calibration={
                "data_set": "2,000 generated and 2,000 recorded pictures",
                "n_h1": 2000,
                "n_h2": 2000,
                "conditions": ["png", "jpeg 4:4:4"],
                "cllr": 0.0312,
                "eer": 0.0042,
            },
            facts={
                "payload": "StableDiffusionV1",
                "p_value": 3.4e-22,
                "bits": 136,
                "bit_accuracy": 0.98529411,
            },
            indications=[{"points_to": "generated", "weight": "strong", "text": text}],
        ),
    ]
    return subject, found, {"subject": subject["id"], "summary": text, "supports": [text]}


def _video(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = {
        "id": "v5",
        "name": "interview.mp4",
        "path": "../media/interview.mp4",
        "sha256": digest("v5"),
        "bytes": 18_734_112,
        "media_type": "video/mp4",
        "kind": "video",
        "duration_s": 93.427,
        "width": 1280,
        "height": 720,
        "fps": 29.97,
        "thumbnail": picture(folder, "s5.jpg", 5),
        "streams": [
            {
                "index": 0,
                "kind": "video",
                "codec": "h264",
                "start_s": 0.0,
                "duration_s": 93.427,
                "bit_rate": 1_450_112,
                "width": 1280,
                "height": 720,
                "fps": 29.97,
                "pixel_format": "yuv420p",
            },
            {
                "index": 1,
                "kind": "audio",
                "codec": "aac",
                "start_s": 0.021,
                "duration_s": 93.4,
                "bit_rate": 128_000,
                "sample_rate": 48_000,
                "channels": 2,
            },
        ],
    }
    segments = [
        {"start_s": 12.4, "end_s": 13.1, "label": "gap in the sound"},
        {"start_s": 40.0, "end_s": 44.5, "label": "repeated frames"},
        {"start_s": 71.2, "end_s": 71.9, "label": "gap in the sound"},
    ]
    speech = [
        {
            "start_s": 4.0 * n,
            "end_s": 4.0 * n + 3.8,
            "score": 0.3 + 0.02 * n,
            "log10_lr": -1.2 + 0.11 * n,
            "label": "speech",
        }
        for n in range(22)
    ]
    found = [
        finding(
            "v5",
            "media.timeline",
            "observed",
            "Two gaps in the sound and one run of repeated frames.",
            segments=segments,
            facts={
                "frames": 2800,
                "frame_rate_variable": False,
                "offset_s": 0.0213,
                "gaps": [
                    {"stream": 1, "start_s": 12.4, "end_s": 13.1},
                    {"stream": 1, "start_s": 71.2, "end_s": 71.9},
                ],
                "first_keyframe": {
                    "time_s": 0.0,
                    "reorder": {"depth": 2, "order": ["I", "P", "B", "B"]},
                },
            },
        ),
        finding(
            "v5",
            "speech.synthetic",
            "scored",
            "The speech is slightly more probable if it was recorded.",
            score=0.41,
            log10_lr=-0.6,
            log10_lr_low=-1.1,
            log10_lr_high=0.2,
            strength="weak support for H2",
            segments=speech,
            facts={"speech_s": 81.3, "snr_db": 18.2},
        ),
        finding(
            "v5",
            "provenance.c2pa",
            "observed",
            "No manifest.",
            facts={"integrity": "absent", "trust": "unknown", "ai_signal": "unknown"},
        ),
    ]
    said = {
        "subject": "v5",
        "summary": "Nothing was found that says how this file was made. "
        "Absence of provenance is not evidence of authenticity.",
    }
    return subject, found, said


def _broken(_: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = {
        "id": "f6",
        "name": "upload_0007781_" + "x" * 120 + ".webp",
        "sha256": digest("f6"),
        "bytes": 913,
        "media_type": "image/webp",
        "kind": "image",
    }
    why = {
        "code": "decode_error",
        "text": "The picture says it is 50,000 × 50,000 px, more than the 250 megapixels allowed.",
    }
    found = [
        finding("f6", "watermark.dwtdct", "failed", reason=why),
        finding(
            "f6",
            "provenance.c2pa",
            "failed",
            reason={"code": "time_limit", "text": "The parser was stopped after 60 s."},
        ),
    ]
    return subject, found, {"subject": "f6", "summary": f"Could not be examined: {why['text']}"}


def _audio(_: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    subject = {
        "id": "a7",
        "name": "voicemail.opus",
        "sha256": digest("a7"),
        "bytes": 40_112,
        "media_type": "audio/ogg",
        "kind": "audio",
        "duration_s": 2.1,
    }
    found = [
        finding(
            "a7",
            "speech.synthetic",
            "abstained",
            reason={
                "code": "too_short",
                "text": "There are 1.3 s of speech; the calibration covers 3 s and more.",
            },
        ),
        finding(
            "a7",
            "provenance.c2pa",
            "observed",
            "This format cannot be looked into.",
            facts={"integrity": "not_supported", "trust": "unknown", "ai_signal": "unknown"},
        ),
    ]
    return (
        subject,
        found,
        {"subject": "a7", "summary": "Nothing was found that says how this file was made."},
    )


def _image(name: str, thumbnail: dict[str, Any], media_type: str = "image/jpeg") -> dict[str, Any]:
    return {
        "id": digest(name)[:12],
        "name": name,
        "path": f"../media/{name}",
        "sha256": digest(name),
        "bytes": 2_431_077,
        "media_type": media_type,
        "kind": "image",
        "width": 1920,
        "height": 1440,
        "thumbnail": thumbnail,
    }


def sample_dict(folder: Path) -> dict[str, Any]:
    """Give the sample report as JSON types, its pictures written below ``folder``."""
    makers = (_signed, _stripped, _tampered, _watermarked, _video, _broken, _audio)
    parts = [make(folder) for make in makers]
    return {
        "schema": "avaudit.report/1",
        "id": "0197a3c2-5b1e-7c44-9d5e-2f6f0c1b7a10",
        "kind": "scan",
        "created": "2026-03-01T08:30:12Z",
        "tool": {"name": "avaudit", "version": "0.1.0"},
        "environment": {
            "python": "3.11.7",
            "platform": "Linux-6.1-x86_64",
            "packages": {
                "av": "15.1.0",
                "c2pa-python": "0.38.1",
                "numpy": "2.3.1",
                "pillow": "12.0.0",
            },
            "confinement": {
                "network": "denied",
                "files": "scratch folder only",
                "address_space_bytes": 2_147_483_648,
                "cpu_s": 60,
            },
        },
        "parameters": {
            "inputs": ["media/"],
            "detectors": ["provenance.c2pa", "provenance.metadata", "watermark.dwtdct"],
            "workers": 2,
            "skipped": [
                {"path": "media/notes.txt", "why": "not a media file"},
                {"path": "media/private.jpg", "why": "permission denied"},
            ],
        },
        "subjects": [subject for subject, _, _ in parts],
        "findings": [found for _, all_found, _ in parts for found in all_found],
        "conclusions": [said for _, _, said in parts],
        "seal": {
            "previous": digest("before"),
            "digest": digest("this"),
            "signature": "3q2+" * 21 + "3q0=",
            "key_id": "ed25519:5f2a91c07be4d113",
            "public_key": "MCowBQYDK2VwAyEA" + "b64A" * 7,
        },
    }


def sample_report(folder: Path) -> Report:
    """Give the sample report, its pictures written below ``folder``."""
    return Report.model_validate(sample_dict(folder))


if __name__ == "__main__":
    from avaudit.reports.html import HtmlRenderer

    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    report = sample_report(target)
    (target / "report.json").write_text(report.to_json())
    (target / "report.html").write_bytes(HtmlRenderer().render(report, target))
