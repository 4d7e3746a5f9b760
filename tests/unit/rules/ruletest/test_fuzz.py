"""Any test file either loads and runs or is refused with places. No other error is raised."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue_rules.director import Director
from segue_rules.errors import RuleError
from segue_rules.ruletest import failure_lines, load_tests, run_test
from segue_rules.ruletest.tables import ChangeTable, ExpectTable

MEADOW = Path(__file__).with_name("meadow.yaml")
NAMES = "place action field cave fight calm threat region win cheer grass tempo key music started at any 1s 2s 140bpm"
ODDITIES = ["true", "null", ".nan", "-1", "0.5", "[1s, 2s]", "{}", "[]", "[field, cave]", "{place: field}", "'>='"]
WORDS = st.sampled_from([*NAMES.split(), *ODDITIES])
VALUES = st.recursive(
    WORDS | st.sampled_from(['">= 0.5"', '"!= cave"', '"<"', "'on'", "-8dB", "2 bars"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(WORDS, inner, max_size=2).map(
            lambda items: f"{{{', '.join(f'{key}: {value}' for key, value in items.items())}}}"
        )
    ),
    max_leaves=4,
)
ITEMS = st.dictionaries(st.sampled_from([*ExpectTable.fields, *ChangeTable.fields]), VALUES, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fuzz")
    (path / "meadow.yaml").write_text(MEADOW.read_text())
    return path


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(item=ITEMS, when=st.sampled_from(["at: 1s", "during: [1s, 2s]", "between: [0s, 1s]", "never: [2s, 2s]"]))
def test_any_item_runs_or_is_refused_with_a_place(folder: Path, item: dict[str, str], when: str) -> None:
    path = folder / "meadow.test.yaml"
    words = ", ".join([when, *(f"{key}: {value}" for key, value in item.items())])
    events = "[{at: 0.5s, set: {threat: 1, region: cave}}, {at: 1s, fire: win}]"
    text = f"rules: meadow.yaml\ntests:\n  - name: a\n    events: {events}\n    expect:\n      - {{{words}}}\n"
    path.write_text(text, encoding="utf-8")
    try:
        file = load_tests(path)
    except RuleError as error:
        refused = error.problems
    else:
        refused = ()
        outcome = run_test(Director(file.rules), file.tests[0])
        assert outcome.passed == (not list(failure_lines(outcome)))
    assert all(problem.mark.line >= 1 and problem.text for problem in refused)
