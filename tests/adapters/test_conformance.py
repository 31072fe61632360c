"""``avaudit check``: planted faults are found, sound models pass, and exit statuses hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avaudit.adapters.checks import CheckResult, check_model
from avaudit.adapters.examples import Examples, make_examples
from avaudit.adapters.resolve import resolve_model
from avaudit.testing import check_adapter

Write = Callable[..., Path]

MODELS = """
import zlib

def code(path, size=4):
    seed = zlib.crc32(Path(path).read_bytes())
    return np.random.default_rng(seed).normal(size=size)

class Sound:
    def embed_faces(self, x): return np.stack([code(p) for p in x]).astype(np.float32)
    def embed_voices(self, x): return [code(p) for p in x]
    def score_pairs(self, x): return [code(p.left) @ code(p.right) for p in x]
    def classify(self, x): return ["ab"[int(code(p)[0] > 0)] for p in x]
    def transcribe(self, x): return [str(code(p)[0]) for p in x]
    def offsets_s(self, x): return [code(p)[0] for p in x]
    def score_clips(self, x): return [code(p)[0] for p in x]
    def faces_from_voices(self, x, *, seed): return list(x)
    def voices_from_faces(self, x, texts, *, seed): return list(x)

class BatchNormed:
    def embed_faces(self, x):
        rows = np.stack([code(p) for p in x])
        return rows - rows.mean(axis=0) + 5

class BatchRounded:
    # the arithmetic of another batch shape: 32-bit noise, no fault
    def embed_faces(self, x):
        return np.stack([code(p) for p in x]) * (1 + 1e-7 * len(x))

class Random:
    def score_clips(self, x): return np.random.default_rng().normal(size=len(x))

class Ordered:
    def score_clips(self, x): return [100 + code(p)[0] + 0.01 * n for n, p in enumerate(x)]

class Sorted:
    # forgets to undo the sorting it does for speed
    def embed_voices(self, x): return np.stack([code(p) for p in sorted(x)])

class Leaking:
    def classify(self, x):
        mean = np.mean([code(p)[0] for p in x])
        return ["high" if code(p)[0] >= mean else "low" for p in x]

class Padded:
    # what it hears depends on the longest recording in the call
    def transcribe(self, x):
        longest = max(zlib.crc32(Path(p).read_bytes()) for p in x)
        return [str(code(p)[0]) + "." * (longest % 7) for p in x]

class Zeros:
    def embed_faces(self, x): return np.zeros((len(x), 3))

class Short:
    def score_clips(self, x): return [0.0]

class Crashing:
    def score_clips(self, x): raise MemoryError("too large")
    def classify(self, x): return ["a" for _ in x]

class Silent:
    def score_clips(self, x): return [None] * len(x)
