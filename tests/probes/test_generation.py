"""The generation probe: acoustics of known sounds, exaggeration, attributes, refusals."""

import csv
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, ProbeResult
from avaudit.probes.generation import GenerationProbe
from avaudit.probes.generation.acoustics import measure_voice
from avaudit.probes.generation.exaggeration import exaggeration, within_sd
from avaudit.statistics import Estimate, rogan_gladen

RATE = 16_000
VOWEL_HZ = (730, 1090, 2440)
Row = dict[str, Any]
Ask = Callable[..., ProbeResult]


def vowel(f0_hz: float, seconds: float = 0.6, bursts_per_s: float = 0.0) -> np.ndarray:
    """Make pulses through three resonances, with bursts of loudness if asked for."""
    time_s = np.arange(int(seconds * RATE)) / RATE
    out = (np.diff(np.floor(time_s * f0_hz), prepend=0.0) > 0).astype(float)
    for centre_hz, width_hz in zip(VOWEL_HZ, (80, 90, 120), strict=True):
        radius = np.exp(-np.pi * width_hz / RATE)
        turn = 2 * radius * np.cos(2 * np.pi * centre_hz / RATE)
        out = lfilter([1 - radius], [1, -turn, radius**2], out)
    if bursts_per_s:
        out = out * (0.25 + 0.75 * np.sin(np.pi * bursts_per_s * time_s) ** 2)
    return np.asarray(0.5 * out / np.abs(out).max())


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


def write_csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(rows: list[Row], model: str = "", seed: int = 0, **scenario: Any) -> ProbeResult:
        data = write_csv(tmp_path / "data.csv", rows)
        answers = write_csv(tmp_path / "none.csv", [{"path": "x.wav", "score": 0}])
        context = Context(
            manifest=read_manifest(data),
            model=resolve_model(model or f"scores:{answers}", cache=False),
            rng=np.random.default_rng(seed),
            scratch=tmp_path,
            n_draws=300,
        )
        asked = {"id": "s", "probe": "generation", "groups": ["gender"], **scenario}
        return GenerationProbe().run(Scenario.model_validate(asked), context)

    return run


def value(result: ProbeResult, group: str, metric: str = "") -> Estimate:
    (row,) = [m for m in result.estimates if m.group == group and m.metric.startswith(metric)]
    return row.estimate


def test_acoustics_of_a_known_vowel() -> None:
    found = measure_voice(vowel(140.0), RATE)
    assert found["f0_hz"] == pytest.approx(140, rel=0.02)
    for name, hz in zip(("f1_hz", "f2_hz", "f3_hz"), VOWEL_HZ, strict=True):
        assert found[name] == pytest.approx(hz, rel=0.08)
    softer = measure_voice(0.5 * vowel(140.0), RATE)
    assert softer["level_db"] - found["level_db"] == pytest.approx(-6.02, abs=0.05)


def test_syllables_are_counted_by_their_nuclei() -> None:
    found = measure_voice(vowel(140.0, 2.0, bursts_per_s=4.0), RATE)
    assert found["rate_per_s"] == pytest.approx(4.0, abs=0.5)


def test_sounds_without_a_voice_have_no_pitch() -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=RATE)
    assert np.isnan(measure_voice(noise, RATE)["f0_hz"])
    assert np.isnan(measure_voice(np.zeros(RATE), RATE)["level_db"])
    assert np.isnan(measure_voice(vowel(140.0, 0.1), RATE)["f0_hz"])


def made_context(tmp_path: Path) -> Context:
    table = write_csv(tmp_path / "t.csv", [{"path": "x.wav", "score": 0}])
    return Context(
        manifest=read_manifest(table),
        model=resolve_model(f"scores:{table}", cache=False),
        rng=np.random.default_rng(0),
        scratch=tmp_path,
        n_draws=300,
    )


