"""Each kind of problem, planted and found; and a clean data set without any."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from avaudit.manifest import read_manifest
from avaudit.manifest.lint import Code, Problem, lint

PER_CELL = 90


def clean_clips() -> pd.DataFrame:
    """Two groups, two classes, one clip per person; nothing tells the classes apart."""
    n = 4 * PER_CELL
    row = np.arange(n)
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "path": [f"clips/{i:04d}.wav" for i in row],
            "label": row % 2,
            "identity": [f"p{i:04d}" for i in row],
            "split": np.where(row < n // 2, "train", "test"),
            "group.gender": np.where((row // 2) % 2 == 0, "female", "male"),
            "group.gender.source": "annotated",
            "method": np.where(row % 2, "vocoder " + pd.Series((row % 5).astype(str)), "none"),
            "seconds": rng.normal(3.0, 0.2, n).round(2),
            "source": rng.choice(["site a", "site b", "site c"], n),
        }
    )


def clean_trials() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    people = 400
    gender = np.where(np.arange(people) % 2 == 0, "female", "male")
    rows = []
    for person in range(people):
        other = (person + 2 * int(rng.integers(1, people // 2))) % people
        for label, right in ((1, person), (0, other)):
            rows.append(
                {
                    "left": f"face/{person}.jpg",
                    "right": f"voice/{right}.wav",
                    "label": label,
                    "left.identity": f"p{person}",
                    "right.identity": f"p{right}",
                    "left.group.gender": gender[person],
                    "right.group.gender": gender[right],
                    "control": "gender",
                    "score": round(rng.normal(label, 0.1), 3),
                }
            )
    return pd.DataFrame(rows)


def problems_of(table: pd.DataFrame, folder: Path, *, files: bool = False) -> list[Problem]:
    table.to_csv(folder / "m.csv", index=False)
    return lint(read_manifest(folder / "m.csv"), files=files)


def only(problems: list[Problem], code: Code) -> Problem:
    assert [problem.code for problem in problems] == [code], problems
    return problems[0]


@pytest.mark.parametrize("make", [clean_clips, clean_trials])
def test_a_clean_table_has_no_problem(make: object, tmp_path: Path) -> None:
    assert problems_of(make(), tmp_path) == []  # type: ignore[operator]


def test_an_identity_in_two_splits(tmp_path: Path) -> None:
    table = clean_clips()
    table.loc[0, "identity"] = table.loc[2 * PER_CELL, "identity"]
    found = only(problems_of(table, tmp_path), Code.IDENTITY_LEAK)
    assert (found.column, found.rows) == ("identity", 2)
    assert found.examples == ("p0180: test, train",)


def test_a_trial_identity_in_two_splits(tmp_path: Path) -> None:
    table = clean_trials()[lambda t: t["label"] == 1].reset_index(drop=True)
    table["split"] = np.where(table.index < 200, "train", "test")
    assert Code.IDENTITY_LEAK not in {p.code for p in problems_of(table, tmp_path)}
    table.loc[0, "right.identity"] = "p300"
    codes = {p.code: p for p in problems_of(table, tmp_path)}
    assert codes[Code.IDENTITY_LEAK].examples == ("p300: test, train",)


def test_negatives_that_break_their_claim(tmp_path: Path) -> None:
    table = clean_trials()
    negatives = np.flatnonzero(table["label"] == 0)[:3]
    turned = {"female": "male", "male": "female"}
    wrong = table.loc[negatives[:2], "right.group.gender"].map(turned)
    table.loc[negatives[:2], "right.group.gender"] = wrong
    table.loc[negatives[2], "right.group.gender"] = ""
    table.loc[negatives[:3], "right.identity"] = ["x1", "x2", "x3"]
    found = only(problems_of(table, tmp_path), Code.CROSS_GROUP_LEAK)
    assert (found.column, found.rows) == ("group.gender", 2)
    assert "2 of 400 negatives; 1 more have an unknown side" in found.text


def test_a_list_that_claims_nothing_may_mix_groups(tmp_path: Path) -> None:
    table = clean_trials()
    table.loc[table.index[:50], "control"] = ""
    table.loc[1, "right.group.gender"] = "male"
    table.loc[1, "right.identity"] = "x1"
    assert problems_of(table, tmp_path) == []


def test_a_number_that_tells_the_classes_apart(tmp_path: Path) -> None:
    table = clean_clips()
    table["seconds"] += 0.3 * table["label"]
    found = only(problems_of(table, tmp_path), Code.LABEL_SHORTCUT)
    assert found.column == "seconds"
    assert "higher for label 1" in found.text


def test_a_source_that_tells_the_classes_apart(tmp_path: Path) -> None:
    table = clean_clips()
    rng = np.random.default_rng(3)
    fake = table["label"] == 1
    table.loc[fake, "source"] = rng.choice(["site a", "site b"], int(fake.sum()), p=[0.9, 0.1])
    table.loc[~fake, "source"] = rng.choice(["site b", "site c"], int((~fake).sum()))
    found = only(problems_of(table, tmp_path), Code.LABEL_SHORTCUT)
    assert found.column == "source"
    assert "guessing from it is right for" in found.text


def test_a_rate_with_levels_in_no_order(tmp_path: Path) -> None:
    table = clean_clips()
    row = np.arange(len(table))
    table["native_rate"] = np.where(table["label"] == 1, 22050, np.where(row % 4, 16000, 44100))
    found = only(problems_of(table, tmp_path), Code.LABEL_SHORTCUT)
    assert found.column == "native_rate"


def test_what_says_the_answer_is_no_shortcut(tmp_path: Path) -> None:
    table = clean_clips()
    table["how_made"] = table["method"]  # one level is the whole of one class
    table["is_fake"] = np.where(table["label"] == 1, "yes", "no")
    table["score"] = table["label"] * 0.9
    table["pair_id"] = np.where(table["label"] == 1, "x", "y")
    assert problems_of(table, tmp_path) == []


@pytest.mark.parametrize("column", ["site", "codec", "group.gender"])
def test_a_category_that_is_the_label_by_another_name(column: str, tmp_path: Path) -> None:
    table = clean_clips()
    table[column] = np.where(table["label"] == 1, "b", "a")
    found = problems_of(table, tmp_path)
    assert (found[0].code, found[0].column) == (Code.LABEL_SHORTCUT, column)
    assert "right for 100% of rows" in found[0].text


def test_noise_columns_seldom_raise_a_shortcut(tmp_path: Path) -> None:
    table = clean_clips()
    rng = np.random.default_rng(4)
    for number in range(60):
        table[f"noise_{number}"] = rng.normal(size=len(table)).round(4)
        table[f"letter_{number}"] = rng.choice(list("abcdefgh"), len(table))
    assert problems_of(table, tmp_path) == []


def test_small_groups_are_told_with_the_gap_they_show(tmp_path: Path) -> None:
    table = clean_clips()
    table.loc[:23, "group.gender"] = "other"
    found = only(problems_of(table, tmp_path), Code.GROUP_TOO_SMALL)
    assert found.rows == 24
    points = 100 * gap_by_formula(84, 12)
    said = f"other, label 0: 12 rows of 12 identities, shows a gap from {points:.0f} points"
    assert found.examples[0] == said


def gap_by_formula(n1: int, n2: int) -> float:
    """Two proportions, 0.9 against less: the first gap on a fine grid that exceeds its need."""
    z_alpha, z_beta = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
    gap = np.arange(0.0001, 0.9, 0.0001)
    p2 = 0.9 - gap
    pooled = (n1 * 0.9 + n2 * p2) / (n1 + n2)
    need = z_alpha * np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    need += z_beta * np.sqrt(0.09 / n1 + p2 * (1 - p2) / n2)
    return float(gap[np.argmax(gap >= need)])


def test_a_group_of_one_level_cannot_be_compared(tmp_path: Path) -> None:
    table = clean_clips()
    table["group.gender"] = "female"
    found = only(problems_of(table, tmp_path), Code.GROUP_TOO_SMALL)
    assert "only the level 'female'" in found.text


def test_few_people_with_many_clips_are_a_small_group(tmp_path: Path) -> None:
    table = clean_clips()
    table["identity"] = "p" + (np.arange(len(table)) % 8).astype(str)
    table["group.gender"] = np.where(np.arange(len(table)) % 8 < 4, "female", "male")
    table = table.drop(columns="split")
    found = only(problems_of(table, tmp_path), Code.GROUP_TOO_SMALL)
    assert "90 rows of 2 identities" in found.examples[0]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("label", "2", "numeric labels are 0"),
        ("label", "fake", "labels are 0 or 1 here"),
        ("label", "", "without a label"),
        ("path", "", "path is empty"),
        ("seconds", "long", "read as text"),
        ("seconds", "inf", "infinite"),
        ("group.gender", "Female", "written in several ways"),
        ("group.gender", "female ", "written in several ways"),
        ("group.gender", "unknown", "not known"),
        ("split", " train", "written in several ways"),
        ("group.gender.source", "guessed", "one of self-reported, annotated, predicted"),
    ],
)
def test_values_that_cannot_be_meant(column: str, value: str, says: str, tmp_path: Path) -> None:
    table = clean_clips().astype(str)
    table.loc[3, column] = value
    found = problems_of(table, tmp_path)
    mine = [p for p in found if p.code is Code.BAD_VALUE]
    assert [(p.column, p.rows) for p in mine] == [(column, 1)], found
    assert says in mine[0].text
    assert mine[0].examples[0].startswith("line 5: ")


def test_a_person_of_two_genders(tmp_path: Path) -> None:
    table = pd.concat([clean_clips(), clean_clips()], ignore_index=True)
    table["path"] = [f"{i}.wav" for i in range(len(table))]
    assert problems_of(table, tmp_path) == []
    table.loc[0, "group.gender"] = "male"
    found = only(problems_of(table, tmp_path), Code.BAD_VALUE)
    assert found.examples == ("p0000: female, male",)
    table["group.gender"] = np.where(table.index % 3 == 0, "female", "male")
    assert problems_of(table, tmp_path) == [], "a group of the recording may vary"


def test_a_file_against_itself_and_an_unknown_control(tmp_path: Path) -> None:
    table = clean_trials()
    table.loc[0, "right"] = table.loc[0, "left"]
    table.loc[1, "control"] = "gender,age"
    found = problems_of(table, tmp_path)
    assert [(p.code, p.column) for p in found] == [
        (Code.BAD_VALUE, "left"),
        (Code.BAD_VALUE, "control"),
    ]


def test_the_same_clip_twice(tmp_path: Path) -> None:
    table = clean_clips()
    table.loc[5, "path"] = "./" + table.loc[0, "path"]
    found = only(problems_of(table, tmp_path), Code.DUPLICATE)
    assert found.rows == 1
    assert "1 of them with a different label" in found.text
    assert found.examples == ("line 7: ./clips/0000.wav (first on line 2)",)


def test_the_same_trial_mirrored(tmp_path: Path) -> None:
    table = clean_trials()
    mirrored = table.loc[[4]].rename(
        columns=lambda c: c.replace("left", "·").replace("right", "left").replace("·", "right")
    )
    table = pd.concat([table, mirrored[table.columns]], ignore_index=True)
    found = only(problems_of(table, tmp_path), Code.DUPLICATE)
    assert found.examples[0].endswith("(first on line 6)")


def tone(path: Path, *, rate: int, seed: int, seconds: float = 0.1) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-9000, 9000, int(seconds * rate))
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def recordings(folder: Path, rates: tuple[int, int]) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for number in range(40):
        label = number % 2
        name = f"clips/{number:02d}.wav"
        seconds = float(rng.uniform(0.1, 0.2)) * 16000 / rates[label]
        tone(folder / name, rate=rates[label], seed=number, seconds=seconds)
        rows.append({"path": name, "label": label})
    return pd.DataFrame(rows)


def test_clean_files_have_no_problem(tmp_path: Path) -> None:
    assert problems_of(recordings(tmp_path, (16000, 16000)), tmp_path, files=True) == []


def test_a_rate_in_the_headers_that_tells_the_classes_apart(tmp_path: Path) -> None:
    table = recordings(tmp_path, (16000, 24000))
    found = problems_of(table, tmp_path, files=True)
    assert {p.code for p in found} == {Code.LABEL_SHORTCUT}
    columns = {p.column for p in found}
    assert "file:sample_rate" in columns
    assert "file:size_bytes" not in columns
    assert problems_of(table, tmp_path, files=False) == []


def test_missing_files_copies_and_files_that_are_no_media(tmp_path: Path) -> None:
    table = recordings(tmp_path, (16000, 16000))
    (tmp_path / "clips/00.wav").unlink()
    (tmp_path / "clips/03.wav").write_bytes((tmp_path / "clips/01.wav").read_bytes())
    (tmp_path / "clips/05.wav").write_bytes(b"no media at all")
    found = problems_of(table, tmp_path, files=True)
    assert [p.code for p in found] == [Code.MISSING_FILE, Code.DUPLICATE]
    assert found[0].examples == ("line 2: clips/00.wav",)
    assert found[1].examples == ("clips/01.wav = clips/03.wav",)


def test_a_sample_of_the_files_is_said_to_be_one(tmp_path: Path) -> None:
    table = recordings(tmp_path, (16000, 24000))
    table.to_csv(tmp_path / "m.csv", index=False)
    found = lint(read_manifest(tmp_path / "m.csv"), max_files=30)
    assert "read from 30 of 40 files" in found[0].text


def test_trials_whose_positives_share_a_codec(tmp_path: Path) -> None:
    recordings(tmp_path, (16000, 24000))
    rows = []
    for number in range(0, 40, 2):
        same, other = (number + 2) % 40, (number + 1) % 40
        for right, label in ((same, 1), (other, 0)):
            names = {"left": f"clips/{number:02d}.wav", "right": f"clips/{right:02d}.wav"}
            rows.append({**names, "label": label})
    found = problems_of(pd.DataFrame(rows), tmp_path, files=True)
    assert "file:sample_rate, left against right" in {p.column for p in found}


def test_many_trials_are_linted_in_a_few_seconds(tmp_path: Path) -> None:
    n, people = 200_000, 2_000
    rng = np.random.default_rng(6)
    left, right = rng.integers(0, people, n), rng.integers(0, people, n)
    gender = np.array(["female", "male"])[np.arange(people) % 2]
    table = pd.DataFrame(
        {
            "left": pd.Series(left.astype(str)) + ".jpg",
            "right": pd.Series(right.astype(str)) + ".wav",
            "label": (left == right).astype(int),
            "left.group.gender": gender[left],
            "right.group.gender": gender[right],
            "control": "gender",
        }
    )
    table.to_parquet(tmp_path / "m.parquet")
    found = lint(read_manifest(tmp_path / "m.parquet"), files=False)
    leak = next(p for p in found if p.code is Code.CROSS_GROUP_LEAK)
    assert leak.rows == int(((left - right) % 2 != 0).sum())