"""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return make_examples(tmp_path_factory.mktemp("examples"), np.random.default_rng(1))


@pytest.fixture
def check(write_model: Write, examples: Examples) -> Callable[[str], list[CheckResult]]:
    path = write_model(MODELS)
    return lambda name: check_model(resolve_model(f"{path}:{name}", cache=False), examples)


def wrong(results: list[CheckResult]) -> set[str]:
    return {result.name for result in results if result.ok is False}


@pytest.mark.parametrize("name", ["Sound", "BatchRounded"])
def test_a_sound_model_passes(check: Callable[[str], list[CheckResult]], name: str) -> None:
    results = check(name)
    assert wrong(results) == set()
    if name == "Sound":
        for op in ("embed_faces", "score_pairs", "classify", "transcribe", "faces_from_voices"):
            for what in ("answers", "two calls", "batch size", "order", "rows apart"):
                assert CheckResult(f"{op}: {what}", True, "equal") in results or what == "answers"
        assert any(result.name == "network" and result.ok is None for result in results)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("BatchNormed", {"embed_faces: batch size", "embed_faces: rows apart"}),
        ("Random", {"score_clips: two calls"}),
        ("Ordered", {"score_clips: batch size", "score_clips: order"}),
        ("Sorted", {"embed_voices: order"}),
        ("Zeros", {"embed_faces: length"}),
        ("Short", {"score_clips: answers"}),
        ("Crashing", {"score_clips: runs"}),
    ],
)
def test_planted_faults_are_found(
    check: Callable[[str], list[CheckResult]], name: str, found: set[str]
) -> None:
    assert wrong(check(name)) == found


@pytest.mark.parametrize("name", ["Leaking", "Padded"])
def test_labels_and_texts_that_depend_on_the_batch(
    check: Callable[[str], list[CheckResult]], name: str
) -> None:
    assert any("batch size" in fault for fault in wrong(check(name)))


def test_a_crash_is_told_from_a_wrong_answer(check: Callable[[str], list[CheckResult]]) -> None:
    results = check("Crashing")
    crashed = [result for result in results if result.crashed]
    assert [result.name for result in crashed] == ["score_clips: runs"]
    assert "MemoryError: too large" in crashed[0].text
    assert any(result.name == "classify: order" and result.ok for result in results)


def test_no_answer_to_generated_media_is_no_fault(
    check: Callable[[str], list[CheckResult]], examples: Examples, write_model: Write
) -> None:
    silent = next(r for r in check("Silent") if r.name == "score_clips: answered")
    assert silent.ok is None
    assert "--data" in silent.text
    real = Examples(voices=examples.voices)
    model = resolve_model(f"{write_model(MODELS)}:Silent", cache=False)
    assert wrong(check_model(model, real)) == {"score_clips: answered"}


def test_examples_are_the_same_for_the_same_generator(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(make_examples(tmp_path / name, np.random.default_rng(3), count=2))
    assert len(set(made[0].faces)) == len(made[0].voices) == 2
    for one, two in zip(
        made[0].faces + made[0].voices, made[1].faces + made[1].voices, strict=True
    ):
        assert one.read_bytes() == two.read_bytes()
    assert made[0].faces[0].read_bytes() != made[0].faces[1].read_bytes()


def test_a_table_of_scores_is_tried_on_what_it_holds(tmp_path: Path, examples: Examples) -> None:
    path = tmp_path / "s.csv"
    path.write_text("left,right,score\na,b,1\nc,d,\ne,f,2\n")
    results = check_model(resolve_model(f"scores:{path}"), examples)
    assert wrong(results) == set()
    assert any(r.text == "2 of 2 inputs have an answer" for r in results)


def test_check_adapter_names_the_broken_promise(write_model: Write) -> None:
    path = write_model(MODELS)
    check_adapter(f"{path}:BatchRounded")
    with pytest.raises(AssertionError, match="embed_voices: order: answers depend on the order"):
        check_adapter(f"{path}:Sorted")


def test_own_detector_as_a_model(tmp_path: Path) -> None:
    from avaudit.samples.pictures import encode_image, scene
    from avaudit.samples.watermark import embed_dwtdct, text_bits

    rng = np.random.default_rng(5)
    picture = scene(rng, 768, 512)
    marked = embed_dwtdct(picture, text_bits("StableDiffusionV1"))
    clips = [tmp_path / name for name in ("plain.png", "marked.png", "sound.wav")]
    clips[0].write_bytes(encode_image(picture, "PNG"))
    clips[1].write_bytes(encode_image(marked, "PNG"))
    clips[2].write_bytes(b"RIFF no sound at all")
    with resolve_model("detector/watermark.dwtdct") as model:
        plain, with_mark, nothing = model.score_clips(clips)
        assert with_mark > plain
        assert np.isnan(nothing)
        assert any("watermark.dwtdct: " in line and "1 clips" in line for line in model.cautions)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "check", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_exit_statuses(write_model: Write, tmp_path: Path) -> None:
    path = write_model(MODELS)
    for number in range(3):
        (tmp_path / f"v{number}.wav").write_text(str(number))
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,label\nv0.wav,1\nv1.wav,0\nv2.wav,1\n")
    done = run(f"{path}:Sorted", "--json", "--data", manifest)
    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    assert answer["capabilities"] == ["VoiceEmbedder"]
    assert {c["name"] for c in answer["checks"] if c["ok"] is False} == {"embed_voices: order"}
    unknown = run(f"{path}:Sound1", "--data", manifest)
    assert unknown.returncode == 2
    assert "did you mean 'Sound'" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    assert run(f"{path}:Crashing", "--data", manifest).returncode == 4
    done = run(f"{path}:Sound", "--data", manifest)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "embed_voices: order" in done.stdout
    assert "no example for it" in done.stdout