def test_exaggeration_in_standard_deviations_of_real_people(tmp_path: Path) -> None:
    groups = np.array(["a"] * 4 + ["b"] * 4, dtype=object)
    people = np.array([f"p{i}" for i in range(8)], dtype=object)
    real = np.array([1.0, 2, 3, 4, 11, 12, 13, 14])
    sd = within_sd(real, groups, people)
    assert sd == pytest.approx(np.sqrt(np.var([1, 2, 3, 4], ddof=1)))
    found = exaggeration(2 * real, real, groups, people, made_context(tmp_path))
    assert found is not None
    assert (found.high, found.low) == ("b", "a")
    assert found.real.value == pytest.approx(10 / sd)
    assert found.generated.value == pytest.approx(20 / sd)
    assert found.excess.value == pytest.approx(10 / sd)
    assert found.excess.low > 0


def test_no_exaggeration_without_a_reference(tmp_path: Path) -> None:
    groups, people = (np.array(list(s), dtype=object) for s in ("aabb", "1234"))
    values, nothing = np.arange(4.0), np.full(4, np.nan)
    context = made_context(tmp_path)
    assert exaggeration(values, nothing, groups, people, context) is None
    assert exaggeration(values, np.ones(4), groups, people, context) is None


def people(tmp_path: Path, stretch: float, n: int = 12) -> list[Row]:
    """Real pitch by column, generated voices as files whose groups lie ``stretch`` times apart."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(n):
        gender = "fm"[i % 2]
        real = (200 if gender == "f" else 150) + rng.normal(0, 12)
        generated = 175 + stretch * (real - 175) + 3 * (-1) ** (i // 2)
        write_wav(tmp_path / f"g{i}.wav", vowel(generated, 0.4))
        rows.append({
            "path": f"{i}.jpg", "generated_path": f"g{i}.wav", "group.gender": gender,
            "identity": f"p{i}", "real.f0_hz": round(real, 2),
        })  # fmt: skip
    return rows


def test_a_generator_that_exaggerates_is_found(ask: Ask, tmp_path: Path) -> None:
    result = ask(people(tmp_path, 2.0), min_n=5)
    assert value(result, "f − m, generated", "f0_hz, in SD").value == pytest.approx(
        2 * value(result, "f − m, real", "f0_hz, in SD").value, rel=0.15
    )
    assert value(result, "generated − real", "f0_hz, in SD").low > 0
    assert result.tests[0].p < 0.05
    assert "further apart" in result.summary


def test_a_faithful_generator_is_not(ask: Ask, tmp_path: Path) -> None:
    rows = people(tmp_path, 1.0)
    rows[0]["generated_path"] = ""
    result = ask(rows, min_n=5)
    assert result.tests[0].p > 0.05
    estimate = value(result, "generated − real", "f0_hz, in SD")
    assert estimate.low < 0 < estimate.high
    assert any("no usable answer for 1 of 12" in c for c in result.cautions)


def test_a_difference_turned_round_is_said_so(ask: Ask, tmp_path: Path) -> None:
    assert "the other way round" in ask(people(tmp_path, -1.5), min_n=5).summary


def test_real_voices_of_other_people(ask: Ask, tmp_path: Path) -> None:
    rows = people(tmp_path, 2.0)
    others = [{**r, "generated_path": "", "identity": f"q{i}"} for i, r in enumerate(rows)]
    result = ask([{**r, "real.f0_hz": ""} for r in rows] + others, min_n=5)
    assert any("different people" in c for c in result.cautions)
    assert "normal" in result.tests[0].method
    assert value(result, "generated − real", "f0_hz, in SD").low > 0


def test_without_real_voices_the_unit_is_that_of_the_measure(ask: Ask, tmp_path: Path) -> None:
    rows = [{k: v for k, v in r.items() if k != "real.f0_hz"} for r in people(tmp_path, 1.0)]
    result = ask(rows, min_n=5)
    assert value(result, "max − min").value == pytest.approx(50, abs=20)
    assert any("no reference of real voices" in c for c in result.cautions)


MODEL = """
import wave
import numpy as np
class Model:
    def voices_from_faces(self, faces, texts, *, seed):
        made = []
        for face, text in zip(faces, texts):
            time = np.arange(6400) / 16000
            tone = sum(np.cos(2 * np.pi * k * (120 + len(text)) * time) / k for k in range(1, 9))
            path = f"{face}.wav"
            with wave.open(path, "wb") as file:
                file.setnchannels(1); file.setsampwidth(2); file.setframerate(16000)
                file.writeframes((tone * 3000).astype("<i2").tobytes())
            made.append(path)
        return made
