"""Groups, identities, files and labels of a manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avaudit.errors import UsageError
from avaudit.manifest import (
    Manifest,
    binary_labels,
    group_labels,
    identities,
    labels,
    numbers,
    paths,
    read_manifest,
    select,
    texts,
)


@pytest.fixture
def clips(tmp_path: Path) -> Manifest:
    (tmp_path / "m.csv").write_text(
        "path,audio_path,label,identity,group.gender,group.skin,age,score\n"
        "a.mp4,a.wav,1,ann,female,dark,30,0.5\n"
        "b.mp4,,0,bob,male,,41,oops\n"
        ",c.wav,2,,female,light,,0.1\n"
    )
    return read_manifest(tmp_path / "m.csv")


@pytest.fixture
def trials(tmp_path: Path) -> Manifest:
    (tmp_path / "t.csv").write_text(
        "left,right,label,left.identity,left.group.gender,right.group.gender,group.room\n"
        "f/a.jpg,v/a.wav,1,ann,female,male,hall\n"
        "/abs/b.jpg,v/a.wav,0,,male,,hall\n"
    )
    return read_manifest(tmp_path / "t.csv")


def test_groups_and_intersections(clips: Manifest) -> None:
    assert group_labels(clips, "gender").tolist() == ["female", "male", "female"]
    both = group_labels(clips, ("gender", "skin"))
    assert both.tolist() == ["female × dark", "", "female × light"]


def test_groups_of_the_sides_of_trials(trials: Manifest) -> None:
    assert trials.groups == ("gender", "room")
    assert group_labels(trials, "gender", "left").tolist() == ["female", "male"]
    assert group_labels(trials, ["gender"], "right").tolist() == ["male", ""]
    assert group_labels(trials, "room", "right").tolist() == ["hall", "hall"]
    with pytest.raises(UsageError, match="for each side"):
        group_labels(trials, "gender")


def test_an_unknown_group_names_the_nearest(clips: Manifest) -> None:
    with pytest.raises(UsageError, match="did you mean 'gender'"):
        group_labels(clips, "gendr")


def test_identities(clips: Manifest, trials: Manifest) -> None:
    found = identities(clips)
    assert found is not None
    assert found.tolist() == ["ann", "bob", ""]
    assert identities(trials, "right") is None
    assert identities(trials) is None


def test_paths_are_relative_to_the_manifest(clips: Manifest, trials: Manifest) -> None:
    folder = clips.folder
    assert paths(clips) == [folder / "a.mp4", folder / "b.mp4", folder / "c.wav"]
    assert paths(clips, "audio") == [folder / "a.wav", folder / "b.mp4", folder / "c.wav"]
    assert paths(trials, side="left") == [trials.folder / "f/a.jpg", Path("/abs/b.jpg")]
    with pytest.raises(UsageError, match=r"m\.csv, line 4: no video file is named"):
        paths(clips, "video")
    with pytest.raises(UsageError, match="two files per row"):
        paths(trials)


def test_labels(clips: Manifest, trials: Manifest) -> None:
    assert labels(clips).tolist() == [1.0, 0.0, 2.0]
    assert binary_labels(trials).tolist() == [1.0, 0.0]
    with pytest.raises(UsageError, match=r"line 4, column 'label': 2 is neither 0 nor 1"):
        binary_labels(clips)


def test_numbers_say_which_value_is_none(clips: Manifest) -> None:
    np.testing.assert_array_equal(numbers(clips, "age"), [30, 41, np.nan])
    with pytest.raises(UsageError, match=r"line 3, column 'score': 'oops' is no number"):
        numbers(clips, "score")
    with pytest.raises(UsageError, match="there is no column 'skore'; did you mean 'score'"):
        numbers(clips, "skore")


def test_whole_numbers_as_text_have_no_point(clips: Manifest) -> None:
    assert texts(clips, "age").tolist() == ["30", "41", ""]


def test_selecting(clips: Manifest) -> None:
    where = {"group.gender": ("female", "other"), "label": "2"}
    assert select(clips, where).frame["audio_path"].tolist() == ["c.wav"]
    assert len(select(clips, {})) == 3
    with pytest.raises(UsageError, match=r"no row has label = 3"):
        select(clips, {"label": "3"})
    with pytest.raises(UsageError, match="holds numbers, and 'one' is none"):
        select(clips, {"label": "one"})
