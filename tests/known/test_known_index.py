"""The index on disk: what was committed stays, whatever happens to the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avaudit.errors import AvauditError, UsageError
from avaudit.known import Fingerprint, KnownIndex, appending
from avaudit.known.features import RECORD

ADDER = """
import sys, hashlib
from pathlib import Path
import numpy as np
from avaudit.known import Fingerprint, appending
from avaudit.known.features import RECORD
folder, count, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with appending(folder) as writer:
    while writer.count < count:
        number = writer.count
        rng = np.random.default_rng(number)
        blobs = np.zeros(4, RECORD)
        blobs["code"] = rng.integers(0, 2**64, 4, dtype=np.uint64)
        made = Fingerprint(kind="image", width=number + 1, height=7, thumbnail=b"t%d" % number,
            words=rng.integers(0, 2**64, (1, 4), dtype=np.uint64),
            times_s=np.zeros(1, np.float32), blobs=blobs,
            keys=rng.integers(0, 2**20, 3, dtype=np.uint32), frames=np.arange(3, dtype=np.uint32))
        writer.add(made, hashlib.sha256(b"%d" % number).hexdigest(), label="l", name=f"n{number}")
        if writer.count % each == 0:
            writer.commit()
            print(writer.count, flush=True)
"""


def start(folder: Path, count: int, each: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDER, str(folder), str(count), str(each)],
        stdout=subprocess.PIPE,
        text=True,
    )


def check(folder: Path, least: int, step: int = 1) -> int:
    """Check every committed item, and that each is found by its hash and its postings."""
    index = KnownIndex(folder)
    assert len(index) >= least
    words = index.words
    assert len(words[0]) == len(index.owners) == len(index)
    for number in range(0, len(index), step):
        rng = np.random.default_rng(number)
        codes = rng.integers(0, 2**64, 4, dtype=np.uint64)
        item = index.item(number)
        assert (item.name, item.width) == (f"n{number}", number + 1)
        assert index.thumbnail(number) == b"t%d" % number
        assert (index.blobs(number)["code"] == codes).all()
        assert (
            np.array([w[number] for w in words]) == rng.integers(0, 2**64, 4, dtype=np.uint64)
        ).all()
        assert index.with_sha256(item.sha256) == [number]
    held = np.concatenate([values for _, values in index.postings["blob"]])
    owners, counts = np.unique(held >> np.uint64(32), return_counts=True)
    assert owners.tolist() == list(range(len(index)))
    assert (counts == 4).all()
    return len(index)


def killed_while_adding(folder: Path, count: int, each: int, kills: int, step: int) -> None:
    for _ in range(kills):
        process = start(folder, count, each)
        assert process.stdout is not None
        acknowledged = 0
        with process.stdout as lines:
            for turn, line in enumerate(lines):
                acknowledged = int(line)
                if turn == 3:
                    break
            os.kill(process.pid, signal.SIGKILL)
            # lines that were written before it died were commits as well
            acknowledged = max([acknowledged, *(int(x) for x in lines.read().split())])
        process.wait()
        check(folder, acknowledged, step)
    process = start(folder, count, each)
    assert process.communicate()[0]
    assert process.returncode == 0
    assert check(folder, count, step) == count


def test_an_index_killed_while_adding_has_every_committed_item(tmp_path: Path) -> None:
    killed_while_adding(tmp_path / "known", count=600, each=25, kills=1, step=7)


@pytest.mark.slow
def test_an_index_killed_while_adding_100_000_items(tmp_path: Path) -> None:
    killed_while_adding(tmp_path / "known", count=100_000, each=5000, kills=2, step=3)


def write_and_stop(folder: Path) -> None:
    with appending(folder) as writer:
        writer.add(Fingerprint(kind="image"), "b" * 64, label="lost", name="2")
        writer._columns.sync()
        (folder / "blob-99999999.seg").write_bytes(b"left behind")
        raise RuntimeError("stop")


def test_what_was_not_committed_is_cut_off(tmp_path: Path) -> None:
    with appending(tmp_path) as writer:
        writer.add(Fingerprint(kind="image"), "a" * 64, label="first", name="1")
    with pytest.raises(RuntimeError, match="stop"):
        write_and_stop(tmp_path)
    assert KnownIndex(tmp_path).labels() == {"first": 1}
    with appending(tmp_path) as writer:
        writer.add(Fingerprint(kind="audio"), "c" * 64, label="second", name="3")
    index = KnownIndex(tmp_path)
    assert index.labels() == {"first": 1, "second": 1}
    assert index.stats()["by_kind"] == {"image": 1, "video": 0, "audio": 1}
    assert not (tmp_path / "blob-99999999.seg").exists()


def test_two_cannot_add_at_once(tmp_path: Path) -> None:
    with (
        appending(tmp_path),
        pytest.raises(UsageError, match="another process"),
        appending(tmp_path),
    ):
        pass


def test_damage_is_told(tmp_path: Path) -> None:
    with appending(tmp_path) as writer:
        writer.add(Fingerprint(kind="image"), "a" * 64, label="x", name="1")
    (tmp_path / "items.col").write_bytes(b"short")
    with pytest.raises(AvauditError, match="damaged"):
        KnownIndex(tmp_path)
    (tmp_path / "index.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(AvauditError, match="no index of known media"):
        KnownIndex(tmp_path)


def test_an_absent_index_is_empty(tmp_path: Path) -> None:
    index = KnownIndex(tmp_path / "nowhere")
    assert len(index) == 0
    assert index.with_sha256("0" * 64) == []


def test_a_fingerprint_survives_the_wire_and_a_false_one_is_refused() -> None:
    rng = np.random.default_rng(0)
    made = Fingerprint(
        kind="video",
        width=3,
        height=4,
        duration_s=2.5,
        words=rng.integers(0, 2**64, (5, 4), dtype=np.uint64),
        times_s=np.arange(5, dtype=np.float32),
        blobs=np.zeros(2, RECORD),
        keys=np.arange(3, dtype=np.uint32),
        frames=np.arange(3, dtype=np.uint32),
        thumbnail=b"jpeg",
    )
    facts = json.loads(json.dumps(made.to_facts()))
    read = Fingerprint.from_facts(facts)
    assert read.to_facts() == made.to_facts()
    assert (read.words == made.words).all()
    for wrong in (
        {"kind": "spell"},
        {"width": -1},
        {"words": "AAAA"},
        {"times_s": ""},
        {"thumbnail": "!"},
        {"duration_s": "long"},
    ):
        with pytest.raises(AvauditError, match="no valid fingerprint"):
            Fingerprint.from_facts({**facts, **wrong})
