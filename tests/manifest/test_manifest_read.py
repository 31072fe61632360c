"""CSV, JSON lines and Parquet give the same table, and errors say where."""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from avaudit.errors import UsageError
from avaudit.manifest import Shape, numbers, read_manifest, select


def put(folder: Path, text: str, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def as_csv(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "m.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_jsonl(folder: Path, rows: list[dict[str, object]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return put(folder, text, "m.jsonl")


def as_parquet(folder: Path, rows: list[dict[str, object]]) -> Path:
    pd.DataFrame(rows).to_parquet(folder / "m.parquet")
    return folder / "m.parquet"


words = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), max_size=8
)
rows_of_any_kind = st.lists(
    st.fixed_dictionaries(
        {
            "path": words,
            "label": st.sampled_from([0, 1]),
            "identity": st.integers(0, 99).map(str),
            "group.gender": st.sampled_from(["female", "male", "", "7"]),
            "score": st.none() | st.floats(-1e6, 1e6),
            "remark": words.map(lambda text: f"<{text}>"),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_any_kind)
def test_the_three_formats_give_the_same_table(rows: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        writers = (as_csv, as_jsonl, as_parquet)
        tables = [read_manifest(write(Path(place), rows)) for write in writers]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table.frame, tables[0].frame)
    assert tables[0].frame["remark"].tolist() == [row["remark"] for row in rows]
    scores = [np.nan if row["score"] is None else row["score"] for row in rows]
    np.testing.assert_array_equal(numbers(tables[0], "score"), np.array(scores, float))


def test_what_a_manifest_knows_of_its_file(tmp_path: Path) -> None:
    path = put(tmp_path, "path,group.age,group.age.source\na.wav,30,annotated\n")
    manifest = read_manifest(path)
    assert manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest.shape, manifest.groups, manifest.line(0)) == (Shape.CLIPS, ("age",), 2)
    assert manifest.frame["group.age"].tolist() == ["30"], "groups are text"


def test_trials_and_lines_after_a_selection(tmp_path: Path) -> None:
    path = put(tmp_path, "left,right,label\na,b,1\nc,d,0\ne,f,1\n")
    manifest = read_manifest(path)
    assert manifest.shape is Shape.TRIALS
    part = select(manifest, {"label": "1"})
    assert part.frame["left"].tolist() == ["a", "e"]
    assert [part.line(row) for row in range(len(part))] == [2, 4]
    assert select(part, {"left": "e"}).line(0) == 4


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", "", "-3e2", "+4", "nan"], "number"),
        (["007", "012"], "text"),
        (["1", "two"], "text"),
        (["", ""], "text"),
        (["nan", ""], "text"),
        (["1", "inf"], "number"),
    ],
)
def test_which_columns_are_numbers(tmp_path: Path, cells: list[str], kind: str) -> None:
    path = put(tmp_path, "path,x\n" + "".join(f"a{i},{c}\n" for i, c in enumerate(cells)))
    column = read_manifest(path).frame["x"]
    assert (column.dtype.kind == "f") == (kind == "number")


def test_labels_may_be_true_and_false(tmp_path: Path) -> None:
    manifest = read_manifest(put(tmp_path, "path,label\na,True\nb,false\nc,\n"))
    np.testing.assert_array_equal(numbers(manifest, "label"), [1.0, 0.0, np.nan])


def test_quotes_newlines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = put(tmp_path, '\ufeffpath,note\na.wav,"one, two\nthree ""four"""\nb.wav,\n')
    frame = read_manifest(path).frame
    assert frame["note"].tolist() == ['one, two\nthree "four"', ""]
    assert list(frame.columns) == ["path", "note"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.csv", "path,label\na.wav,1\nb.wav,1,extra\n", r"m\.csv, line 3: 3 values where .* 2"),
        ("m.csv", "path,label\n\na.wav\n", r"line 3: 1 values"),
        ("m.csv", "path,label,label\na,1,1\n", r"column 'label' is there twice"),
        ("m.csv", "file,label\na.wav,1\n", r"clips need one of path, .*Columns found: file, label"),
        ("m.csv", "left,label\na.wav,1\n", r"none called 'right'"),
        ("m.csv", "path,label\n", r"no rows"),
        ("m.csv", "", r"is empty"),
        ("m.jsonl", '{"path": "a"}\n{"path": \n', r"m\.jsonl, line 2: this is no JSON"),
        ("m.jsonl", '{"path": "a"}\n["a"]\n', r"line 2: each line must be one JSON object"),
        ("m.parquet", "no parquet", r"no readable Parquet file"),
        ("m.xlsx", "x", r"ends in \.csv, \.jsonl, \.parquet"),
    ],
)
def test_errors_say_where_and_what(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_manifest(put(tmp_path, text, name))


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"path,g\na.wav,x\nb.wav,\xe9t\xe9\n")
    with pytest.raises(UsageError, match=r"line 3: the text is not UTF-8 \(byte 0xe9\)"):
        read_manifest(tmp_path / "m.csv")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv: the manifest cannot be read"):
        read_manifest(tmp_path / "nowhere.csv")


def test_embedded_bytes_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"path": ["a"], "image": [b"\x00"]}).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(UsageError, match="column 'image': it holds bytes"):
        read_manifest(tmp_path / "m.parquet")
