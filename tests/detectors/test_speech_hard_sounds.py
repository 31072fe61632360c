"""Music under speech and several speakers: how the sounds are made, and what is counted."""

from __future__ import annotations

import csv
import json
import wave
from pathlib import Path

import numpy as np
import pytest

from avaudit.detectors.speech.hard_sounds import (
    KINDS,
    Clip,
    Said,
    main,
    make_sound,
    partners,
    read_clips,
    summarise,
    write_wav,
)
from avaudit.errors import UsageError

MANIFEST = (
    Path(__file__).resolve().parents[2].parent / "shared" / "data" / "speech" / "manifest.csv"
)


def clip(name: str, label: int, source: str, identity: str = "") -> Clip:
    return Clip(path=Path(name), label=label, source=source, identity=identity)


def said(label: int, score: float | None, log10_lr: float | None, reason: str = "") -> Said:
    seen = "" if log10_lr is None else "clean"
    return Said(
        kind="joined", source="a", label=label, score=score, log10_lr=log10_lr, reason=reason,
        seen=seen,
    )  # fmt: skip


def test_partners_are_strangers_of_the_same_source_and_class() -> None:
    clips = [
        clip("0", 1, "a", "Ann"),
        clip("1", 1, "a", "Ann"),
        clip("2", 0, "a", "Bob"),
        clip("3", 1, "a", "Cid"),
        clip("4", 1, "b", "Dan"),
    ]
    found = [str(other.path) for other in partners(clips)]
    assert found == ["3", "3", "2", "0", "4"]  # alone: with itself


def test_made_sounds() -> None:
    rng = np.random.default_rng(0)
    first = np.full(16000, 0.5, np.float32)
    second = np.full(8000, 0.05, np.float32)
    joined = make_sound("joined", first, second, rng)
    assert len(joined) == 24000
    # one level, faded at both ends of either part
    assert joined[8000] == pytest.approx(0.5)
    assert joined[20000] == pytest.approx(0.5)
    assert abs(joined[15999]) < 0.01
    assert abs(joined[16000]) < 0.01
    both = make_sound("overlapped", first, second, rng)
    assert len(both) == 16000
    assert both[4000] == pytest.approx(1.0)
    assert both[12000] == pytest.approx(0.5)
    np.testing.assert_array_equal(make_sound("clean", first, second, rng), first)
    with pytest.raises(UsageError, match="music_1db"):
        make_sound("music_1db", first, second, rng)


def test_wav_holds_the_samples(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([0.0, 1.0, -2.0], np.float32))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 16000, 2)
        assert np.frombuffer(file.readframes(3), "<i2").tolist() == [0, 32767, -32767]


def test_summary_counts() -> None:
    found = summarise(
        [
            said(1, 2.0, 1.0),
            said(1, 0.5, -1.0),
            said(1, 3.0, None, "condition_not_covered"),
            said(0, 1.0, -1.0),
            said(0, 0.0, 3.0),
            said(0, None, None, "too_short"),
        ]
    )
    assert found["n_h1"] == 3
    assert found["abstention"] == pytest.approx(2 / 6, abs=1e-3)
    assert found["reasons"] == {"condition_not_covered": 1, "too_short": 1}
    assert found["conditions"] == {"clean": 4}
    # 2.0 and 3.0 lie above both real ones, 0.5 above one of them
    assert found["within_source_auc"][0] == pytest.approx(5 / 6, abs=1e-3)
    costs = [np.log2(1 + 10.0**-lr) for lr in (1, -1)] + [np.log2(1 + 10.0**lr) for lr in (-1, 3)]
    assert found["cllr"] == pytest.approx((costs[0] + costs[1] + costs[2] + costs[3]) / 4, abs=1e-3)
    assert found["h2_over_1"] == 0.5
    assert found["h2_over_100"] == 0.5
    assert found["h1_under_1"] == 0.5


def test_summary_of_nothing_stated_has_no_cllr() -> None:
    silent = [said(label, None, None, "no_speech") for label in (0, 1)]
    found = summarise(silent)
    assert found["abstention"] == 1.0
    assert found["within_source_auc"] == [None, None, None]
    assert "cllr" not in found


def test_clips_of_each_class_are_drawn(tmp_path: Path) -> None:
    lines = ["path,label,source,use"]
    lines += [f"{n}.wav,{n % 2},s{n % 3},{'evaluate' if n < 12 else 'train'}" for n in range(24)]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    drawn = read_clips(
        tmp_path / "m.csv", use="evaluate", per_class=1, rng=np.random.default_rng(0)
    )
    assert len(drawn) == 6
    assert {(one.source, one.label) for one in drawn} == {
        (source, label) for source in ("s0", "s1", "s2") for label in (0, 1)
    }


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(not MANIFEST.is_file(), reason="no speech in ../shared/data")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "said.csv"
    assert main([str(MANIFEST), "--out", str(out), "--per-class", "1"]) == 0
    kinds = json.loads(capsys.readouterr().out)["kinds"]
    assert list(kinds) == list(KINDS)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(KINDS) * 20
    # music as loud as the voice is never taken for clean sound
    assert kinds["music_0db"]["conditions"] == {}
