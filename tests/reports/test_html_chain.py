"""The manifest chain: any graph ends, nothing overlaps, nothing is lost."""

from itertools import pairwise
from typing import Any

import pytest

from avaudit.reports.html.chain import Chain, chain_of


def manifest(label: str, *parts: str, **more: Any) -> dict[str, Any]:
    ingredients = [{"title": f"part {p}", "relationship": "parentOf", "manifest": p} for p in parts]
    return {"label": label, "title": f"title {label}", "ingredients": ingredients, **more}


def chain(*manifests: dict[str, Any], active: str = "a") -> Chain:
    found = chain_of({"manifests": list(manifests), "active_manifest": active}, {})
    assert found is not None
    return found


def texts(found: Chain) -> list[str]:
    return [line.text for box in found.boxes for line in box.lines]


@pytest.mark.parametrize("facts", [{}, {"manifests": []}, {"manifests": "x"}, {"manifests": [1]}])
def test_no_chain(facts: dict[str, Any]) -> None:
    assert chain_of(facts, {}) is None


def test_active_manifest_stands_on_top() -> None:
    found = chain(manifest("b"), manifest("a", "b"))
    assert [box.active for box in found.boxes] == [True, False]
    assert found.boxes[0].lines[0].text == "1. title a"
    assert found.links[0].label == "was opened and edited (parentOf)"


def test_without_a_stated_active_manifest_the_top_of_the_graph_is_taken() -> None:
    found = chain_of({"manifests": [manifest("b"), manifest("a", "b")]}, {})
    assert found is not None
    assert found.boxes[0].lines[0].text == "1. title a"


@pytest.mark.parametrize(
    "manifests",
    [
        [manifest("a", "a")],
        [manifest("a", "b"), manifest("b", "a")],
        [manifest("a", "b", "c"), manifest("b", "c", "a"), manifest("c", "a", "b")],
    ],
)
def test_loops_end_and_are_named(manifests: list[dict[str, Any]]) -> None:
    found = chain(*manifests)
    assert sum(box.role == "manifest" for box in found.boxes) == len(manifests)
    assert any("a loop" in text for text in texts(found))


def test_shared_ingredient_is_drawn_once() -> None:
    found = chain(manifest("a", "b", "c"), manifest("b", "d"), manifest("c", "d"), manifest("d"))
    assert sum("title d" in text for text in texts(found)) == 1
    assert "manifest 3, drawn above" in texts(found)


def test_every_manifest_is_drawn_even_if_nothing_links_to_it() -> None:
    found = chain(manifest("a"), manifest("x"))
    assert "not linked from the active manifest" in texts(found)


@pytest.mark.parametrize("breadth", [1, 2, 49])
def test_fifty_manifests(breadth: int) -> None:
    labels = ["a", *[f"m{n}" for n in range(49)]]
    tree = {label: labels[1 + n * breadth :][:breadth] for n, label in enumerate(labels)}
    found = chain(*[manifest(label, *parts) for label, parts in tree.items()])
    assert sum(box.role == "manifest" for box in found.boxes) == 50
    assert all(upper.y + upper.h < lower.y for upper, lower in pairwise(found.boxes))
    assert all(box.x >= 0 and box.x + box.w <= found.width for box in found.boxes)
    assert found.boxes[-1].y + found.boxes[-1].h <= found.height
    assert len(found.links) == 49


def test_more_manifests_than_fit_are_said() -> None:
    found = chain(manifest("a"), *[manifest(f"m{n}") for n in range(200)])
    assert len(found.boxes) == 60
    assert found.note == "141 more manifests are listed in report.json."


def test_deep_chain_does_not_recurse_without_end() -> None:
    many = [manifest(f"m{n}", f"m{n + 1}") for n in range(5000)]
    assert len(chain(manifest("a", "m0"), *many).boxes) == 60


def test_problems_and_ai_signals_are_marked() -> None:
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    action = {"action": "c2pa.created", "digitalSourceType": source, "softwareAgent": "Maker"}
    part = {"title": "p", "manifest": "b", "problems": ["ingredient.manifest.mismatch"]}
    top = {"label": "a", "ingredients": [part], "problems": ["assertion.dataHash.mismatch"]}
    found = chain(top, manifest("b", actions=[action]))
    tones = {(line.tone, line.text) for box in found.boxes for line in box.lines}
    assert ("problem", "assertion.dataHash.mismatch") in tones
    assert ("problem", "ingredient.manifest.mismatch") in tones
    assert ("ai", "made by a trained model") in tones
    assert ("plain", "created (trainedAlgorithmicMedia) by Maker") in tones
    assert found.links[0].problem


def test_plain_actions_share_a_line() -> None:
    names = [
        "c2pa.opened",
        "c2pa.opened",
        {"action": "c2pa.placed"},
        {"action": "c2pa.edited", "softwareAgent": "E"},
    ]
    assert {"opened 2×, placed", "edited by E"} <= set(
        texts(chain({"label": "a", "actions": names}))
    )


@pytest.mark.parametrize(("trust", "shown"), [("untrusted", "S (not trusted)"), ("unknown", "S")])
def test_signers_are_judged_only_where_there_is_a_list(trust: str, shown: str) -> None:
    facts = {"trust": trust, "manifests": [{"label": "a", "signer": "S", "trusted": False}]}
    found = chain_of(facts, {})
    assert found is not None
    assert shown in texts(found)


def test_ingredients_without_manifest() -> None:
    top = {"label": "a", "ingredients": [{"title": "p"}, {"manifest": "gone"}]}
    assert {"carries no manifest", "its manifest is not in the file"} <= set(texts(chain(top)))


def test_odd_shapes_are_read_as_far_as_possible() -> None:
    odd = {
        "label": 7,
        "actions": "x",
        "ingredients": [1, None, {"title": {"name": "n"}}],
        "problems": [{"code": "c"}, None],
        "signed_at": 12,
        "claim_generator": {"name": "g"},
    }
    found = chain_of({"manifests": [odd, {}], "active_manifest": ["x"]}, {})
    assert found is not None
    assert {"n", "c", "g"} <= set(texts(found))


def test_long_texts_are_cut_to_the_box() -> None:
    for letter in ("x", "漢"):
        wide = chain({"label": "a", "title": letter * 500}).boxes[0].lines[0].text
        assert wide.endswith("…")
        assert len(wide) < 80


def test_thumbnails_are_drawn_where_they_are_known() -> None:
    facts = {"manifests": [manifest("a", thumbnail="t.jpg")], "active_manifest": "a"}
    found = chain_of(facts, {"t.jpg": "data:image/jpeg;base64,"})
    assert found is not None
    assert found.boxes[0].picture
    assert found.pictures == {"t.jpg"}
