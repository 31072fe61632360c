"""Answers kept by content: what is asked again, what is not, and under what load."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avaudit.adapters.cache import AnswerCache
from avaudit.adapters.resolve import resolve_model

Write = Callable[..., Path]

CODE = """
class Model:
    calls = 0
    def __init__(self, gain): self.gain = gain
    def score_clips(self, clips):
        Model.calls += len(clips)
        return [self.gain * number(c) if number(c) < 5 else None for c in clips]
    def embed_voices(self, voices):
        Model.calls += len(voices)
        return np.array([[number(v) / 3, 1] for v in voices])
    def transcribe(self, voices):
        Model.calls += len(voices)
        return [f"ä {number(v)}" for v in voices]
    def score_pairs(self, pairs):
        Model.calls += len(pairs)
        return [number(p.left) - number(p.right) for p in pairs]
    @property
    def cautions(self): return [str(Model.calls)]

def load(gain: float = 1.0): return Model(gain)
"""


def ask(path: Path, clips: list[Path], **options: object) -> tuple[object, int]:
    with resolve_model(f"{path}:load", **options) as model:
        answers = (
            model.score_clips(clips).tolist(),
            model.embed_voices(clips).tolist(),
            model.transcribe(clips),
            model.score_columns(clips[1:], clips[:-1]).tolist(),
        )
        return answers, int(model.cautions[-1])


def test_a_second_run_asks_nothing(write_model: Write, clips: list[Path], tmp_path: Path) -> None:
    path = write_model(CODE)
    few = clips[:4]
    first, calls = ask(path, few)
    assert calls == 4 + 4 + 4 + 3
    assert ask(path, few) == (first, 0)
    # by content: a copy elsewhere is the same
    copies = [Path(shutil.copy(clip, tmp_path / f"copy{clip.name}")) for clip in few]
    assert ask(path, copies) == (first, 0)


def test_what_makes_it_ask_again(write_model: Write, clips: list[Path]) -> None:
    path, few = write_model(CODE), clips[:4]
    first, _ = ask(path, few)
    assert ask(path, few, cache=False) == (first, 15)
    second, calls = ask(path, few, params={"gain": "2"})
    assert calls == 15
    assert second[0] == [2 * score for score in first[0]]
    few[0].write_text("0.5")
    # the file itself, its transcript and vector, and the pair it stands in
    assert ask(path, few)[1] == 4
    path.write_text(path.read_text() + "\n# changed\n")
    assert ask(path, few)[1] == 15


def test_no_answer_is_not_kept(write_model: Write, clips: list[Path]) -> None:
    path = write_model(CODE)
    with resolve_model(f"{path}:load") as model:
        assert np.isnan(model.score_clips(clips)).sum() == 1
    with resolve_model(f"{path}:load") as model:
        assert np.isnan(model.score_clips(clips)).sum() == 1
        assert model.cautions[-1] == "1"


def test_neighbours_weights_and_own_fingerprint(write_model: Write, tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_model.py").write_text("GAIN = 1\n")
    path = write_model(
        """
        import neighbour_of_model
        class Model:
            def __init__(self, weights: Path): self.w = np.load(weights)
            def score_clips(self, clips): return [0.0] * len(clips)
        class Own(Model):
            def fingerprint(self): return "v1"
        """
    )
    weights = tmp_path / "w.npy"

    def fingerprint(name: str, value: float) -> str | None:
        np.save(weights, np.array([value]))
        return resolve_model(f"{path}:{name}", params={"weights": str(weights)}).fingerprint

    one = fingerprint("Model", 1)
    assert one == fingerprint("Model", 1)
    assert one != fingerprint("Model", 2)
    own = fingerprint("Own", 1)
    (tmp_path / "neighbour_of_model.py").write_text("GAIN = 2\n")
    assert one != fingerprint("Model", 1)
    assert own == fingerprint("Own", 1)


def test_default_files_and_weights_held_anywhere(write_model: Write, tmp_path: Path) -> None:
    path = write_model(
        """
        GLOBAL = np.load(Path(__file__).with_name("global.npy"))
        def score_clips(clips): return [GLOBAL[0]] * len(clips)
        def closed():
            inner = np.load(Path(__file__).with_name("inner.npy"))
            return {"score_clips": lambda clips: [inner[0]] * len(clips)}
        def default(weights: str = "named.npy"):
            return {"score_clips": lambda clips: [0.0] * len(clips)}
        """
    )

    def fingerprint(name: str) -> str | None:
        return resolve_model(f"{path}:{name}").fingerprint

    files = {"score_clips": "global.npy", "closed": "inner.npy", "default": "named.npy"}
    for file in files.values():
        np.save(tmp_path / file, np.zeros(1))
    for name, file in files.items():
        before = fingerprint(name)
        assert before == fingerprint(name)
        np.save(tmp_path / file, np.ones(1))
        assert fingerprint(name) != before


def test_without_a_fingerprint_nothing_is_kept(clips: list[Path]) -> None:
    from avaudit.adapters.model import Model
    from avaudit.adapters.protocols import Capability
    from avaudit.adapters.python import PythonBackend

    calls = []
    backend = PythonBackend(
        {Capability.DETECTOR: lambda clips: calls.append(1) or [0.0] * len(clips)}, None, None
    )
    for _ in range(2):
        model = Model("unknown", backend, cache=AnswerCache())
        model.score_clips(clips)
        assert any("nothing is cached" in line for line in model.cautions)
    assert len(calls) == 2


def test_values_come_back_to_the_bit(tmp_path: Path) -> None:
    rows = {
        b"a": np.array([1 / 3, -1e300]),
        b"b": np.array([0.5, 2.0]),
        b"c": 1 / 7,
        b"d": "läuft\udc80",
        b"e": "",
    }
    cache = AnswerCache(tmp_path)
    cache.put(rows.items())
    cache.close()
    found = AnswerCache(tmp_path).get([*rows, b"unknown"])
    assert found.keys() == rows.keys()
    for key, row in rows.items():
        np.testing.assert_array_equal(found[key], row)


def test_the_bound_drops_what_was_used_least_recently(tmp_path: Path) -> None:
    bound = 400_000
    cache = AnswerCache(tmp_path, max_bytes=bound)
    for number in range(200):
        key = number.to_bytes(32, "big")
        cache.put([(key, np.full(500, number + 0.1))])
        cache._db.execute("UPDATE answers SET used = ? WHERE key = ?", (1000 + number, key))
        assert cache.size_bytes() <= bound
    kept = cache.get([number.to_bytes(32, "big") for number in range(200)])
    numbers = sorted(int.from_bytes(key, "big") for key in kept)
    assert len(numbers) > 30
    assert numbers == list(range(200 - len(numbers), 200))
    assert cache.path.stat().st_size < 2 * bound


def test_several_processes_at_once(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from avaudit.adapters.cache import AnswerCache
me = int(sys.argv[2])
cache = AnswerCache(Path(sys.argv[1]))
for n in range(60):
    cache.put([(bytes([k]), float(k)) for k in range(100)] + [(b"own%d-%d" % (me, n), 1.0)])
    found = cache.get([bytes([k]) for k in range(100)])
    assert found == {bytes([k]): float(k) for k in range(100)}
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)]) for n in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    cache = AnswerCache(tmp_path)
    assert cache._db.execute("SELECT count(*) FROM answers").fetchone()[0] == 100 + 3 * 60


def test_a_damaged_cache_costs_time_and_nothing_else(
    write_model: Write, clips: list[Path], home: Path
) -> None:
    path = write_model(CODE)
    with resolve_model(f"{path}:load") as model:
        model.score_clips(clips[:4])
        with sqlite3.connect(home / "cache" / "answers.sqlite3") as other:
            other.execute("DROP TABLE answers")
        assert model.score_clips(clips[:4]).tolist() == [1.5, 2.5, 3.5, 4.5]
        assert any("failed" in line and "not used" in line for line in model.cautions)
