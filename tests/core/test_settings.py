"""Settings: file, environment and flags in their order, and errors that name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from avaudit.confinement import Limits
from avaudit.errors import UsageError
from avaudit.settings import Settings, load_settings


def load(
    folder: Path, text: str = "", overrides: dict[str, Any] | None = None, **environment: str
) -> Settings:
    (folder / "avaudit.toml").write_text(text, encoding="utf-8")
    return load_settings(overrides, start=folder, environment=environment)


def test_built_in_limits_are_those_of_the_core(tmp_path: Path) -> None:
    assert load(tmp_path).limits.to_limits() == Limits()


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    text = 'workers = 1\nout = "from-file"\nformat = ["json"]\n'
    settings = load(
        tmp_path, text, {"workers": 3, "out": None}, AVAUDIT_WORKERS="2", AVAUDIT_OUT="from-env"
    )
    assert (settings.workers, settings.out, settings.format) == (3, "from-env", ["json"])


def test_limits_are_merged_key_by_key(tmp_path: Path) -> None:
    text = "[limits]\ncpu_seconds = 7\nopen_files = 99\n"
    settings = load(tmp_path, text, AVAUDIT_LIMITS_CPU_SECONDS="9")
    assert (settings.limits.cpu_seconds, settings.limits.open_files) == (9.0, 99)


def test_lists_in_the_environment_are_split(tmp_path: Path) -> None:
    assert load(tmp_path, AVAUDIT_FORMAT=" json, html,").format == ["json", "html"]


def test_the_file_is_found_upward(tmp_path: Path) -> None:
    (tmp_path / "avaudit.toml").write_text("workers = 5\n", encoding="utf-8")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert load_settings(start=deep, environment={}).workers == 5


def test_pyproject_is_read_where_it_has_the_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.avaudit]\nworkers = 4\n", encoding="utf-8")
    assert load_settings(start=tmp_path, environment={}).workers == 4


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"avaudit\.toml: .*not valid TOML.*line 2"):
        load(tmp_path, "workers = 1\nout = = 3\n")


def test_an_unknown_key_names_the_line_and_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"avaudit\.toml, line 3: .*did you mean 'workers'\?"):
        load(tmp_path, '# comment\nout = "x"\nworker = 2\n')
    with pytest.raises(UsageError, match=r"line 2: .*did you mean 'cpu_seconds'\?"):
        load(tmp_path, "[limits]\ncpu_second = 2\n")


@pytest.mark.parametrize(
    "text", ["workers = -1\n", 'engine = "cloud"\n', 'confinement = "off"\n', "format = 3\n"]
)
def test_bad_values_are_named_with_their_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"avaudit\.toml, line 1: {text.split(maxsplit=1)[0]}"):
        load(tmp_path, text)


def test_a_bad_value_in_the_environment_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^setting workers: "):
        load(tmp_path, 'out = "x"\n', AVAUDIT_WORKERS="many")
