"""Whether a condition can hold: every way its inputs, triggers, latches and states can stand."""

from __future__ import annotations

import pytest

from segue_rules.analysis.satisfiability import ConditionSolver
from segue_rules.model import (
    All,
    ChoiceInput,
    Compare,
    Comparison,
    Condition,
    Fired,
    FlagInput,
    InputValue,
    InState,
    IntegerInput,
    Latch,
    LayerState,
    Not,
    NumberInput,
    OneOf,
    TriggerInput,
)
from unit.rules.playing import calm, fight, layer, soundtrack

LATCH = Latch(
    index=0, enter=Compare(input="threat", op=">=", value=0.6), exit=Compare(input="threat", op="<", value=0.3)
)
NEVER_ENTERED = Latch(
    index=1, enter=Compare(input="threat", op=">", value=1.0), exit=Compare(input="threat", op="<", value=0.3)
)
STATES = {"action": {"calm", "fight"}}
SOLVER = ConditionSolver(
    soundtrack(
        layer(calm(), fight(), LayerState(name="boss")),
        inputs=[
            NumberInput(name="threat", low=0.0, high=1.0, default=0.0),
            IntegerInput(name="enemies", low=0, high=9, default=0),
            ChoiceInput(name="region", of=("forest", "crypt", "town"), default="forest"),
            FlagInput(name="go"),
            FlagInput(name="stop"),
            TriggerInput(name="hit"),
        ],
        latches=[LATCH, NEVER_ENTERED],
    )
)


def threat(op: Comparison, value: float) -> Compare:
    return Compare(input="threat", op=op, value=value)


def enemies(op: Comparison, value: InputValue) -> Compare:
    return Compare(input="enemies", op=op, value=value)


def region(*values: str) -> OneOf:
    return OneOf(input="region", values=values)


def both_of(*parts: Condition) -> All:
    return All(of=parts)


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        (both_of(), True),
        (Not(of=both_of()), False),
        (both_of(threat(">", 0.3), threat("<", 0.4)), True),
        (both_of(threat(">", 0.3), threat("<", 0.3)), False),
        (both_of(threat(">=", 0.3), threat("<=", 0.3)), True),
        (both_of(threat(">", 0.3), threat("!=", 0.3), threat("<=", 0.3)), False),
        (threat(">", 1.0), False),
        (threat("<", 0.0), False),
        (both_of(threat(">", 0.9), threat("!=", 1.0)), True),
        (both_of(enemies(">", 2), enemies("<", 4)), True),
        (both_of(enemies(">", 2), enemies("<", 3)), False),
        (enemies("==", 2.5), False),
        (
            both_of(region("crypt", "town"), Not(of=region("town"))),
            True,
        ),
        (both_of(region("crypt"), region("town")), False),
        (Not(of=region("crypt", "town")), True),
        (Not(of=region("forest", "crypt", "town")), False),
        (both_of(LATCH, threat("<", 0.5)), True),
        (both_of(LATCH, threat("<", 0.3)), False),
        (both_of(Not(of=LATCH), threat(">=", 0.6)), False),
        (both_of(Not(of=LATCH), threat(">", 0.3)), True),
        (NEVER_ENTERED, False),
        (both_of(Fired(trigger="hit", frames=10), Not(of=Fired(trigger="hit"))), True),
        (both_of(Fired(trigger="hit"), Not(of=Fired(trigger="hit", frames=10))), False),
        (both_of(InState(layer="action", state="calm"), InState(layer="action", state="fight")), False),
        (InState(layer="action", state="fight"), True),
        (InState(layer="action", state="boss"), False),
    ],
)
def test_a_condition_can_hold_or_not(condition: Condition, possible: bool) -> None:
    assert SOLVER.can_hold(condition, STATES) is possible


def test_a_condition_with_too_many_cases_counts_as_possible() -> None:
    inputs = [FlagInput(name=f"flag{i}") for i in range(15)]
    solver = ConditionSolver(soundtrack(layer(calm()), inputs=inputs))
    flags: list[Condition] = [Compare(input=item.name, op="==", value=True) for item in inputs]
    impossible = [*flags, Not(of=flags[0])]
    assert solver.can_hold(All(of=tuple(impossible)), {})
    assert not solver.can_hold(All(of=tuple(impossible[-8:] + flags[:1])), {})


def test_settings_are_all_combinations_that_the_conditions_tell_apart() -> None:
    condition = both_of(enemies(">=", 3), Compare(input="go", op="==", value=True))
    settings = list(SOLVER.settings([condition]))
    assert len(settings) == 2 * 5
    assert {"enemies": 2, "go": True} in settings
    assert {(s["enemies"], s["go"]) for s in settings} == {(n, go) for n in (0, 2, 3, 4, 9) for go in (False, True)}


@pytest.mark.parametrize(("op", "value", "held"), [(">=", 0.9, True), ("<", 0.2, False)])
def test_in_a_case_latches_that_a_condition_does_not_speak_of_are_what_their_input_makes_them(
    op: Comparison, value: float, held: bool
) -> None:
    possible, case = SOLVER.solve(Compare(input="threat", op=op, value=value), STATES)
    assert possible
    assert case is not None
    assert case.view.latches == (held, False)