"""


def test_the_model_is_asked_for_voices(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    rows: list[Row] = []
    for i in range(4):
        (tmp_path / f"{i}.jpg").write_bytes(b"face")
        rows.append({"image_path": f"{i}.jpg", "group.gender": "fm"[i % 2],
                     "text": "a" * 20 if i % 2 else "a" * 80})  # fmt: skip
    result = ask(rows, f"{tmp_path / 'model.py'}:Model", min_n=1)
    assert value(result, "f").value == pytest.approx(200, rel=0.03)
    assert value(result, "m").value == pytest.approx(140, rel=0.03)
    assert any("names no identities" in c for c in result.cautions)


def faces(tmp_path: Path, n: int = 80) -> tuple[list[Row], str]:
    rows: list[Row] = []
    answers: list[Row] = []
    for i in range(n):
        gender = "fm"[i % 2]
        rows.append({"path": f"{i}.wav", "generated_path": f"g{i}.png", "image_path": f"r{i}.png",
                     "group.gender": gender, "identity": f"p{i}"})  # fmt: skip
        for name, smiles in (("g", gender == "f" or i % 8 == 1), ("r", i % 4 < 2)):
            label = "smile" if smiles else "none"
            answers.append({"path": f"{name}{i}.png", "prediction": label})
    return rows, f"scores:{write_csv(tmp_path / 'judge.csv', answers)}"


def test_attributes_of_generated_faces(ask: Ask, tmp_path: Path) -> None:
    rows, judge = faces(tmp_path)
    options = {"attribute_model": judge, "positive": "smile", "se": 0.9, "sp": 0.8}
    result = ask(rows, options={**options, "n_se": 200, "n_sp": 200})
    assert value(result, "f", "attribute_share").value == 1.0
    assert value(result, "m", "attribute_share").value == pytest.approx(0.25)
    assert value(result, "f, real pictures").value == pytest.approx(0.5)
    oracle = rogan_gladen(10, 40, se=0.9, sp=0.8, rng=np.random.default_rng(0))
    assert value(result, "m", "attribute share, corrected").value == pytest.approx(oracle.value)
    assert result.tests[0].p < 0.001
    excess = ask(rows, metric="attribute_excess", options=options)
    assert value(excess, "f", "attribute_excess").value == pytest.approx(0.5)
    assert value(excess, "m", "attribute_excess").value == pytest.approx(-0.25)
    assert any("count as known exactly" in c for c in excess.cautions)


def test_what_is_missing_is_named(ask: Ask, tmp_path: Path) -> None:
    rows, judge = faces(tmp_path, 20)
    for scenario, says in (
        ({"groups": []}, "names no group"),
        ({"options": {"positive": "smile"}}, "attribute_model"),
        ({"options": {"attribute_model": judge}}, "positive"),
        ({"options": {"attribute_model": judge, "positive": "smile", "se": 0.9}}, "together"),
        ({"options": {"attribute_model": judge, "positive": "smile", "se": 9, "sp": 1}}, "lies in"),
        ({"metric": "f0_hz"}, "attribute_share"),
        ({"options": {"makes": "songs"}}, "voices or faces"),
    ):
        with pytest.raises(UsageError, match=says):
            ask(rows, **scenario)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"options\.makes"):
        ask([{k: v for k, v in r.items() if k != "generated_path"} for r in rows])
    with pytest.raises(UsageError, match="could be measured"):
        ask(rows, options={"makes": "voices"})


def test_same_seed_same_numbers(ask: Ask, tmp_path: Path) -> None:
    rows, judge = faces(tmp_path)
    options = {"attribute_model": judge, "positive": "smile"}
    assert ask(rows, seed=4, options=options) == ask(rows, seed=4, options=options)
