"""The machine's part of a card: everything else stays byte for byte."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from avaudit.card_writer import BEGIN, END, write_calibration
from avaudit.errors import AvauditError, UsageError

HAND = b'# a card\r\nname = "x"\n\n[question]\nh1 = "a"  # odd   spacing\n'
VALUES = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20).filter(lambda text: text.isprintable()),
    st.lists(st.floats(-1e3, 1e3), max_size=4),
)
TABLES = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable()),
    st.one_of(VALUES, st.dictionaries(st.sampled_from(["a", "b-c", "d e"]), VALUES, max_size=3)),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(first=TABLES, second=TABLES)
def test_tables_come_back_and_the_hand_written_part_stays(
    tmp_path_factory: pytest.TempPathFactory, first: dict, second: dict
) -> None:
    card = tmp_path_factory.mktemp("card") / "card.toml"
    card.write_bytes(HAND)
    for table in (first, second):
        write_calibration(card, table)
        data = card.read_bytes()
        assert data.startswith(HAND)
        assert data.count(BEGIN) == 1
        assert tomllib.loads(data.decode())["calibration"] == table


def test_what_follows_the_mark_stays_too(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_bytes(HAND)
    write_calibration(card, {"n": 1})
    card.write_bytes(card.read_bytes() + b"\n[mine]\nkept = true\n")
    write_calibration(card, {"n": 2})
    assert card.read_bytes().startswith(HAND)
    assert card.read_bytes().endswith(END + b"\n[mine]\nkept = true\n")


def test_another_date_alone_changes_nothing(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_bytes(HAND)
    assert write_calibration(card, {"date": "2026-01-01", "n": 1})
    before = card.read_bytes()
    assert not write_calibration(card, {"date": "2026-01-02", "n": 1})
    assert card.read_bytes() == before
    assert write_calibration(card, {"date": "2026-01-02", "n": 2})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HAND + b"[calibration]\nn = 1\n", "outside the marks"),
        (HAND + BEGIN + b"[calibration]\n", "mark that ends"),
        (b"name = \n", "not valid TOML"),
    ],
)
def test_cards_that_cannot_take_tables_are_left_alone(
    tmp_path: Path, content: bytes, said: str
) -> None:
    card = tmp_path / "card.toml"
    card.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        write_calibration(card, {"n": 2})
    assert card.read_bytes() == content


def test_no_infinite_number_and_no_missing_card(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    with pytest.raises(UsageError, match="cannot be read"):
        write_calibration(card, {"n": 2})
    card.write_bytes(HAND)
    with pytest.raises(AvauditError, match="finite"):
        write_calibration(card, {"n": float("inf")})
    assert card.read_bytes() == HAND
