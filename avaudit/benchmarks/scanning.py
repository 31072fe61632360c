"""What a scan costs, beside PyAV and c2pa-python alone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..engine.artefacts import ArtefactStore
from ..engine.client import WorkerProcess, WorkerSetup
from ..engine.subject import Examined, examine_path
from ..registry import load_detectors
from .rows import Row

SIGNED_FILES = 200
MINUTES = (1, 10, 60)
HELP_RUNS = 7


def measure_start_up(_: Path) -> list[Row]:
    """Time ``avaudit --help``."""
    times = []
    for _run in range(HELP_RUNS):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "avaudit.cli", "--help"], check=True, capture_output=True
        )
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    return [Row("avaudit --help, median", median, "s", goal="≤ 0.5 s")]


def measure_c2pa(folder: Path) -> list[Row]:
    """Compare a C2PA scan with c2pa-python alone, without and with a trust list."""
    from ..trust import add_anchor

    paths, root_pem = _signed_files(folder / "signed")
    rows = _c2pa_beside_plain(paths, folder, "no trust list on either side", {})
    add_anchor("bench", root_pem.encode())
    anchor = {"trust_uri": "bench", "trust_kind": "manifest", "trust_anchors": root_pem}
    trust = {"trust": {"anchors": [anchor]}}
    return rows + _c2pa_beside_plain(paths, folder, "one trust list on both sides", trust)


def _c2pa_beside_plain(
    paths: Sequence[Path], folder: Path, lists: str, trust: Mapping[str, object]
) -> list[Row]:
    import c2pa

    context = c2pa.Context.from_dict(
        {
            "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
            "core": {"allowed_network_hosts": [], "allow_redirects": False},
            **trust,
        }
    )

    def plain(these: Sequence[Path]) -> float:
        start = time.process_time()
        for path in these:
            with c2pa.Reader(str(path), context=context) as reader:
                json.loads(reader.json())
        return time.process_time() - start

    with started_worker(["provenance.c2pa"]) as (worker, setup):
        plain(paths[:20])
        scan_files(worker, setup, paths[:20], folder)
        # side by side, so that a slow moment hits both
        pairs = [(plain(paths), scan_files(worker, setup, paths, folder)[0]) for _round in range(3)]
    plain_s, ours_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    per_file = 1000 / len(paths)
    ratio = statistics.median(ours / base for base, ours in pairs)
    return [
        Row(f"c2pa-python alone, per signed file, {lists}", plain_s * per_file, "ms CPU"),
        Row(
            f"scan --detectors provenance.c2pa, per file, parent and warm worker, {lists}",
            ours_s * per_file,
            "ms CPU",
            "c2pa-python alone",
            ratio,
            "≤ 2 ×",
        ),
    ]


def measure_decoding(folder: Path) -> list[Row]:
    """Compare a scan of a minute of video with decoding it."""
    clip = _long_clip(folder / "60s.mp4", minutes=1, width=1280, height=720)
    with started_worker(None) as (worker, setup):
        scan_files(worker, setup, [clip], folder)
        pairs = []
        for _round in range(3):
            start = time.process_time()
            _decode_plain(clip)
            floor = time.process_time() - start
            pairs.append((floor, scan_files(worker, setup, [clip], folder)[0]))
    ratio = statistics.median(ours / base for base, ours in pairs)
    floor_s, ours_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        Row("PyAV alone, 60 s of 1280 × 720", floor_s, "s CPU"),
        Row("scan with all detectors, same file", ours_s, "s CPU", "PyAV alone", ratio),
    ]


def measure_memory(folder: Path) -> list[Row]:
    """Measure the peak memory of the worker for short and long videos."""
    rows: list[Row] = []
    for minutes in MINUTES:
        clip = _long_clip(folder / f"{minutes}min.mp4", minutes=minutes, width=1280, height=720)
        with started_worker(None) as (worker, setup):
            scan_files(worker, setup, [clip], folder)
            peak = peak_bytes(worker.pid) / 1e6
        first = rows[0].value if rows else peak
        rows.append(
            Row(
                f"peak memory of the worker, {minutes} min of 1280 × 720",
                peak,
                "MB",
                "1 min" if rows else "",
                peak / first if rows else None,
                "≤ 1.10 ×, < 1 GB" if minutes == MINUTES[-1] else "",
            )
        )
        clip.unlink()
    return rows


@contextmanager
def started_worker(detectors: list[str] | None) -> Iterator[tuple[WorkerProcess, WorkerSetup]]:
    """Start one confined worker with these detectors, or with all of them."""
    chosen = load_detectors(detectors)
    home = Path(os.environ["AVAUDIT_HOME"])
    names = {name for detector in chosen.values() for name in detector.reads}
    setup = WorkerSetup(tuple(chosen), data_dirs={name: home / name for name in names}, threads=2)
    with WorkerProcess(setup) as worker:
        yield worker, setup


def scan_files(
    worker: WorkerProcess, setup: WorkerSetup, paths: Sequence[Path], folder: Path
) -> tuple[float, list[Examined]]:
    """Examine files and give the processor seconds of parent and worker together."""
    detectors = load_detectors(list(setup.detectors))
    store = ArtefactStore(folder / "out", 1 << 28)
    (folder / "out").mkdir(exist_ok=True)
    start = time.process_time() + worker.cpu_seconds()
    results = [
        examine_path(f"s{n}", path, None, detectors, lambda: worker, store)
        for n, path in enumerate(paths)
    ]
    spent = time.process_time() + worker.cpu_seconds() - start
    failed = [f for result in results for f in result.findings.values() if f.outcome == "failed"]
    if failed:
        raise RuntimeError(f"a benchmark file failed: {failed[0].reason}")
    return spent, results


def _signed_files(folder: Path) -> tuple[list[Path], str]:
    from ..samples.credentials import make_test_authority, sign_bytes
    from ..samples.pictures import encode_image, scene

    folder.mkdir()
    rng = np.random.default_rng(1)
    authority = make_test_authority()
    pictures = [encode_image(scene(rng, 1024, 768), "JPEG", quality=90) for _ in range(10)]
    paths = []
    for number in range(SIGNED_FILES):
        path = folder / f"{number:03d}.jpg"
        data = pictures[number % len(pictures)]
        path.write_bytes(sign_bytes(data, "image/jpeg", authority, title=path.name))
        paths.append(path)
    return paths, authority.root_pem


def _long_clip(path: Path, *, minutes: int, width: int, height: int) -> Path:
    """Make a minute of video and repeat its packets, so that an hour takes seconds to make."""
    from ..samples.pictures import write_clip

    minute = path.with_name(f"minute-{width}.mp4")
    if not minute.exists():
        rng = np.random.default_rng(2)
        write_clip(minute, rng, seconds=60, width=width, height=height, rate=Fraction(25))
    with av.open(str(path), "w") as target:
        streams = {}
        with av.open(str(minute)) as source:
            for stream in source.streams:
                streams[stream.index] = target.add_stream_from_template(stream)
        for turn in range(minutes):
            with av.open(str(minute)) as source:
                for packet in source.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = int(turn * 61 / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    target.mux(packet)
    return path


def _decode_plain(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        container.streams.video[0].codec_context.thread_count = 2
        for packet in container.demux():
            for _frame in packet.decode():
                pass


def peak_bytes(pid: int) -> float:
    """Give the most memory that a process has held so far."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024
    return float("nan")
