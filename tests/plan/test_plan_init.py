"""First plans: they read back, fit their data, and ask what the table can answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from avaudit import registry
from avaudit.adapters.protocols import Capability
from avaudit.cli.main import main
from avaudit.errors import UsageError
from avaudit.manifest import Manifest, Shape, read_manifest
from avaudit.plan import Plan, check_plan, read_plan
from avaudit.plan.init import first_plan
from avaudit.plan.model import Scenario
from avaudit.probe import Context, Probe, ProbeResult


class Differences(Probe):
    """A probe on trials, for these tests."""

    title = "Differences"
    asks = "Is one threshold right for all?"
    requires = (frozenset({Capability.PAIR_SCORER}),)
    shapes = frozenset({Shape.TRIALS})
    metrics: ClassVar[dict[str, str]] = {"fmr": "false matches"}

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        raise NotImplementedError


class Free(Differences):
    """A probe that needs choices of the user."""

    asks = "What do you\nwant to know?"


@pytest.fixture
def trial_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("probes_of_this_test")
    module.__dict__.update(Differences=Differences, Free=Free)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    points = [
        EntryPoint("differentials", "probes_of_this_test:Differences", registry.PROBES),
        EntryPoint("free", "probes_of_this_test:Free", registry.PROBES),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


def clips(folder: Path, label: Any, n: int = 200) -> Manifest:
    rows = [
        f"{i}.wav,{label(i)},p{i},{('female', 'male')[i // 2 % 2]},{'x' if i else 'y'}\n"
        for i in range(n)
    ]
    path = folder / "m.csv"
    path.write_text("path,label,identity,group.gender,group.rare\n" + "".join(rows))
    return read_manifest(path)


def read_back(text: str, folder: Path, manifest: Manifest) -> Plan:
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    plan, _ = read_plan(folder / "plan.toml")
    assert check_plan(plan, manifest) == []
    return plan


def test_a_plan_for_a_detector(tmp_path: Path) -> None:
    manifest = clips(tmp_path, lambda i: i % 2)
    text = first_plan(manifest)
    plan = read_back(text, tmp_path, manifest)
    assert [(s.probe, s.metric, s.groups, s.margin) for s in plan.scenario] == [
        ("gaps", "fpr", ("gender",), 0.05),
        ("gaps", "fnr", ("gender",), 0.05),
    ]
    assert "female, label 0: 50 rows of 50 identities, shows a gap from" in text
    assert "# Left out: rare: fewer than two levels have 10 identities (x 199, y 1)" in text
    assert "expect 'insufficient'" in text
    assert first_plan(manifest) == text


def test_a_plan_for_a_classifier(tmp_path: Path) -> None:
    manifest = clips(tmp_path, lambda i: ("happy", "sad")[i % 2])
    plan = read_back(first_plan(manifest), tmp_path, manifest)
    assert [s.metric for s in plan.scenario] == ["accuracy"]


def test_group_names_of_any_kind_read_back(tmp_path: Path) -> None:
    rows = "".join(f"{i}.wav,{i % 2},{'fm'[i // 2 % 2]}\n" for i in range(80))
    path = tmp_path / "m.csv"
    path.write_text('path,label,"group.Größe ""x"" \\ #"\n' + rows, encoding="utf-8")
    manifest = read_manifest(path)
    plan = read_back(first_plan(manifest), tmp_path, manifest)
    assert plan.scenario[0].groups == ('Größe "x" \\ #',)


def test_a_plan_for_trials(tmp_path: Path, trial_probes: None) -> None:
    rows = "".join(f"a{i},b{i},{i % 2},{'fm'[i // 2 % 2]}\n" for i in range(80))
    (tmp_path / "t.csv").write_text("left,right,label,left.group.gender\n" + rows)
    manifest = read_manifest(tmp_path / "t.csv")
    text = first_plan(manifest)
    plan = read_back(text, tmp_path, manifest)
    assert [s.id for s in plan.scenario] == ["differentials-gender"]
    assert "#   free: What do you?want to know?" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path,label\na,1\nb,0\n", "has no group columns"),
        ("path,label,group.g\na,1,x\nb,0,y\n", "no group is large enough; g: fewer than two"),
        (
            "path,group.g\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(40)),
            "most need a column 'label' of 0 and 1",
        ),
    ],
)
def test_why_there_is_no_plan(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError, match=says):
        first_plan(read_manifest(tmp_path / "m.csv"))


Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command in this process, as the command line does."""

    def call(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["avaudit", "plan", *arguments])
        status: object = 0
        try:
            main()
        except SystemExit as left:
            status = left.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_init_as_a_subprocess(tmp_path: Path) -> None:
    manifest = clips(tmp_path, lambda i: i % 2)
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "plan", "init", "m.csv", "--out", "-"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(read_back(done.stdout, tmp_path, manifest).scenario) == 2


def test_init_and_check(tmp_path: Path, run: Run) -> None:
    clips(tmp_path, lambda i: i % 2)
    status, said, _ = run("init", "m.csv")
    assert status == 0
    assert said.startswith("avaudit-plan.toml: written.")
    status, _, errors = run("init", "m.csv")
    assert status == 2
    assert "--force overwrites it" in errors
    status, said, _ = run("check", "avaudit-plan.toml", "--data", "m.csv")
    assert status == 0
    assert "sound; 2 scenarios, 2 of them confirmatory; sha256 " in said
    (tmp_path / "other.csv").write_text("path,label,group.age\na,1,old\n")
    status, _, errors = run("check", "avaudit-plan.toml", "--data", "other.csv")
    assert status == 1
    assert "no group in the manifest called 'gender'" in errors


def test_only_what_the_model_can_answer(tmp_path: Path, run: Run) -> None:
    clips(tmp_path, lambda i: i % 2)
    (tmp_path / "mine.py").write_text(
        "class Writer:\n"
        "    def transcribe(self, voices):\n"
        "        return ['' for _ in voices]\n"
        "def load():\n"
        "    return Writer()\n"
    )
    status, _, errors = run("init", "m.csv", "--model", "mine.py:load", "--out", "-")
    assert status == 2
    assert "no installed probe fits" in errors
