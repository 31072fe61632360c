"""Models in other programs: over standard streams and over HTTP, with every way to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from avaudit.adapters.protocols import Capability, Pair
from avaudit.adapters.resolve import resolve_model
from avaudit.errors import AuditError, UsageError

Handle = Callable[[dict[str, Any]], Any]

PROGRAM = """
import json, os, sys, time
from pathlib import Path
LOG = Path(sys.argv[1]) / "log"
def say(message): print(json.dumps(message), flush=True)
def number(path): return float(Path(path).read_text())
def answer(op, items, request):
    if op == "score_pairs":
        return [number(i["left"]) - number(i["right"]) for i in items]
    if op == "classify":
        return ["low" if number(i) < 3 else None for i in items]
    if op == "embed_voices":
        return [[number(i), 1.0] if number(i) < 5 else None for i in items]
    return [number(i) for i in items]
for line in sys.stdin:
    request = json.loads(line)
    with LOG.open("a") as log:
        log.write(json.dumps(request) + "\\n")
    if request["op"] == "hello":
        PARAMS = request["params"]
        say({"capabilities": ["score_clips", "score_pairs", "Classifier", "embed_voices"],
             "name": "test", "version": "1"})
        continue
    items = request["items"]
    FAULT
    say({"id": request["id"], "result": answer(request["op"], items, request)})
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Write a program with a fault in it and give the reference to it."""

    def write(fault: str = "pass", name: str = "program.py") -> str:
        path = tmp_path / name
        fault = dedent(fault).strip().replace("\n", "\n    ")
        path.write_text(PROGRAM.replace("FAULT", fault))
        return f"cmd:{sys.executable} {path} {tmp_path}"

    return write


def requests(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_a_program_answers(
    program: Callable[..., str], clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with resolve_model(program(), params={"device": "cpu"}) as model:
        assert model.capabilities == {
            Capability.DETECTOR,
            Capability.PAIR_SCORER,
            Capability.CLASSIFIER,
            Capability.VOICE_EMBEDDER,
        }
        relative = [Path(clip.name) for clip in clips]
        assert model.score_clips(relative).tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
        assert model.score_pairs([Pair(clips[0], clips[3])]).tolist() == [-3]
        assert model.classify(clips) == ["low", "low", "", "", ""]
        vectors = model.embed_voices(clips)
        assert vectors[:4].tolist() == [[1.5, 1], [2.5, 1], [3.5, 1], [4.5, 1]]
        assert np.isnan(vectors[4]).all()
    seen = requests(tmp_path)
    assert seen[0] == {"avaudit": 1, "op": "hello", "params": {"device": "cpu"}}
    assert [request["id"] for request in seen[1:]] == [1, 2, 3, 4]
    assert seen[1]["items"] == [str(clip) for clip in clips]


def test_a_second_run_only_shakes_hands(
    program: Callable[..., str], clips: list[Path], tmp_path: Path
) -> None:
    reference = program()
    for _ in range(2):
        with resolve_model(reference) as model:
            model.score_clips(clips)
    assert [request["op"] for request in requests(tmp_path)] == ["hello", "score_clips", "hello"]
    path = tmp_path / "program.py"
    path.write_text(path.read_text() + "# changed\n")
    with resolve_model(reference) as model:
        model.score_clips(clips)
    assert requests(tmp_path)[-1]["op"] == "score_clips"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("print('loading weights'); continue", "one line of JSON was expected, not 'loading"),
        ("say([1]); continue", "a JSON object was expected"),
        ("say({'id': 99, 'result': []}); continue", "request 1 was answered under id 99"),
        ("say({'id': request['id']}); continue", "needs a list 'result' or an 'error'"),
        ("say({'id': 1, 'result': [1]}); continue", "shape"),
        ("say({'id': 1, 'result': ['a'] * 5}); continue", "no real numbers"),
        ("print('{}\\n{}', flush=True); continue", "more than one line"),
        ("time.sleep(60)", r"no answer within 0\.5 s"),
        ("say({'id': request['id'], 'error': 'no GPU'}); continue", "no GPU"),
        ("print('x' * 70_000_000, flush=True); continue", "above 64 MiB"),
    ],
)
def test_programs_that_misbehave(
    program: Callable[..., str], clips: list[Path], fault: str, text: str
) -> None:
    timeout = {"timeout_s": "0.5" if "sleep" in fault else "20"}
    with (
        resolve_model(program(fault), params=timeout) as model,
        pytest.raises(AuditError, match=text),
    ):
        model.score_clips(clips)


def test_a_program_that_dies_once_is_started_again(
    program: Callable[..., str], clips: list[Path], tmp_path: Path
) -> None:
    fault = """
    if not (LOG.parent / "died").exists():
        (LOG.parent / "died").touch()
        os._exit(3)
    """
    with resolve_model(program(fault)) as model:
        assert model.score_clips(clips)[0] == 1.5
    ops = [request["op"] for request in requests(tmp_path)]
    assert ops == ["hello", "score_clips", "hello", "score_clips"]


def test_the_item_that_kills_a_program_is_named(
    program: Callable[..., str], clips: list[Path]
) -> None:
    fault = f"""
    if {str(clips[2])!r} in items:
        print("segmentation fault near row 7", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 11)
    """
    with resolve_model(program(fault)) as model:
        with pytest.raises(AuditError) as caught:
            model.score_clips(clips)
        assert f"score_clips failed for {clips[2]}" in str(caught.value)
        assert "ended by signal 11" in str(caught.value)
        assert "segmentation fault near row 7" in str(caught.value)
        # the program is there again for the next scenario
        assert model.score_clips(clips[3:]).tolist() == [4.5, 5.5]


def test_after_a_time_out_the_next_request_is_served(
    program: Callable[..., str], clips: list[Path]
) -> None:
    fault = "if len(items) == 5: time.sleep(60)"
    with resolve_model(program(fault), params={"timeout_s": "1"}, cache=False) as model:
        with pytest.raises(AuditError, match="no answer within"):
            model.score_clips(clips)
        assert model.score_clips(clips[:2]).tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("import sys; sys.exit('no weights found')", "status 1.*no weights found"),
        ("print('{\"capabilities\": []}')", "names no 'capabilities'"),
        ('print(\'{"capabilities": ["score_clip"]}\')', "did you mean 'score_clips'"),
        ('print(\'{"error": "licence expired"}\')', "licence expired"),
    ],
)
def test_handshakes_that_fail(tmp_path: Path, code: str, text: str) -> None:
    path = tmp_path / "p.py"
    path.write_text(code)
    with pytest.raises(AuditError, match=text):
        resolve_model(f"cmd:{sys.executable} {path}")


def test_no_shell_and_no_process_left(
    program: Callable[..., str], clips: list[Path], tmp_path: Path
) -> None:
    reference = program() + " '$(touch exploded)' ; touch exploded"
    model = resolve_model(reference)
    model.score_clips(clips)
    pid = model._backend._transport._program.pid
    model.close()
    assert not Path("exploded").exists()
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_request_larger_than_the_pipe(program: Callable[..., str], tmp_path: Path) -> None:
    """A program that answers before it has read everything must not lock both sides."""
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    many = [folder / f"{number}.wav" for number in range(600)]
    for path in many:
        path.write_text("1.0")
    with resolve_model(program()) as model:
        scores = model.uncached(600).score_clips(many)
    assert scores.tolist() == [1.0] * 600


@contextmanager
def server(handle: Handle) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = handle({**json.loads(body), "_token": self.headers.get("Authorization")})
            if isinstance(reply, tuple):
                status, headers, data = reply
            else:
                status, headers, data = 200, {}, json.dumps(reply).encode() + b"\n"
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *about: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/model"
        finally:
            listening.shutdown()
            thread.join()


def hello(**more: object) -> dict[str, object]:
    return {"capabilities": ["score_clips"], **more}


def test_a_server_answers_paths_and_content(
    clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def handle(request: dict[str, Any]) -> object:
        seen.append(request)
        if request["op"] == "hello":
            return hello()
        scores = []
        for item in request["items"]:
            if isinstance(item, str):
                scores.append(float(Path(item).read_text()))
            else:
                data = base64.b64decode(item["base64"])
                assert hashlib.sha256(data).hexdigest() == item["sha256"]
                scores.append(float(data))
        return {"id": request["id"], "result": scores}

    monkeypatch.setenv("AVAUDIT_MODEL_TOKEN", "s3cret")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    with server(handle) as url:
        model = resolve_model(url, params={"size": "big"})
        assert model.score_clips(clips).tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
        assert seen[0]["params"] == {"size": "big"}
        assert seen[0]["_token"] == "Bearer s3cret"
        assert seen[1]["items"][0] == str(clips[0])
        # a server may change without a sign: nothing is kept unless it states a fingerprint
        assert model.fingerprint is None
        assert any("nothing is cached" in line for line in model.cautions)
        by_content = resolve_model(url, params={"send": "content"})
        assert by_content.score_clips(clips).tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
        assert seen[-1]["items"][0]["name"] == "4.wav"
        with pytest.raises(UsageError, match="paths or content"):
            resolve_model(url, params={"send": "link"})


def test_a_server_with_a_fingerprint_is_cached(clips: list[Path]) -> None:
    calls = []

    def handle(request: dict[str, Any]) -> object:
        if request["op"] == "hello":
            return hello(fingerprint="weights-1")
        calls.append(request)
        return {"id": request["id"], "result": [0.5] * len(request["items"])}

    with server(handle) as url:
        for _ in range(2):
            with resolve_model(url) as model:
                model.score_clips(clips)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ((500, {}, b"out of memory"), r"answered 500 .*out of memory"),
        ((302, {"Location": "http://elsewhere.example/"}, b""), r"points to http://elsewhere\.ex"),
        ((200, {}, b"<html>"), "one line of JSON"),
        ((200, {}, b""), "one line of JSON"),
        (hello(capabilities=["sing"]), "there is no capability 'sing'"),
    ],
)
def test_servers_that_misbehave(reply: object, text: str) -> None:
    with server(lambda _: reply) as url, pytest.raises(AuditError, match=text):
        resolve_model(url)


def test_servers_that_do_not_answer() -> None:
    with (
        server(lambda _: time.sleep(1) or hello()) as url,
        pytest.raises(AuditError, match=r"no answer within 0\.2 s"),
    ):
        resolve_model(url, params={"timeout_s": "0.2"})
    with pytest.raises(AuditError, match="cannot be reached"):
        resolve_model(url)
    with pytest.raises(UsageError, match="a number of seconds above 0"):
        resolve_model(url, params={"timeout_s": "-1"})
