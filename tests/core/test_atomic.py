"""A file is written whole or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avaudit.atomic import write_atomic
from avaudit.errors import AvauditError


def test_writes_and_replaces(tmp_path):
    target = tmp_path / "report.json"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_mode_and_long_names(tmp_path):
    target = tmp_path / ("x" * 255)
    write_atomic(target, b"", mode=0o600)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "victim").write_bytes(b"keep")
    (tmp_path / "report.json").symlink_to(tmp_path / "victim")
    write_atomic(tmp_path / "report.json", b"new")
    assert (tmp_path / "victim").read_bytes() == b"keep"
    assert (tmp_path / "report.json").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none/report.json", "the folder does not exist"),
        ("file/report.json", "a part of the path is a file"),
        ("folder", "a folder of that name is in the way"),
        ("y" * 256, "the name is too long"),
        ("nul\x00", "null"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path, name, said):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AvauditError, match=said) as caught:
        write_atomic(tmp_path / name, b"data")
    assert name in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


LIMITED = """
import resource, sys
from pathlib import Path
from avaudit.atomic import write_atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(Path(sys.argv[1]), b"x" * 5000)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_failure_while_writing_leaves_the_old_file(tmp_path):
    target = tmp_path / "report.json"
    target.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(target)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"AvauditError cannot write {target}: the file is larger")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_full_device(tmp_path, monkeypatch):
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(AvauditError, match="no space is left on the disk: free some"):
        write_atomic(tmp_path / "report.json", b"x")
    assert list(Path(tmp_path).iterdir()) == []
