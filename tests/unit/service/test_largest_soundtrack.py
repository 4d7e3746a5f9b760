"""A soundtrack at the limits of the rule language loads, plays, is declared to clients and fits a resume cell."""

from __future__ import annotations

import zlib

import msgpack

from segue.runtime.snapshot import CELL_BYTES
from segue.service import wire
from segue_rules.director import Director, pack, unpack
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.loading.limits import MOST_CHOICES, MOST_STATES, MOST_STYLES
from segue_rules.model import Rules
from segue_sdk import codec
from segue_sdk.limits import HEADER_BYTES, MOST_CANDIDATES
from segue_sdk.service_messages import Change
from segue_sdk.service_messages import Rules as RulesMessage


def states() -> str:
    names = ((f"s{i}", i) for i in range(1, MOST_STATES))
    return "".join(f"      {name}: {{when: {{region: region_{i}}}, mix: {{style_{i}: 1}}}}\n" for name, i in names)


def largest() -> Rules:
    """One layer with as many states as one may have, and as many styles and choices as a file may have."""
    return load_text(f"""\
segue: 1
inputs:
  region: {{type: choice, of: [{", ".join(f"region_{i}" for i in range(MOST_CHOICES))}]}}
styles:
{"".join(f'  style_{i}: {{text: "calm music {i}"}}{chr(10)}' for i in range(MOST_STYLES))}
layers:
  place:
    states:
      wild: {{default: true, mix: {{style_0: 1}}}}
{states()}
transitions:
  - {{at: immediate, ramp: 0s}}
""")


def test_the_largest_soundtrack_is_declared_played_and_kept() -> None:
    rules = largest()
    declared = RulesMessage(declaration=wire.declaration(rules, "0" * 64))
    assert len(codec.encode(declared)[0]) < HEADER_BYTES

    director = Director(rules)
    state = director.start()
    changes: list[Change] = []
    for i in range(MOST_STATES):
        event = Event(sequence=i, set={"region": f"region_{i}"})
        state, plan = director.step(state, i, [event], i)
        changes += map(wire.change, plan.changes)
    # Every state was visited, which is the most that a state of the director has to tell.
    assert {change.to_state for change in changes} == {state.name for state in rules.layers[0].states} - {"wild"}
    assert {len(change.candidates) for change in changes} == {MOST_CANDIDATES}

    packed = msgpack.packb(pack(state, rules))
    assert unpack(msgpack.unpackb(packed), rules) == state
    assert len(zlib.compress(packed)) < CELL_BYTES // 2
