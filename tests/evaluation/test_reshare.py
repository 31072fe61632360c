"""Items under imposed conditions inside the confined worker, for ``bench`` and ``--stability``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.cli.main import main
from avaudit.conditions.impose import impose_audio
from avaudit.confinement.limits import Limits
from avaudit.detector import Need
from avaudit.engine.artefacts import ArtefactStore
from avaudit.engine.client import WorkerSetup
from avaudit.engine.pool import Job, LocalEngine
from avaudit.engine.reshare import KEPT_S, Kept, can_reshare
from avaudit.engine.reshare_clip import clip_under
from avaudit.engine.subject import Examined
from avaudit.errors import ExaminationError
from avaudit.evidence.stability import stability_facts
from avaudit.media.source import Source
from avaudit.media.types import AudioBlock, Chunk, Frame, MediaInfo, MediaKind
from avaudit.registry import load_detectors
from avaudit.result import DetectorRef, Finding, Reason
from avaudit.samples.pictures import encode_image, scene, write_clip
from avaudit.samples.watermark import embed_dwtdct, text_bits

RATE = 8000


def sound_chunks(seconds: float, gap_at: float | None = None) -> list[Chunk]:
    rng = np.random.default_rng(0)
    samples = (0.1 * rng.standard_normal(int(seconds * RATE))).astype(np.float32)
    chunks = []
    for n in range(int(seconds)):
        start = float(n) + (5.0 if gap_at is not None and n >= gap_at else 0.0)
        block = AudioBlock(
            start_s=start, sample_rate=RATE, samples=samples[n * RATE : (n + 1) * RATE]
        )
        chunks.append(Chunk(index=n, start_s=start, end_s=start + 1, audio=(block,)))
    return chunks


def joined(chunks: list[Chunk]) -> np.ndarray:
    return np.concatenate([b.samples for c in chunks for b in c.audio])


def test_sound_is_imposed_without_seams_and_cut_as_before() -> None:
    kept, chunks = Kept(), sound_chunks(3)
    for chunk in chunks:
        kept.feed(chunk)
    again = list(kept.under("telephone_8k"))
    assert [len(c.audio[0].samples) for c in again] == [RATE] * 3
    assert [c.audio[0].start_s for c in again] == [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(joined(again), impose_audio(joined(chunks), RATE, "telephone_8k"))
    # the kept sound is as it was, and noise is the same each time
    np.testing.assert_array_equal(joined(list(kept.under("clean"))), joined(chunks))
    noisy = joined(list(kept.under("noise_20db")))
    np.testing.assert_array_equal(noisy, joined(list(kept.under("noise_20db"))))
    assert not np.array_equal(noisy, joined(chunks))


def test_a_gap_in_the_sound_stays_a_gap() -> None:
    kept, chunks = Kept(), sound_chunks(4, gap_at=2)
    for chunk in chunks:
        kept.feed(chunk)
    again = list(kept.under("telephone_8k"))
    assert [c.audio[0].start_s for c in again] == [0.0, 1.0, 7.0, 8.0]
    first = joined(again[:2])
    np.testing.assert_array_equal(first, impose_audio(joined(chunks[:2]), RATE, "telephone_8k"))


def test_trimming_shortens_and_memory_is_bounded() -> None:
    kept = Kept()
    for chunk in sound_chunks(KEPT_S + 20):
        kept.feed(chunk)
    assert kept.cut
    assert joined(list(kept.under("clean"))).size == KEPT_S * RATE
    assert joined(list(kept.under("trim_3s"))).size == 3 * RATE


def test_only_the_first_picture_is_kept() -> None:
    rgb = scene(np.random.default_rng(0), 64, 48)
    kept = Kept()
    for n in range(3):
        frame = Frame(index=n, time_s=float(n), width=64, height=48, load=lambda: rgb)
        kept.feed(Chunk(index=n, start_s=float(n), end_s=n + 1.0, frames=(frame,)))
    (chunk,) = kept.under("crop_80pct")
    assert (chunk.frames[0].width, chunk.frames[0].height) == (51, 38)
    assert chunk.frames[0].rgb.shape == (38, 51, 3)


def test_conditions_go_to_those_they_concern() -> None:
    detectors = load_detectors(["watermark.dwtdct", "media.timeline", "speech.aasist"])
    picture, timeline = detectors["watermark.dwtdct"], detectors["media.timeline"]
    speech = detectors["speech.aasist"]
    assert can_reshare(picture, "jpeg_q70")
    assert not can_reshare(picture, "mp3_64k")
    assert can_reshare(speech, "mp3_64k")
    assert not can_reshare(speech, "jpeg_q70")
    assert Need.FRAMES in timeline.needs
    assert not can_reshare(timeline, "jpeg_q70")
    assert can_reshare(timeline, "fps_15") == (Need.BYTES not in timeline.needs)
    assert not can_reshare(speech, "fps_15")


def told(outcome: str = "scored", **more: Any) -> Finding:
    return Finding.model_validate(
        {"subject": "s", "detector": DetectorRef(name="a.b", version="1"), "outcome": outcome}
        | more
    )


def test_a_verdict_flips_only_when_both_sides_say_something() -> None:
    own = told(score=1.0, log10_lr=1.2)
    weak = stability_facts(own, {"mp3_64k": told(score=0.1, log10_lr=-0.1)}, ["mp3_64k"])
    assert not weak["verdict_flips"]
    flipped = stability_facts(own, {"mp3_64k": told(score=-2.0, log10_lr=-1.1)}, ["mp3_64k"])
    assert flipped["verdict_flips"]
    assert (flipped["log10_lr_low"], flipped["log10_lr_high"]) == (-1.1, 1.2)


def test_what_could_not_be_scored_is_told_with_its_reason() -> None:
    silent = told("abstained", reason=Reason(code="no_speech", text="Nobody speaks."))
    facts = stability_facts(
        told(score=1.0), {"mp3_64k": silent}, ["mp3_64k", "opus_24k"],
        missing=Reason(code="time_limit", text="too slow"),
    )  # fmt: skip
    assert facts["conditions"]["mp3_64k"]["reason"]["code"] == "no_speech"
    assert facts["conditions"]["opus_24k"]["reason"] == {"code": "time_limit", "text": "too slow"}
    assert "verdict_flips" not in facts
    assert "cannot be re-shared" in stability_facts(told(score=1.0), {}, [])["reason"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two marked and two plain pictures, and one that is none."""
    folder = tmp_path_factory.mktemp("pictures")
    rows = ["path,label,source"]
    for n in range(4):
        rgb = scene(np.random.default_rng(n), 320, 256)
        if n % 2:
            rgb = embed_dwtdct(rgb, text_bits("SDV2"))
        (folder / f"{n}.png").write_bytes(encode_image(rgb, "PNG"))
        rows.append(f"{n}.png,{n % 2},made")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    (folder / "data.csv").write_text("\n".join([*rows, "broken.png,1,made"]) + "\n")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["avaudit", *arguments, "-q", "-f", "json", "-w", "1"])
    try:
        main()
    except SystemExit as left:
        return left.code or 0
    return 0


