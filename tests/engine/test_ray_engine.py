"""The Ray engine gives what the local engine gives, and survives a lost actor."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from avaudit.engine import cluster
from avaudit.engine.artefacts import ArtefactStore
from avaudit.engine.client import WorkerSetup
from avaudit.engine.cluster import RayEngine
from avaudit.engine.pool import Job, LocalEngine
from avaudit.engine.subject import Examined
from avaudit.errors import AvauditError, UsageError
from avaudit.registry import load_detectors
from avaudit.result import Artefact
from avaudit.samples.pictures import encode_image, scene

NAMES = ["provenance.c2pa", "provenance.metadata", "watermark.dwtdct"]
needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="ray is not installed: pip install 'avaudit[ray]'"
)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    rng = np.random.default_rng(4)
    found = []
    for number in range(1, 6):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(encode_image(scene(rng, 160, 120), "JPEG"))
        found.append(Job(f"s{number}", path))
    (tmp_path / "empty.png").touch()
    return [*found, Job("s6", tmp_path / "empty.png"), Job("s7", tmp_path / "gone.jpg")]


@pytest.fixture
def setup(tmp_path: Path) -> WorkerSetup:
    dirs = {name: tmp_path / name for name in ("trust", "models")}
    return WorkerSetup(tuple(NAMES), data_dirs=dirs, threads=1)


@pytest.fixture(scope="module")
def one_cluster() -> Iterator[object]:
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    yield ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.shutdown()


def told(results: list[Examined]) -> dict[str, object]:
    """All that was found, without the time it took."""
    return {
        r.subject: (
            r.sha256,
            r.media,
            r.thumbnail,
            {n: f.model_copy(update={"seconds": None}) for n, f in r.findings.items()},
        )
        for r in results
    }


def files(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@needs_ray
def test_findings_and_files_are_those_of_the_local_engine(
    one_cluster: object, jobs: list[Job], setup: WorkerSetup, tmp_path: Path
) -> None:
    detectors = load_detectors(NAMES)
    outs = [tmp_path / "local", tmp_path / "ray"]
    engines = [LocalEngine(setup, 2), RayEngine(setup, 2)]
    results = [
        list(engine.run(jobs, detectors, ArtefactStore(out, 1 << 24)))
        for engine, out in zip(engines, outs, strict=True)
    ]
    assert told(results[0]) == told(results[1])
    assert len(results[1]) == len(jobs)
    assert files(outs[0])
    assert files(outs[0]) == files(outs[1])
    assert engines[1].confinement == engines[0].confinement


@needs_ray
def test_a_lost_actor_fails_its_file_and_the_others_go_on(
    one_cluster: object,
    jobs: list[Job],
    setup: WorkerSetup,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Dying(cluster.Examiner):
        def examine(self, job: Job) -> cluster.Parcel:
            if job.subject == "s2":
                os._exit(1)
            return super().examine(job)

    monkeypatch.setattr(cluster, "Examiner", Dying)
    engine = RayEngine(setup, 2)
    results = list(engine.run(jobs[:3], load_detectors(NAMES), ArtefactStore(tmp_path, 1 << 24)))
    outcomes = {r.subject: {f.outcome for f in r.findings.values()} for r in results}
    assert outcomes["s2"] == {"failed"}
    assert "observed" in outcomes["s1"] & outcomes["s3"]
    assert "failed" not in outcomes["s1"] | outcomes["s3"]
    (lost,) = [r for r in results if r.subject == "s2"]
    assert {f.reason.code for f in lost.findings.values() if f.reason} == {"node_lost"}


@needs_ray
def test_a_worker_that_cannot_be_confined_ends_the_run(
    one_cluster: object, jobs: list[Job], tmp_path: Path
) -> None:
    engine = RayEngine(WorkerSetup(("no.such",)), 1)
    with pytest.raises(AvauditError, match=r"no\.such"):
        list(engine.run(jobs, {}, ArtefactStore(tmp_path, 1 << 24)))


@needs_ray
@pytest.mark.slow
def test_a_scan_from_the_command_line(jobs: list[Job], tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "avaudit.cli", "scan", "1.jpg", "2.jpg"),
            *("--engine", "ray", "--workers", "2", "--json"),
        ],
        env={**os.environ, "AVAUDIT_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["parameters"]["engine"] == "ray"
    assert report["environment"]["confinement"]["complete"] is True
    assert {f["outcome"] for f in report["findings"]} <= {"observed", "abstained", "scored"}


def test_without_ray_the_message_says_how_to_get_it(
    setup: WorkerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as caught:
        RayEngine(setup, 1)
    assert str(caught.value) == (
        "the engine 'ray' needs the package ray, which is not installed; "
        "install it with: pip install 'avaudit[ray]'"
    )


def test_an_artefact_changed_on_its_way_is_refused(tmp_path: Path) -> None:
    store = ArtefactStore(tmp_path, 100)
    digest = hashlib.sha256(b"picture").hexdigest()
    told = Artefact(path=f"artefacts/{digest[:32]}.jpg", media_type="image/jpeg", sha256=digest)
    with pytest.raises(AvauditError, match="changed on its way"):
        store.receive(told, b"another")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AvauditError, match="changed on its way"):
        store.receive(told.model_copy(update={"path": "../outside.jpg"}), b"picture")
    store.receive(told, b"picture")
    assert (tmp_path / told.path).read_bytes() == b"picture"
