"""Models named by file, module or entry point; and answers that break the protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avaudit.adapters.protocols import Capability, Pair
from avaudit.adapters.resolve import resolve_model
from avaudit.errors import AuditError, UsageError

Write = Callable[..., Path]


def test_factory_gets_parameters_by_annotation(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        class Scorer:
            def __init__(self, gain, offset, clip, name):
                assert type(gain) is int and type(offset) is float
                assert clip is False and name == "3"
                self.gain, self.offset = gain, offset
            def score_clips(self, clips):
                return np.array([self.gain * number(c) + self.offset for c in clips])

        def load(gain: int, offset: float = 0.0, clip: bool = True, name: str = "", seed=1):
            assert type(seed) is int
            return Scorer(gain, offset, clip, name)
        """
    )
    params = {"gain": "2", "offset": "0.25", "clip": "false", "name": "3", "seed": "4"}
    model = resolve_model(f"{path}:load", params=params)
    assert model.capabilities == {Capability.DETECTOR}
    np.testing.assert_array_equal(model.score_clips(clips), [3.25, 5.25, 7.25, 9.25, 11.25])


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "needs parameters: -M gain=…"),
        ({"gain": "two"}, "gain=two: int expected"),
        ({"gian": "2"}, "there is no parameter 'gian'; did you mean 'gain'?"),
    ],
)
def test_wrong_parameters(write_model: Write, params: dict[str, str], text: str) -> None:
    path = write_model("def load(gain: int): return {'score_clips': lambda clips: clips}\n")
    with pytest.raises(UsageError, match=text.replace("?", r"\?")):
        resolve_model(f"{path}:load", params=params)


def test_optional_parameter_may_be_none(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        from __future__ import annotations

        def load(device: int | None = 3, weights: Path | None = None):
            value = [device is None, isinstance(weights, Path)]
            return {"classify": lambda clips: [str(value)] * len(clips)}
        """,
    )
    path.write_text(path.read_text().replace("from __future__ import annotations", ""))
    model = resolve_model(f"{path}:load", params={"device": "none", "weights": "w.bin"})
    assert model.classify(clips[:1]) == ["[True, True]"]


def test_plain_functions_by_name_and_by_annotation(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        from avaudit.adapters.protocols import Pair

        def score_clips(clips):
            return [number(c) for c in clips]

        def alike(pairs: list[Pair]):
            return [-abs(number(p.left) - number(p.right)) for p in pairs]

        def score(clips):
            return [0.0] * len(clips)
        """
    )
    assert list(resolve_model(f"{path}:score_clips").score_clips(clips)) == [
        1.5,
        2.5,
        3.5,
        4.5,
        5.5,
    ]
    pairs = [Pair(clips[0], clips[2]), Pair(clips[1], clips[1])]
    model = resolve_model(f"{path}:alike")
    assert list(model.score_pairs(pairs)) == [-2, 0]
    columns = model.score_columns([str(p.left) for p in pairs], [p.right for p in pairs])
    assert list(columns) == [-2, 0]
    with pytest.raises(UsageError, match="cannot be told what this function does with clips"):
        resolve_model(f"{path}:score")


def test_a_module_is_found_where_one_stands(
    write_model: Write, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model("", "unused.py").parent
    package = folder / "standing_here"
    package.mkdir()
    (package / "__init__.py").write_text("def load(): return {'score_clips': len_of}\n")
    with (package / "__init__.py").open("a") as file:
        file.write("from .scoring import len_of\n")
    (package / "scoring.py").write_text("def len_of(clips): return [0.5] * len(clips)\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    first = resolve_model("standing_here:load")
    assert list(first.score_clips(clips[:2])) == [0.5, 0.5]
    (package / "scoring.py").write_text("def len_of(clips): return [0.7] * len(clips)\n")
    assert resolve_model("standing_here:load").fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("{model}:laod", "there is no model 'laod'; did you mean 'load'"),
        ("{model}", "say which model of the file: .*model.py:NAME; it has: load"),
        ("missing.py:load", "missing.py: there is no such file"),
        ("no_such_module_here:load", "there is no module 'no_such_module_here'"),
        ("detector/provenance.c2p", "did you mean 'provenance.c2pa'"),
        ("detectr/provenance.c2pa", "did you mean 'detector/provenance.c2pa'"),
        ("some.csv", "write scores:some.csv"),
        ("cmd:no-such-program-here --x", "there is no such program"),
        ("http://user:secret@host/", "must not hold a password"),
        ("https:///x", "an address like"),
    ],
)
def test_what_cannot_be_resolved(write_model: Write, reference: str, text: str) -> None:
    path = write_model("def load(): return {'score_clips': lambda clips: clips}\n")
    with pytest.raises(UsageError, match=text):
        resolve_model(reference.format(model=path))


