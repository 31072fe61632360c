"""From what was named to the files that are examined."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from avaudit.errors import UsageError
from avaudit.inputs import display_name, resolve, sidecar_of

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def put(path: Path, content: bytes = GIF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def reasons(folder: Path) -> dict[str, str]:
    return {Path(s["path"]).name: s["why"] for s in resolve([folder]).skipped}


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.jpg: there is no such file"):
        resolve([tmp_path / "nowhere.jpg"])


def test_a_folder_without_media_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", b"words")
    with pytest.raises(UsageError, match="no media files"):
        resolve([tmp_path])


def test_a_folder_is_walked_in_order_and_the_rest_is_listed(tmp_path: Path) -> None:
    first, second = put(tmp_path / "a.gif"), put(tmp_path / "sub" / "b")
    put(tmp_path / "notes", b"only words\n")
    put(tmp_path / ".hidden.gif")
    put(tmp_path / ".git" / "c.gif")
    put(tmp_path / "a.c2pa")
    (tmp_path / "link.gif").symlink_to(first)
    assert resolve([tmp_path]).files == [first, second]
    why = reasons(tmp_path)
    assert set(why) == {"notes", ".hidden.gif", ".git", "a.c2pa", "link.gif"}
    assert "plain text" in why["notes"]
    assert "hidden" in why[".hidden.gif"]
    assert "symbolic link" in why["link.gif"]


def test_text_with_the_suffix_of_a_medium_is_examined(tmp_path: Path) -> None:
    path = put(tmp_path / "fake.jpg", b"only words\n")
    assert resolve([tmp_path]).files == [path]


def test_a_named_file_is_always_examined(tmp_path: Path) -> None:
    path = put(tmp_path / "notes.txt", b"words")
    assert resolve([path]).files == [path]


def test_duplicates_are_examined_once(tmp_path: Path) -> None:
    path = put(tmp_path / "a.gif")
    assert resolve([path, tmp_path, path]).files == [path]


def test_manifests_lead_to_files_beside_them(tmp_path: Path) -> None:
    table = put(tmp_path / "m.csv", b"\xef\xbb\xbfpath,label\na.gif,1\nsub/b.gif,0\n")
    assert resolve([table]).files == [tmp_path / "a.gif", tmp_path / "sub" / "b.gif"]
    rows = [{"video_path": "v.mp4", "audio_path": "a.wav"}, {"video_path": "w.mp4"}]
    lines = put(tmp_path / "m.jsonl", "\n\n".join(map(json.dumps, rows)).encode())
    names = [path.name for path in resolve([lines]).files]
    assert sorted(names) == ["a.wav", "v.mp4", "w.mp4"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("m.csv", b"file\na.gif\n", "no column path"),
        ("m.jsonl", b"{broken\n", "cannot be read"),
        ("m.jsonl", b"[1]\n", "line 1"),
        ("m.csv", b"path\n\xff\xfe\n", "cannot be read"),
    ],
)
def test_a_broken_manifest_is_named(name: str, content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"{name}: .*{why}"):
        resolve([put(tmp_path / name, content)])


def test_a_name_that_is_no_utf8_is_kept_and_shown_escaped(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.gif"))
    try:
        put(path)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert resolve([tmp_path]).files == [path]
    assert display_name(path).endswith("caf\\xe9.gif")


def test_the_sidecar_lies_beside_the_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a.gif")
    assert sidecar_of(path) is None
    sidecar = put(tmp_path / "a.c2pa")
    assert sidecar_of(path) == sidecar
