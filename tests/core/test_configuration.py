"""Where in a TOML text a value stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from avaudit.configuration import line_of, read_toml
from avaudit.errors import UsageError

TEXT = """seed = 1
limits.cpu = 3

[a.b]
seed = 2
[[scenario]]
id = "x"
[scenario.options]
k = 1

[[scenario]]
id = "y"
"quoted key" = 2
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("seed",), 1),
        (("limits", "cpu"), 2),
        (("a", "b", "seed"), 5),
        (("scenario", 0, "id"), 7),
        (("scenario", 0, "options", "k"), 9),
        (("scenario", 1, "id"), 12),
        (("scenario", 1, "quoted key"), 13),
        (("scenario", 1, "missing"), 11),
        (("scenario", 0, "options"), 8),
        (("nowhere",), None),
    ],
)
def test_the_line_of_a_value(location: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, location) == line


def test_broken_toml_is_told_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = \n")
    with pytest.raises(UsageError, match=r"x\.toml: the file is not valid TOML: .*line 1"):
        read_toml(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_toml(tmp_path / "no.toml")
