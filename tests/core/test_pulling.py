"""Pulling weights: from a server, from a folder, and everything that must be refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, Request

import pytest
from click.testing import Result
from typer.testing import CliRunner

from avaudit.errors import AvauditError, UsageError
from avaudit.pulling import _SameHost, fetch_weights, take_weights
from avaudit.weights import Weights

CONTENT = b"the published weights" * 1000
URL = "https://weights.example/model.pth"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def wanted(*, url: str | None = URL, size: int | None = len(CONTENT)) -> Weights:
    return Weights(
        name="model.pth",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="MIT",
        size_bytes=size,
        url=url,
    )


class Server(OpenerDirector):
    """Answers every request with the same bytes or error."""

    def __init__(self, answer: bytes | Exception) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[str] = []

    def open(
        self, fullurl: str | Request, data: object = None, timeout: object = None
    ) -> io.BytesIO:  # type: ignore[override]
        assert isinstance(fullurl, Request)
        self.asked.append(fullurl.full_url)
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BytesIO(self.answer)


def stored(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_fetched_file_is_in_place_and_ready(home: Path) -> None:
    weights, server = wanted(), Server(CONTENT)
    assert weights.state() == "missing"
    path = fetch_weights(weights, opener=server)
    assert server.asked == [URL]
    assert path == home / "weights" / weights.sha256 / "model.pth"
    assert path.read_bytes() == CONTENT
    assert weights.state() == "ready"
    assert stored(home) == [f"weights/{weights.sha256}/model.pth"]
    assert (home / "weights").stat().st_mode & 0o777 == 0o700
    path.write_bytes(b"other")
    assert weights.state() == "damaged"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CONTENT[:-1] + b"!", "sha256"),
        (CONTENT[:-1], "sha256"),
        (CONTENT + b"more", "larger than"),
        (URLError("no route"), "--from FOLDER"),
        (HTTPError(URL, 404, "Not Found", None, io.BytesIO()), "404"),  # type: ignore[arg-type]
        (TimeoutError("timed out"), "cannot be fetched"),
    ],
    ids=["altered", "cut", "longer", "unreachable", "absent", "slow"],
)
def test_nothing_wrong_reaches_the_store(answer: bytes | Exception, said: str, home: Path) -> None:
    with pytest.raises(AvauditError, match=said):
        fetch_weights(wanted(), opener=Server(answer))
    assert stored(home) == []
    assert wanted().state() == "missing"


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("avaudit.pulling.MOST_BYTES", 10_000)
    with pytest.raises(AvauditError, match="larger than"):
        fetch_weights(wanted(size=None), opener=Server(CONTENT))
    assert stored(home) == []


@pytest.mark.parametrize(
    "url", ["http://weights.example/m", "ftp://weights.example/m", "file:///m"]
)
def test_only_https(url: str) -> None:
    server = Server(CONTENT)
    with pytest.raises(AvauditError, match="https only"):
        fetch_weights(wanted(url=url), opener=server)
    assert server.asked == []


def test_no_redirect_to_another_host() -> None:
    from http.client import HTTPMessage

    handler, request = _SameHost("weights.example"), Request(URL)

    def follow(target: str) -> Request | None:
        return handler.redirect_request(request, io.BytesIO(), 302, "", HTTPMessage(), target)

    same = follow("https://weights.example/elsewhere")
    assert same is not None
    assert same.full_url == "https://weights.example/elsewhere"
    for target in ("https://other.example/m", "http://weights.example/m", "file:///etc/passwd"):
        with pytest.raises(AvauditError):
            follow(target)


def test_shipped_weights_are_not_pulled() -> None:
    with pytest.raises(UsageError, match="ships with the package"):
        fetch_weights(wanted(url=None))


def test_a_folder_is_searched_by_name_and_by_content(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    (folder / "deep" / "er").mkdir(parents=True)
    with pytest.raises(UsageError, match="no such file"):
        take_weights(wanted(), folder)
    (folder / "model.pth").write_bytes(b"another version")
    with pytest.raises(UsageError, match="its sha256 differs"):
        take_weights(wanted(), folder)
    (folder / "deep" / "er" / "renamed.bin").write_bytes(CONTENT)
    assert take_weights(wanted(), folder).read_bytes() == CONTENT
    with pytest.raises(UsageError, match="no such folder"):
        take_weights(wanted(), folder / "nowhere")


def run(*arguments: str) -> Result:
    from avaudit.cli.models import app

    return CliRunner().invoke(app, arguments)


def test_the_command_shows_the_licence_and_asks_first(home: Path) -> None:
    """In a process of its own: the exit status, and a standard input that is no terminal."""
    asked = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "models", "pull", "speech.aasist"],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "AVAUDIT_HOME": str(home)},
    )
    assert asked.returncode == 2
    for part in ("licence: MIT", "clovaai/aasist", "1.3 MB", "https://"):
        assert part in asked.stdout
    assert "--yes" in asked.stderr


def test_wrong_names_and_folders(tmp_path: Path) -> None:
    empty = run("pull", "speech.aasist", "--from", str(tmp_path))
    assert isinstance(empty.exception, UsageError)
    assert "no such file" in str(empty.exception)
    assert "did you mean 'speech.aasist'" in str(run("pull", "speech.asist").exception)
    assert "needs no weights" in run("pull", "media.timeline").stdout


def test_list_and_verify(home: Path) -> None:
    rows = json.loads(run("list", "--json").stdout)
    row = next(row for row in rows if row["detector"] == "speech.aasist-l")
    assert (row["state"], row["licence"], row["bytes"]) == ("missing", "MIT", 426428)
    assert run("verify").exit_code == 0
    place = Path(row["path"])
    place.parent.mkdir(parents=True)
    place.write_bytes(b"damaged")
    verified = run("verify")
    assert verified.exit_code == 4
    assert "damaged" in verified.stdout


DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weights"


@pytest.mark.corpus
@pytest.mark.skipif(not DATA.is_dir(), reason="no weights in ../shared/data/weights")
def test_the_command_takes_files_from_a_folder(home: Path) -> None:
    done = run("pull", "speech.aasist", "--from", str(DATA))
    assert done.exit_code == 0, done.output
    assert "licence: MIT" in done.stdout
    assert "already here" in run("pull", "speech.aasist", "--yes").stdout
    assert len(stored(home)) == 1
