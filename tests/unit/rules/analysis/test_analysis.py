"""What the analysis finds in small bad soundtracks, and that it is silent on good ones.

`cases/NAME.bad.yaml` stands beside `NAME.bad.txt`, its exact findings; `NAME.good.yaml` is the same put right.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_rules.analysis import CODES, Finding, analyse
from segue_rules.loading import load
from segue_yaml.nodes import NOWHERE
from unit.rules.playing import play_director
from unit.rules.strategies import quick, rules, sessions

CASES = Path(__file__).parent / "cases"
BAD = sorted(CASES.glob("*.bad.yaml"))
GOOD = sorted(CASES.glob("*.good.yaml"))
HOUSE = Path(__file__).parents[4]
SHIPPED = [
    *(HOUSE / "rules" / "library" / name / f"{name}.yaml" for name in ("emberwood", "nightwatch", "redline")),
    HOUSE / "tests" / "unit" / "rules" / "example" / "emberwood.yaml",
]


def name_of(path: Path) -> str:
    return path.name.removesuffix(".yaml")


def told(path: Path) -> list[str]:
    """The findings of a file, as lines."""
    findings = analyse(load(path))
    assert all(Path(finding.mark.file) == path for finding in findings)
    return [f"{f.mark.line}:{f.mark.column}: {f.where}: {f.code}: {f.text}" for f in findings]


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_a_bad_soundtrack_is_told_what_is_wrong_with_it(path: Path) -> None:
    assert told(path) == path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_the_same_put_right_is_left_in_peace(path: Path) -> None:
    assert told(path) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(HOUSE).parent))
def test_what_is_shipped_is_left_in_peace(path: Path) -> None:
    assert told(path) == []


def test_every_kind_of_finding_is_shown_by_a_case() -> None:
    assert {finding.code for path in BAD for finding in analyse(load(path))} == set(CODES)


def test_every_bad_case_is_put_right_beside_it() -> None:
    assert {path.name.split(".")[0] for path in BAD} <= {path.name.split(".")[0] for path in GOOD}


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="flapping_loop"):
        Finding(mark=NOWHERE, where="", code="flaping_loop", text="")


@quick(max_examples=40)
@given(st.data())
def test_a_state_called_unreachable_is_never_reached(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    findings = analyse(soundtrack)
    assert findings == analyse(soundtrack)
    if any(finding.code == "trigger_too_short" for finding in findings):
        return  # Firing again and again can hold a trigger condition for longer than one firing does.
    never = {finding.where for finding in findings if finding.code in ("unreachable_state", "shadowed_state")}
    session = data.draw(sessions(soundtrack.inputs), label="session")
    for plan in play_director(soundtrack, session.events, session.earliest):
        for layer, state in zip(soundtrack.layers, plan.states, strict=True):
            assert f'layer "{layer.name}", state "{state}"' not in never
