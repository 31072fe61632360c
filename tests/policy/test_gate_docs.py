"""What docs/gate.md says is so: its policy is read, and every key of every rule is named."""

import re
from pathlib import Path

from avaudit.policy import PROFILES, read_policy
from avaudit.policy.model import RULES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")


def test_the_policy_in_the_documentation(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "p.toml").write_text(block)
    assert [rule.kind for rule in read_policy(tmp_path / "p.toml").policy.rule] == [
        "provenance", "evidence", "drift",
    ]  # fmt: skip


def test_every_kind_key_and_profile_is_documented() -> None:
    for name in (*RULES, *PROFILES):
        assert f"| `{name}` |" in TEXT
    keys = {key for model in RULES.values() for key in model.model_fields}
    assert [key for key in sorted(keys) if f"`{key}`" not in TEXT] == []