def test_broken_code_is_a_usage_error_and_a_failing_factory_an_audit_error(
    write_model: Write,
) -> None:
    broken = write_model("import no_such_library_anywhere\n", "broken.py")
    with pytest.raises(UsageError, match="no_such_library_anywhere"):
        resolve_model(f"{broken}:load")
    failing = write_model("def load(): raise OSError('no weights')\n", "failing.py")
    with pytest.raises(AuditError, match="could not be made: OSError: no weights"):
        resolve_model(f"{failing}:load")
    useless = write_model("def load(): return object()\n", "useless.py")
    with pytest.raises(UsageError, match="none of the methods embed_faces"):
        resolve_model(f"{useless}:load")


def test_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vendor_model.py").write_text(
        "class Model:\n    def score_clips(self, clips): return [1.0] * len(clips)\n"
    )
    info = tmp_path / "vendor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vendor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[avaudit.adapters]\nvendor/model = vendor_model:Model\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"x")
    assert list(resolve_model("vendor/model").score_clips([sound])) == [1.0]
    with pytest.raises(UsageError, match="did you mean 'vendor/model'"):
        resolve_model("vendor/modle")


def test_require_names_what_is_lacking_and_what_is_there(write_model: Write) -> None:
    path = write_model("def score_clips(clips): return [0.0] * len(clips)\n")
    model = resolve_model(f"{path}:score_clips")
    model.require(Capability.DETECTOR)
    with pytest.raises(UsageError) as caught:
        model.require(Capability.DETECTOR, Capability.FACE_EMBEDDER)
    assert str(caught.value).endswith(
        "lacks FaceEmbedder (embed_faces); it has Detector (score_clips)"
    )
    with pytest.raises(UsageError, match="lacks Transcriber"):
        model.transcribe([])


WRONG = {
    "[1.0] * (len(x) - 1)": "shape",
    "np.zeros((len(x), 2))": "shape",
    "['high'] * len(x)": "no real numbers",
    "[float('inf')] * len(x)": "infinite",
    "[1j] * len(x)": "no real numbers",
    "[True] * len(x)": "no real numbers",
    "None": "one row per input",
    "'12345'": "one row per input",
    "0.5": "one row per input",
}


@pytest.mark.parametrize("code", WRONG)
def test_wrong_numbers(write_model: Write, clips: list[Path], code: str) -> None:
    path = write_model(f"def score_clips(x): return {code}\n")
    with pytest.raises(AuditError, match=WRONG[code]) as caught:
        resolve_model(f"{path}:score_clips").score_clips(clips)
    assert "score_clips" in str(caught.value)


WRONG_VECTORS = {
    "np.zeros(len(x))": "shape",
    "np.zeros((len(x), 0))": "shape",
    "np.zeros((len(x) + 1, 3))": "6 answers for 5 inputs",
    "[[1, 2]] + [[1, 2, 3]] * (len(x) - 1)": "different lengths",
    "[[1, float('nan')]] * len(x)": "NaN throughout",
    "[['a', 'b']] * len(x)": "no real numbers",
}


@pytest.mark.parametrize("code", WRONG_VECTORS)
def test_wrong_vectors(write_model: Write, clips: list[Path], code: str) -> None:
    path = write_model(f"def embed_voices(x): return {code}\n")
    with pytest.raises(AuditError, match=WRONG_VECTORS[code]):
        resolve_model(f"{path}:embed_voices").embed_voices(clips)