def test_a_detector_is_benched_in_the_worker_and_one_bad_file_stops_nothing(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    status = run(
        monkeypatch, "bench", "watermark.dwtdct", "--data", str(pictures / "data.csv"),
        "--conditions", "jpeg_q50", "--out", str(tmp_path), "--scores", str(tmp_path / "s.csv"),
    )  # fmt: skip
    report = json.loads((tmp_path / "report.json").read_text())
    assert status == 4
    assert report["environment"]["confinement"]["complete"] is True
    found = {(e["scenario"], e["metric"]): e for e in report["estimates"] if e["group"] == "all"}
    assert found["clean", "auc"]["value"] == 1.0
    assert found["clean", "auc"]["n"] == 4
    scenarios = {s["id"]: s for s in report["scenarios"]}
    assert scenarios["clean"]["facts"]["failed"][0]["path"] == "broken.png"
    # a failure is no abstention
    assert found["clean", "abstention"]["value"] == 0
    assert found["clean", "abstention"]["n"] == 4
    lines = (tmp_path / "s.csv").read_text().splitlines()[1:]
    assert len(lines) == 10
    clean, jpeg = (
        {row[0]: float(row[3]) for row in (line.split(",") for line in lines) if row[3]
         and row[2] == name} for name in ("clean", "jpeg_q50")
    )  # fmt: skip
    # JPEG 50 takes the mark away: the detector really saw the imposed picture
    assert clean["1.png"] > 6 > jpeg["1.png"]
    properties = {e["group"] for e in report["estimates"] if e["metric"] == "auc_alone"}
    assert properties == set()  # four items are too few to call anything a shortcut


def test_scan_says_how_stable_a_score_is(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    status = run(
        monkeypatch, "scan", str(pictures / "1.png"), "--stability", "-d", "watermark.dwtdct",
        "--out", str(tmp_path),
    )  # fmt: skip
    assert status == 0
    report = json.loads((tmp_path / "report.json").read_text())
    (finding,) = report["findings"]
    facts = finding["facts"]["stability"]
    assert list(facts["conditions"]) == ["jpeg_q70", "webp_q80", "scale_half_back", "crop_80pct"]
    assert facts["score_low"] < 1 < facts["score_high"] == finding["score"]
    assert report["parameters"]["stability"] is True


@pytest.mark.parametrize(
    ("name", "condition"),
    [("watermark.dwtdct", "mp3_64k"), ("watermark.dwtdct", "jpeg_q71"), ("watermark.dwt", "clean"),
     ("provenance", "clean")],
)  # fmt: skip
def test_wrong_names_are_status_2(
    name: str, condition: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    status = run(
        monkeypatch, "bench", name, "--data", str(pictures / "data.csv"), "--conditions", condition,
        "--out", str(tmp_path),
    )  # fmt: skip
    assert status == 2
    assert not (tmp_path / "report.json").exists()


def run_job(
    path: Path, out: Path, impose: tuple[str, ...], names: tuple[str, ...] = ("media.timeline",)
) -> Examined:
    engine = LocalEngine(WorkerSetup(detectors=names, threads=1), 1)
    store = ArtefactStore(out, 1 << 24)
    (examined,) = engine.run([Job("s1", path, None, impose)], load_detectors(names), store)
    return examined


def test_clips_are_coded_anew_in_the_worker(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "clip.mp4", np.random.default_rng(0), seconds=1.0, width=160, height=120
    )
    examined = run_job(clip, tmp_path, ("fps_15", "mp3_64k"))
    assert examined.reshare_problem is None
    assert list(examined.reshared["media.timeline"]) == ["fps_15"]
    own = examined.findings["media.timeline"].facts["pictures"]
    again = examined.reshared["media.timeline"]["fps_15"].facts["pictures"]
    assert own["count"] == 25
    assert 13 <= again["count"] <= 16


def test_clips_too_large_to_hold_get_a_reason() -> None:
    long = MediaInfo(
        kind=MediaKind.VIDEO, media_type="video/mp4", size_bytes=1, duration_s=3600.0,
        width=1280, height=720, fps=25.0,
    )  # fmt: skip
    for media in (long, replace(long, duration_s=None)):
        with pytest.raises(ExaminationError) as caught:
            next(clip_under("fps_15", Source(0), media, Path("nowhere"), Limits(), threads=1))
        assert caught.value.code == "too_large_to_reshare"
