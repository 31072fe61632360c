"""Parts of the dashboard on their own: escaping, colours, files, the shell and its command."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.color import rgb2lab

from avaudit.catalogue import FindingLine
from avaudit.cli import dashboard as command
from avaudit.dashboard import demo, shell
from avaudit.dashboard.files import artefact_bytes, media_of, picture_address
from avaudit.dashboard.finding.timeline import strongest
from avaudit.dashboard.say import md, plain, short, visible
from avaudit.dashboard.theme import DARK, LIGHT, MARKS, Palette, badge, mark, streamlit_flags
from avaudit.dashboard.words import clock, number, points_to, ratio_words, utc
from avaudit.errors import UsageError
from avaudit.result import Artefact, Segment, Subject


def test_every_mark_of_markdown_is_escaped() -> None:
    signs = "!\"#$%&'()*+,-./;<=>?[\\]^_`{|}~"
    assert md(signs) == "".join(f"\\{sign}" for sign in signs)
    # emoji, icons and addresses are found after Markdown was read: a joiner breaks them
    assert ":\u2060smile\\:\u2060" in md(":smile:")
    assert re.search(r"https?://", md("https://evil.invalid").replace("\\", "")) is None
    assert "www." not in md("www.evil.invalid").replace("\\", "")
    assert "me@evil" not in md("me@evil.invalid")


def test_hidden_characters_are_shown_and_lengths_bounded() -> None:
    assert plain("a\u202eb\x00c\n") == "a⟨U+202E⟩b⟨U+0000⟩c⟨U+000A⟩"
    assert plain("a" * 5000).startswith("a" * 3000 + " … (2,000 more")
    assert visible({"k\u200b": ["\x07", 1, None]}) == {"k⟨U+200B⟩": ["⟨U+0007⟩", 1, None]}
    assert len(short("x" * 500)) == 80


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_their_paper(palette: Palette) -> None:
    for name in ("ink", "soft", "accent", "good", "warn", "bad", "plain"):
        assert contrast(getattr(palette, name), palette.paper) >= 4.5, name
        assert contrast(getattr(palette, name), palette.sheet) >= 4.5, name
    for colour in palette.series[:5]:
        assert contrast(colour, palette.paper) >= 3.0, colour


# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_bars_side_by_side_are_told_apart(palette: Palette, kind: str) -> None:
    colours = palette.standings
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(BLINDNESS[kind]).T, 0, 1)
    back = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(back[:, None])[:, 0]
    for one, other in itertools.combinations(range(len(lab)), 2):
        assert np.linalg.norm(lab[one] - lab[other]) >= 20, (colours[one], colours[other])


def test_every_state_has_a_mark_of_its_own_kind() -> None:
    assert mark("fail") == "▲ fail"
    assert badge("pass") == ":green-badge[✓ pass]"
    assert mark("never heard of") == "never heard of"
    with pytest.raises(ValueError, match="not one of the states"):
        badge("*x*")
    assert len({MARKS[s][0] for s in ("scored", "observed", "abstained", "failed")}) == 4
    assert len({MARKS[s][0] for s in ("pass", "fail", "insufficient")}) == 3


def test_streamlit_is_told_to_be_local_and_silent() -> None:
    flags = dict(flag.removeprefix("--").split("=", 1) for flag in streamlit_flags("::1", 8501))
    assert flags["server.address"] == "::1"
    assert flags["browser.gatherUsageStats"] == "false"
    assert flags["server.fileWatcherType"] == "none"
    assert flags["client.showErrorDetails"] == "none"
    assert flags["theme.light.backgroundColor"] != flags["theme.dark.backgroundColor"]


def test_words() -> None:
    assert [number(v) for v in (None, 1234567, 0.0, 2.5e-7)] == ["–", "1,234,567", "0", "2.5e-07"]
    assert [clock(v) for v in (0, 59.999, 3600.5, -1.25)] == [
        "0:00",
        "1:00",
        "1:00:00.5",
        "-0:01.25",
    ]
    assert utc("2026-03-01T10:30:00+02:00") == "2026-03-01 08:30 UTC"
    assert utc("no\x00time") == "no⟨U+0000⟩time"
    assert ratio_words(-3.0) == "about 1,000 times more probable under H2 than under H1"
    assert ratio_words(7.2) == "about 10^7 times more probable under H1 than under H2"
    assert points_to("altered_after_signing") == "altered after signing"
    assert points_to(None) == ""


def test_the_segments_to_jump_to() -> None:
    segments = [Segment(start_s=i, end_s=i + 1, log10_lr=(i * 7) % 20 / 10) for i in range(20)]
    chosen = strongest(segments)
    best = sorted((s.log10_lr or 0.0 for s in segments), reverse=True)[:8]
    assert sorted((s.log10_lr or 0.0 for s in chosen), reverse=True) == best
    assert [s.start_s for s in chosen] == sorted(s.start_s for s in chosen)


def test_artefacts_come_only_from_the_folder_and_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    folder.mkdir()
    for place in (folder / "a.png", tmp_path / "outside.png"):
        place.write_bytes(b"data")
    digest = hashlib.sha256(b"data").hexdigest()

    def artefact(path: str, sha256: str = digest) -> Artefact:
        return Artefact(path=path, media_type="image/png", sha256=sha256)

    assert artefact_bytes(folder, artefact("a.png")) == b"data"
    assert artefact_bytes(folder, artefact("a.png", "0" * 64)) is None
    assert artefact_bytes(folder, artefact("../outside.png")) is None
    assert artefact_bytes(folder, artefact(str(tmp_path / "outside.png"))) is None
    assert artefact_bytes(folder, artefact("gone.png")) is None
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    assert artefact_bytes(folder, artefact("link.png")) is None
    assert picture_address(b"data", "image/png") == "data:image/png;base64,ZGF0YQ=="
    assert picture_address(b"<svg/>", "image/svg+xml") is None


def test_media_is_shown_only_where_it_is_what_was_examined(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    subject = Subject(
        id="s1", name="a", path="../a.wav", sha256=hashlib.sha256(b"sound").hexdigest()
    )
    folder = tmp_path / "report"
    folder.mkdir()
    assert media_of(folder, subject).path == tmp_path / "a.wav"
    (tmp_path / "a.wav").write_bytes(b"other")
    assert "another one" in media_of(folder, subject).why_not
    (tmp_path / "a.wav").unlink()
    assert "no longer" in media_of(folder, subject).why_not
    (tmp_path / "a.wav").mkdir()
    assert "not a file" in media_of(folder, subject).why_not
    assert "not known here" in media_of(None, subject).why_not


def test_pages_are_found_without_being_imported(tmp_path: Path) -> None:
    (tmp_path / "zebra.py").write_text('ORDER = 5\nTITLE = "Zebras"\nraise SystemExit\n')
    (tmp_path / "ant.py").write_text("raise SystemExit\n")
    (tmp_path / "_hidden.py").write_text("")
    found = shell.page_modules(tmp_path)
    assert [(page.name, page.title) for page in found] == [("zebra", "Zebras"), ("ant", "Ant")]
    assert [page.name for page in shell.page_modules()] == [
        "overview",
        "scan",
        "findings",
        "review",
        "audits",
        "detectors",
        "integrity",
    ]


def test_the_demo_is_entered_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_AVAUDIT_DASHBOARD_HOME", "_AVAUDIT_DASHBOARD_LEDGER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    monkeypatch.setenv("AVAUDIT_LEDGER_URL", "sqlite:////own.sqlite3")
    demo.enter()
    try:
        assert demo.is_open()
        assert os.environ["AVAUDIT_HOME"] == str(tmp_path / "demo" / "home")
        assert "AVAUDIT_LEDGER_URL" not in os.environ
        demo.enter()  # twice changes nothing
        assert demo.folder() == tmp_path / "demo"
    finally:
        demo.leave()
    assert not demo.is_open()
    assert os.environ["AVAUDIT_HOME"] == str(tmp_path)
    assert os.environ["AVAUDIT_LEDGER_URL"] == "sqlite:////own.sqlite3"


def test_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: .* Give another --port"):
            command._port("127.0.0.1", port)
        assert command._port("127.0.0.1", 0) != port
    with pytest.raises(UsageError, match="address of this machine"):
        command._port("192.0.2.1", None)


@pytest.mark.parametrize(
    ("host", "local", "address"),
    [
        ("127.0.0.1", True, "127.0.0.1"),
        ("127.8.0.1", True, "127.8.0.1"),
        ("localhost", True, "localhost"),
        ("::1", True, "[::1]"),
        ("0.0.0.0", False, "localhost"),
        ("192.0.2.1", False, "192.0.2.1"),
        ("example.org", False, "example.org"),
    ],
)
def test_who_can_reach_it(host: str, local: bool, address: str) -> None:
    assert command._is_local(host) is local
    assert command._in_address(host) == address


def test_the_command_starts_no_server_when_the_configuration_is_broken(tmp_path: Path) -> None:
    (tmp_path / "avaudit.toml").write_text("workerz = 2\n")
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "dashboard", "--no-browser", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "AVAUDIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "did you mean 'workers'" in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_line_has_every_column_of_a_table() -> None:
    from avaudit.dashboard.finding.table import ALL_COLUMNS, address, row

    given: dict[str, Any] = dict.fromkeys(FindingLine.__dataclass_fields__)
    given |= {
        "report_id": "r",
        "created": "2026-11-20T10:00:00Z",
        "subject_id": "s1",
        "subject": "folder/a\u202e.wav",
        "detector": "d",
        "standing": "flagged",
        "points_to": "generated",
        "weight": "strong",
        "log10_lr": -1.0,
        "summary": "it",
        "contradictions": 2,
        "review": "open",
        "waiting": True,
    }
    line = FindingLine(**given)
    shown = row(line)
    assert set(shown) == set(ALL_COLUMNS)
    assert shown["finding"] == "▲ flagged"
    assert shown["points to"] == "generated (strong)"
    assert shown["subject"] == "a⟨U+202E⟩.wav"
    assert (shown["LR"], shown["contradictions"]) == ("-1.00", "! 2")
    assert address(line) == {"report": "r", "subject": "s1", "detector": "d"}
