"""Hostile addresses in files are never visited, and a library that would visit them is refused."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from avaudit.detector import Observed
from avaudit.detectors.provenance.c2pa import C2paDetector, validator
from avaudit.errors import ExaminationError
from avaudit.samples.credentials import provenance_pointer_jpeg
from avaudit.testing import examine


class Counter(BaseHTTPRequestHandler):
    requests = 0

    def do_GET(self) -> None:
        type(self).requests += 1
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - name of the base class
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Counter.requests = 0
    running = HTTPServer(("127.0.0.1", 0), Counter)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/manifest.c2pa"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def bait(server: str, tmp_path: Path) -> Path:
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "JPEG")
    path = tmp_path / "bait.jpg"
    path.write_bytes(provenance_pointer_jpeg(out.getvalue(), server))
    return path


def test_the_bait_works_on_the_library_left_alone(bait: Path) -> None:
    with pytest.raises(c2pa.C2paError):
        c2pa.Reader(str(bait))
    assert Counter.requests > 0, "otherwise the next test shows nothing"


def test_no_request_is_made(bait: Path, server: str, tmp_path: Path) -> None:
    outcome = examine(C2paDetector(), bait, data_dirs={"trust": tmp_path / "none"})
    assert isinstance(outcome, Observed)
    assert outcome.facts["integrity"] == "remote_only"
    assert outcome.facts["remote_url"] == server
    assert Counter.requests == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"verify": {"remote_manifest_fetch_": False}, "core": {"allowed_network_hosts": []}},
        {"verify": {"remote_manifest_fetch": False}, "core": {"allowed_network_hosts_": []}},
    ],
)
def test_a_library_that_ignores_the_settings_is_refused(
    settings: dict[str, Any], bait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown keys are accepted silently: a renamed setting would open the network again."""
    monkeypatch.setattr(validator, "OFFLINE", settings)
    outcome = examine(C2paDetector(), bait, data_dirs={"trust": tmp_path / "none"})
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "network_not_blocked"
    assert Counter.requests == 0
