"""Policy files: what is wrong with one is said with file, line and what was meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from avaudit.errors import UsageError
from avaudit.policy import (
    PROFILES,
    PolicyFile,
    cautions_of,
    explained,
    policy_schema,
    profile_text,
    read_policy,
)
from avaudit.policy.model import RULES
from avaudit.policy.read import parse_policy

Policy = Callable[..., PolicyFile]
RULE = '[[rule]]\nid = "a"\nkind = "evidence"\ndetectors = ["speech.*"]\nmax_log10_lr = 2\n'


def wrong(policy: Policy, text: str, **more: str) -> str:
    with pytest.raises(UsageError) as told:
        policy(text, **more)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            RULE.replace("max_log10_lr", "max_log10_l"),
            "policy.toml, line 3: 'max_log10_lr' is missing\n"
            "policy.toml, line 7: there is no key 'max_log10_l'; did you mean 'max_log10_lr'?",
        ),
        (
            RULE.replace('"evidence"', '"evidense"'),
            "policy.toml, line 5: there is no kind of rule 'evidense'; did you mean 'evidence'?",
        ),
        (
            '[[rule]]\nid = "a"\nkind = "provenance"\nintegrity = ["valid", "abscent"]\n',
            "policy.toml, line 6: integrity: there is no value 'abscent'; did you mean 'absent'?",
        ),
        (
            RULE + 'declared = "genrated"\n',
            "policy.toml, line 8: declared: there is no value 'genrated'; "
            "did you mean 'generated'?",
        ),
        (
            RULE + RULE,
            "policy.toml, line 9: the rule id 'a' is used twice",
        ),
        (
            "[declared]\nreel = []\n" + RULE,
            "policy.toml, line 4: there is no key 'reel'; did you mean 'real'?",
        ),
        (
            "alpa = 0.1\n" + RULE,
            "policy.toml, line 3: there is no key 'alpa'; did you mean 'alpha'?",
        ),
        (
            '[[rule]]\nid = "a"\nkind = "worst-group"\nmetric = "fnr"\n',
            "policy.toml, line 3: say either at_most or at_least",
        ),
        (
            '[[rule]]\nid = "a"\nkind = "quality"\nmetric = "clr"\nat_most = 1\n',
            "policy.toml, line 6: metric: there is no value 'clr'; did you mean 'cllr'?",
        ),
        (
            "[[rule]]\nid = \"a\"\nkind = \"metadata\"\n",
            "policy.toml, line 3: say forbid or require",
        ),
    ],
)  # fmt: skip
def test_typos_verbatim(policy: Policy, text: str, message: str) -> None:
    assert wrong(policy, text) == message


def test_a_rule_without_kind_says_which_there_are(policy: Policy) -> None:
    told = wrong(policy, '[[rule]]\nid = "a"\n')
    assert told.startswith("policy.toml, line 3: the rule has no kind; there are: provenance, ")


def test_all_problems_at_once(policy: Policy) -> None:
    told = wrong(policy, RULE.replace("2", '"two"') + RULE.replace('"evidence"', '"x"'))
    assert len(told.splitlines()) == 2


def test_empty_ones(policy: Policy) -> None:
    assert wrong(policy, "rule = []\n") == "policy.toml, line 3: there is no [[rule]]"
    assert wrong(policy, "") == "policy.toml: there is no [[rule]]"
    empty = RULE.replace('["speech.*"]', "[]")
    assert wrong(policy, empty) == "policy.toml, line 6: detectors: at least one is needed"


def test_the_schema_must_be_said(policy: Policy) -> None:
    told = wrong(policy, RULE, head='name = "n"\n')
    assert told == 'policy.toml: the policy must say schema = "avaudit.policy/1"'


def test_broken_toml_and_missing_files(policy: Policy, tmp_path: Path) -> None:
    assert "not valid TOML" in wrong(policy, "[[rule")
    with pytest.raises(UsageError, match="the policy cannot be read"):
        read_policy(tmp_path / "none.toml")


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "p.toml"
    path.write_text(profile_text("upload-scan"))
    assert read_policy(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_parse_and_explain_themselves(name: str) -> None:
    text = profile_text(name)
    read = parse_policy(text.encode(), Path(f"{name}.toml"))
    assert read.policy.name == name
    assert cautions_of(read.policy) == []
    lines = explained(read.policy)
    for rule in read.policy.rule:
        (line,) = [n for n, said in enumerate(lines) if said.startswith(f"{rule.id} (")]
        assert lines[line + 1].startswith("    For every ")
    assert text.count("#") > 5


@pytest.mark.parametrize("name", PROFILES)
def test_commented_rules_of_profiles_are_sound_too(name: str) -> None:
    lines = profile_text(name).splitlines()
    for n, line in enumerate(lines):
        is_key = line.startswith(
            ("# [[", "# id =", "# kind =", "# metric =", "# at_most =", "# labels =")
        )
        lines[n] = line.removeprefix("# ") if is_key else line
    parse_policy("\n".join(lines).encode(), Path(name))


def test_unknown_profiles() -> None:
    with pytest.raises(UsageError, match="did you mean 'upload-scan'"):
        profile_text("upload-scna")


def test_what_may_not_be_meant(policy: Policy) -> None:
    rule = RULE.replace("speech.*", "speech.sythetic") + 'declared = "real"\n'
    told = cautions_of(policy(rule).policy)
    assert told == [
        "rule 'a': there is no detector 'speech.sythetic'; did you mean 'speech.synthetic'?",
        "rule 'a': it is about files declared real, and [declared] names none, so it concerns "
        "nothing",
    ]


def test_explained_says_limits_and_the_exceptions(policy: Policy) -> None:
    only = 'match = ["*.wav"]\nunless = ["*old*"]\nmedia = ["audio/*"]\n'
    text = f'{RULE}{only}tolerate = 0.01\nnote = "since"\n'
    lines = "\n".join(explained(policy(text).policy))
    assert (
        "For every file named like *.wav unless named like *old* of type audio/*: the log10 "
        "likelihood ratio of speech.* is below 2 (where a detector abstains, the file is "
        "undecided)." in lines
    )
    assert "Up to 1 % of the files may fail." in lines
    assert "Why: since" in lines


def test_the_json_schema_knows_all_kinds() -> None:
    told = policy_schema()
    assert told["required"][0] == "schema"
    assert set(told["properties"]["rule"]["items"]["discriminator"]["mapping"]) == set(RULES)