def test_wrong_texts_and_files(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        def classify(clips): return [3] * len(clips)
        def faces_from_voices(voices, *, seed): return ["/no/such/file.png"] * len(voices)
        """
    )
    with pytest.raises(AuditError, match="of type int, where text was expected"):
        resolve_model(f"{path}:classify").classify(clips)
    with pytest.raises(AuditError, match=r"is no file: /no/such/file\.png"):
        resolve_model(f"{path}:faces_from_voices").faces_from_voices(clips, seed=1)


def test_gaps_are_nan_and_counted(write_model: Write, clips: list[Path], tmp_path: Path) -> None:
    path = write_model(
        """
        class Model:
            def embed_faces(self, x):
                return [None if number(p) == 2.5 else [number(p), 1] for p in x]
            def embed_voices(self, x): return np.full((len(x), 3), np.nan)
            def classify(self, x): return ["" if number(p) == 2.5 else "yes" for p in x]
            def transcribe(self, x): return [None if number(p) == 2.5 else "" for p in x]
        """
    )
    model = resolve_model(f"{path}:Model")
    faces = model.embed_faces([*clips, tmp_path / "gone.jpg"])
    np.testing.assert_array_equal(np.isnan(faces).all(axis=1), [False, True, *[False] * 3, True])
    assert faces.shape == (6, 2)
    assert np.isnan(model.embed_voices(clips)).all()
    assert model.classify(clips)[:3] == ["yes", "", "yes"]
    # nothing said is an answer, no answer is none
    assert model.transcribe(clips)[:3] == ["", None, ""]
    assert model.unanswered_by == {
        Capability.FACE_EMBEDDER: 2,
        Capability.VOICE_EMBEDDER: 5,
        Capability.CLASSIFIER: 1,
        Capability.TRANSCRIBER: 1,
    }
    assert model.unanswered == 9
    assert any("1 files do not exist" in line and "gone.jpg" in line for line in model.cautions)
    assert any("embed_faces: no answer for 2 of 6 rows" in line for line in model.cautions)


def test_a_failing_item_is_named(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        def score_clips(clips):
            for clip in clips:
                if number(clip) == 3.5:
                    raise ZeroDivisionError("third")
            return [0.0] * len(clips)

        def offsets_s(clips):
            if len(clips) > 1:
                raise SystemExit("too many")
            return [0.0]
        """
    )
    with pytest.raises(
        AuditError, match=r"score_clips failed for .*2\.wav: ZeroDivisionError: third"
    ):
        resolve_model(f"{path}:score_clips").score_clips(clips)
    with pytest.raises(AuditError, match=r"5 inputs together .* none of them alone"):
        resolve_model(f"{path}:offsets_s").offsets_s(clips)


def test_each_item_is_asked_once_and_order_kept(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        class Model:
            batch_size = 2
            def __init__(self): self.sizes = []
            def score_clips(self, clips):
                self.sizes.append(len(clips))
                assert len(set(clips)) == len(clips)
                return [number(c) for c in clips]
            @property
            def cautions(self): return [str(self.sizes)]
        """
    )
    model = resolve_model(f"{path}:Model", cache=False)
    asked = [clips[3], clips[0], clips[3], clips[1]]
    assert list(model.score_clips(asked)) == [4.5, 1.5, 4.5, 2.5]
    assert model.cautions == ("[2, 1]",)
    assert model.score_clips([]).shape == (0,)


def test_tensors_are_taken(write_model: Write, clips: list[Path]) -> None:
    path = write_model(
        """
        import torch
        def embed_faces(faces):
            return torch.tensor([[number(f), 1] for f in faces], requires_grad=True)
        """
    )
    assert resolve_model(f"{path}:embed_faces").embed_faces(clips)[4].tolist() == [5.5, 1]


def test_a_model_that_prints_does_not_spoil_standard_output(
    write_model: Write, clips: list[Path]
) -> None:
    path = write_model(
        """
        print("loading")
        def score_clips(clips):
            print("scoring")
            return [0.0] * len(clips)
        """
    )
    code = (
        "from avaudit.adapters.resolve import resolve_model; from pathlib import Path; "
        f"print(resolve_model({f'{path}:score_clips'!r}).score_clips([Path({str(clips[0])!r})]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[0.]\n"
    assert "loading\nscoring" in done.stderr
