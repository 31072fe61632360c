"""Plan files: what is read, and what is told about a wrong one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jsonschema
import pytest

from avaudit.errors import UsageError
from avaudit.manifest import read_manifest
from avaudit.plan import Plan, check_plan, plan_cautions, plan_schema, read_plan

GOOD = """schema = "avaudit.plan/1"
title = "A plan"
seed = 7

[[scenario]]
id = "accuracy-gender"
probe = "gaps"
metric = "accuracy"
groups = ["gender"]
margin = 0.05

[scenario.where]
split = ["test", "dev"]

[[scenario]]
id = "own"
probe = "gaps"
metric = "mine.py:cost"
groups = ["gender", "accent"]
confirmatory = false
[scenario.options]
label = "label"
"""


def put(folder: Path, text: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_plan(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD)
    plan, sha256 = read_plan(path)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (plan.seed, plan.correction, len(plan.scenario)) == (7, "holm", 2)
    assert plan.scenario[0].where == {"split": ("test", "dev")}
    assert plan.scenario[1].options == {"label": "label"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed = 7", "sed = 7", r"plan\.toml, line 3: there is no key 'sed'; did you mean 'seed'"),
        ("margin = 0.05", "margine = 1", r"line 10: there is no key 'margine'.*'margin'"),
        ("margin = 0.05", "margin = -1", r"line 10: scenario\.margin: .*greater than 0"),
        ('id = "own"', 'id = "accuracy-gender"', r"line 16: the scenario id 'accuracy-gender' is"),
        ('id = "own"', 'id = "Own Plan"', r"line 16: scenario\.id: "),
        ('metric = "accuracy"', 'metric = "acuracy"', r"line 8: there is no metric .*'accuracy'"),
        ('label = "label"', 'lable = "label"', r"line 21: there is no option .*'label'"),
        ('probe = "gaps"\nmetric = "acc', 'probe = "gap"\nmetric = "acc', r"line 7: .*'gaps'"),
        ('schema = "avaudit.plan/1"', "", r"must say schema = \"avaudit\.plan/1\""),
        ('schema = "avaudit.plan/1"', 'schema = "other/2"', r"line 1: schema: "),
        ("seed = 7", "seed = ", r"not valid TOML: .*line 3"),
    ],
)
def test_wrong_plans_are_told_with_their_line(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=says):
        read_plan(put(tmp_path, GOOD.replace(old, new, 1)))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("seed = 7", "sed = 7").replace("margin = 0.05", "margin = -1")
    with pytest.raises(UsageError) as caught:
        read_plan(put(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_plan_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plan\.toml: the plan cannot be read"):
        read_plan(tmp_path / "plan.toml")


def test_the_schema_accepts_plans_and_refuses_others(tmp_path: Path) -> None:
    import tomllib

    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    good = tomllib.loads(GOOD)
    check.validate(good)
    Plan.model_validate(good)
    for broken in (
        {**good, "sed": 1},
        {**good, "alpha": 0.9},
        {**good, "scenario": []},
        {key: value for key, value in good.items() if key != "schema"},
        {**good, "scenario": [{"id": "a"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check.validate(broken)


def manifest_text(n: int = 24) -> str:
    rows = [
        f"{i}.wav,{i % 2},{'fm'[i % 2]},{'abc'[i % 3]},{'test' if i < 20 else 'train'}\n"
        for i in range(n)
    ]
    return "path,label,group.gender,group.accent,split\n" + "".join(rows)


def test_a_plan_that_fits(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(manifest_text())
    plan, _ = read_plan(put(tmp_path, GOOD))
    manifest = read_manifest(tmp_path / "m.csv")
    assert check_plan(plan, manifest) == []
    (caution,) = plan_cautions(plan, manifest)
    assert caution.startswith("scenario 'own': fewer than two groups of gender × accent")
    assert "f × a 4" in caution


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["gender"]', '["gendre"]', "called 'gendre'; did you mean 'gender'"),
        ("margin = 0.05", 'control = ["age"]', "called 'age'; there are: gender, accent"),
        ('split = ["test", "dev"]', 'split = "final"', "no row has split = final"),
        ('split = ["test", "dev"]', 'splt = "test"', "no column 'splt'; did you mean 'split'"),
    ],
)
def test_a_plan_that_does_not_fit(old: str, new: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(manifest_text())
    plan, _ = read_plan(put(tmp_path, GOOD.replace(old, new, 1)))
    (problem,) = check_plan(plan, read_manifest(tmp_path / "m.csv"))
    assert problem.startswith("scenario 'accuracy-gender': ")
    assert says in problem


def test_a_probe_for_another_shape(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("left,right,label,left.group.gender,split\na,b,1,f,test\n")
    plan, _ = read_plan(put(tmp_path, GOOD))
    problems = check_plan(plan, read_manifest(tmp_path / "t.csv"))
    assert (
        "scenario 'accuracy-gender': the probe 'gaps' works on clips; this manifest holds"
        in (problems[0])
    )
