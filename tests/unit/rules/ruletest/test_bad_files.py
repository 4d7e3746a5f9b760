"""Mistakes in rule tests: each bad file stands beside its exact messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.errors import RuleError
from segue_rules.ruletest import load_tests

BAD = Path(__file__).with_name("bad")
FILES = sorted(path.name for path in BAD.glob("*.test.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_every_mistake_of_a_file_is_reported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    expected = Path(name.replace(".test.yaml", ".txt")).read_text(encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_tests(name)
    assert f"{caught.value}\n" == expected


def test_there_is_a_message_for_every_file_and_a_file_for_every_message() -> None:
    messages = sorted(path.stem for path in BAD.glob("*.txt"))
    assert messages == [name.removesuffix(".test.yaml") for name in FILES]


def test_a_missing_file() -> None:
    with pytest.raises(RuleError, match=r"nowhere\.test\.yaml:1:1: no such file"):
        load_tests("nowhere.test.yaml")
