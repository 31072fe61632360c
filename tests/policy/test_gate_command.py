"""The commands ``gate`` and ``policy``, and ``--policy``: exit statuses, documents, messages."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.cli.main import main
from avaudit.policy import profile_text
from avaudit.result import Report
from avaudit.samples.pictures import encode_image, scene
from avaudit.verify import verify_report

from .conftest import HEAD, finding_of, scan_of


@dataclass
class Done:
    status: int
    stdout: str
    stderr: str


Run = Callable[..., Done]
MARK = HEAD + '[[rule]]\nid = "no-mark"\nkind = "watermark"\npayload = "forbid"\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder with reports that pass, fail and are undecided, and a policy."""
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name, payload in (("pass", None), ("fail", "SDV1")):
        found = finding_of("watermark.dwtdct", "scored", score=1.0, facts={"payload": payload})
        write(tmp_path / name, scan_of({"a.jpg": [found]}, id=name))
    write(tmp_path / "open", scan_of({"a.jpg": []}, id="open"))
    (tmp_path / "policy.toml").write_text(MARK)
    return tmp_path


def write(folder: Path, report: Report) -> None:
    folder.mkdir()
    (folder / "report.json").write_text(report.to_json())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs a command in this process, as the command line does."""

    def call(*command: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["avaudit", *command])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return call


@pytest.mark.parametrize(("name", "status"), [("pass", 0), ("fail", 1), ("open", 3)])
def test_exit_statuses(here: Path, run: Run, name: str, status: int) -> None:
    done = run("gate", f"{name}/report.json", "--policy", "policy.toml")
    assert (done.status, done.stderr) == (status, "")
    word = {0: "pass", 1: "fail", 3: "insufficient"}[status]
    assert done.stdout.rstrip().endswith(f"Gate (test): {word}")


def test_as_a_program(here: Path) -> None:
    command = ["gate", "fail", "open", "--policy", "policy.toml", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *command],
        cwd=here, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["verdict"] == "fail"
    assert told["reports"] == ["fail", "open"]
    assert told["rules"][0]["counts"]["concerned"] == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["gate", "none.json", "--policy", "policy.toml"], "the report cannot be read"),
        (["gate", "policy.toml", "--policy", "policy.toml"], "the report is not valid JSON"),
        (["gate", "pass", "--policy", "none.toml"], "the policy cannot be read"),
        (["gate", "pass", "pass", "--policy", "policy.toml"], "the report pass is given twice"),
        (["gate", "pass", "--policy", "policy.toml", "--strict"], "--strict belongs to --junit"),
        (["gate", "empty.json", "--policy", "policy.toml"], "this is no avaudit report"),
        (["policy", "init", "--profile", "uplaod-scan"], "did you mean 'upload-scan'?"),
        (["policy", "check", "none.toml"], "the policy cannot be read"),
        (["scan", "x.jpg", "--baseline", "pass"], "a baseline needs a policy"),
        (["scan", "x.jpg", "--policy", "none.toml"], "the policy cannot be read"),
    ],
)
def test_usage(here: Path, run: Run, command: list[str], said: str) -> None:
    (here / "empty.json").write_text("{}")
    (here / "x.jpg").write_bytes(b"")
    done = run(*command)
    assert done.status == 2
    assert said in done.stderr


def test_documents(here: Path, run: Run) -> None:
    done = run("gate", "fail", "open", "--policy", "policy.toml", "-q",
               "--sarif", "out.sarif", "--junit", "out.xml")  # fmt: skip
    assert (done.status, done.stdout) == (1, "")
    sarif = json.loads((here / "out.sarif").read_text())
    assert any("no-mark" in r["ruleId"] for r in sarif["runs"][0]["results"])
    assert 'name="no-mark"' in (here / "out.xml").read_text()
    skipped = run("gate", "open", "--policy", "policy.toml", "--junit", "a.xml").status
    strict = run("gate", "open", "--policy", "policy.toml", "--junit", "b.xml", "--strict").status
    assert (skipped, strict) == (3, 3)
    assert "<skipped" in (here / "a.xml").read_text()
    assert "<failure" in (here / "b.xml").read_text()


def test_against_a_baseline(here: Path, run: Run) -> None:
    done = run("gate", "fail", "--policy", "policy.toml", "--baseline", "pass")
    assert "Against the baseline: 1 new, 0 fixed, 0 unchanged." in done.stdout
    done = run("gate", "pass", "--policy", "policy.toml", "--baseline", "fail")
    assert "Against the baseline: 0 new, 1 fixed, 0 unchanged." in done.stdout
    assert "fixed  a.jpg watermark.dwtdct: it carries the known watermark SDV1" in done.stdout


def test_control_characters_in_names_are_shown_not_obeyed(here: Path, run: Run) -> None:
    found = finding_of("watermark.dwtdct", "scored", score=1.0, facts={"payload": "\x1b[2J"})
    write(here / "odd", scan_of({"a\x1b[31m[bold].jpg": [found]}))
    done = run("gate", "odd", "--policy", "policy.toml")
    assert "\x1b" not in done.stdout
    assert r"a\x1b[31m[bold].jpg" in done.stdout


@pytest.mark.parametrize("payload", ['"\\ud800"', "NaN"])
def test_what_no_report_can_hold_is_refused(here: Path, run: Run, payload: str) -> None:
    place = here / "fail" / "report.json"
    place.write_text(place.read_text().replace('"SDV1"', payload))
    done = run("gate", "fail", "--policy", "policy.toml")
    assert done.status == 2
    assert "the report is not valid JSON" in done.stderr


def test_policy_init_check_explain(here: Path, run: Run) -> None:
    done = run("policy", "init", "--profile", "generated-assets")
    assert done.status == 0
    path = here / "avaudit-policy.toml"
    assert path.read_text() == profile_text("generated-assets")
    again = run("policy", "init")
    assert again.status == 2
    assert "--force overwrites it" in again.stderr
    assert run("policy", "init", "--force").status == 0
    assert run("policy", "init", "--out", "-").stdout == profile_text("upload-scan")
    checked = run("policy", "check", path.name)
    assert checked.status == 0
    assert "sound; 7 rules; sha256 " in checked.stdout
    assert "nothing-tampered (reads scans)" in run("policy", "explain", path.name).stdout
    path.write_text(path.read_text().replace("kind =", "knid ="))
    wrong = run("policy", "check", path.name)
    assert wrong.status == 2
    assert wrong.stderr.startswith("avaudit: avaudit-policy.toml, line 9: the rule has no kind")


PROVENANCE = HEAD + '[[rule]]\nid = "p"\nkind = "provenance"\nintegrity = ["{}"]\n'


def test_scan_with_a_policy(here: Path, run: Run) -> None:
    """The gate is in the sealed report; a file that cannot be examined outranks its verdict."""
    media = here / "media"
    media.mkdir()
    picture = encode_image(scene(np.random.default_rng(0)), "JPEG")
    (media / "plain.jpg").write_bytes(picture)
    (media / "cut.jpg").write_bytes(picture[: len(picture) // 2])
    (here / "p.toml").write_text(PROVENANCE.format("valid"))
    done = run("scan", "media", "-d", "provenance,media.timeline", "-w", "1", "-o", "out",
               "--format", "json", "--policy", "p.toml")  # fmt: skip
    assert done.status == 4
    assert "fail          p: 2 of 2 files fail" in done.stdout
    assert verify_report(here / "out" / "report.json").ok
    sealed = Report.model_validate_json((here / "out" / "report.json").read_text())
    assert sealed.gate_ is not None
    assert sealed.gate_.verdict == "fail"
    told = sealed.gate(here / "p.toml", baseline=sealed)
    assert (told.policy, told.verdict) == (sealed.gate_.policy, "fail")
    assert told.baseline is not None
    assert told.baseline.unchanged == 2
    assert run("gate", "out", "--policy", "p.toml").status == 1
    (here / "p.toml").write_text(PROVENANCE.format("absent"))
    assert run("gate", "out", "--policy", "p.toml").status == 0
    place = here / "out" / "report.json"
    place.write_text(place.read_text().replace('"absent"', '"valid"'))
    changed = run("gate", "out", "--policy", "p.toml")
    assert changed.status == 2
    assert "the report was changed after it was sealed, so it is not judged" in changed.stderr


PLAN = """schema = "avaudit.plan/1"
n_draws = 200
[[scenario]]
id = "accuracy-by-accent"
probe = "gaps"
metric = "accuracy"
groups = ["accent"]
margin = 0.1
"""
BIAS = HEAD + '[[rule]]\nid = "alike"\nkind = "bias"\n'


def people(path: Path, b: float, n: int) -> None:
    """Write predictions of which those of the second group are right with the chance ``b``."""
    rng = np.random.default_rng(4)
    rows: list[dict[str, Any]] = []
    for i in range(n):
        label, accent = int(rng.random() < 0.5), "ab"[i % 2]
        right = rng.random() < (0.9 if accent == "a" else b)
        answer = label if right else 1 - label
        rows.append({"path": f"{i}.wav", "label": label, "identity": f"p{i}",
                     "group.accent": accent, "prediction": answer})  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("b", "n", "status", "words"),
    [
        (0.5, 300, 1, "A difference of"),
        (0.88, 80, 3, "items per group would settle it."),
        (0.9, 1500, 0, "is shown to be below the margin of 0.1"),
    ],
)
def test_audit_with_a_policy(
    here: Path, run: Run, b: float, n: int, status: int, words: str
) -> None:
    people(here / "d.csv", b, n)
    (here / "plan.toml").write_text(PLAN)
    (here / "p.toml").write_text(BIAS)
    command = ["audit", "scores:d.csv", "--data", "d.csv", "--plan", "plan.toml", "-o", "out",
               "--format", "json", "--policy", "p.toml"]  # fmt: skip
    done = run(*command)
    assert (done.status, done.stderr) == (status, "")
    assert words in done.stdout
    sealed = Report.model_validate_json((here / "out" / "report.json").read_text())
    assert sealed.gate_ is not None
    rule = sealed.gate_.rules[0]
    if status == 3:
        assert rule.n_needed is not None
        assert f"About {rule.n_needed:,} items per group would settle it." in rule.why
        # the policy and the plan are one family with one alpha, so both say the same
        assert sealed.tests[0].n_needed == rule.n_needed
    both = run(*command, "--gate")
    assert both.status == 2
    assert "--gate and --policy exclude each other" in both.stderr


def test_bench_with_a_policy_and_its_own_baseline(here: Path, run: Run) -> None:
    rng = np.random.default_rng(5)
    label = np.arange(200) % 2
    scores = 2.0 * label + rng.normal(size=200)
    with (here / "clips.csv").open("w") as file:
        file.write("path,label,identity\n")
        file.writelines(f"{i}.wav,{label[i]},p{i}\n" for i in range(200))
    with (here / "scores.csv").open("w") as file:
        file.write("path,score\n")
        file.writelines(f"{i}.wav,{scores[i]}\n" for i in range(200))
    (here / "p.toml").write_text(
        HEAD + '[[rule]]\nid = "same"\nkind = "drift"\nmetric = "eer"\nmargin = 0.05\n'
        '[[rule]]\nid = "eer"\nkind = "quality"\nmetric = "eer"\nat_most = 0.3\n'
    )
    command = ["bench", "scores:scores.csv", "--data", "clips.csv", "--format", "json",
               "--policy", "p.toml"]  # fmt: skip
    first = run(*command, "-o", "first")
    assert first.status == 3
    assert "give one with --baseline" in first.stdout
    with (here / "scores.csv").open("w") as file:
        file.write("path,score\n")
        file.writelines(f"{i}.wav,{scores[i] + 0.05 * rng.normal()}\n" for i in range(200))
    second = run(*command, "-o", "second", "--baseline", "first")
    assert second.status == 0
    assert "the same 200 items of 200 units in pairs" in second.stdout
