"""The baked rules have the director's states in every frame, on random rules of one tempo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from godot.project import run
from segue.bake.machine import machine
from segue_rules.director import Director
from segue_rules.errors import RuleError
from segue_rules.events import Event
from segue_rules.model import DEFAULT_MUSIC, AudioStinger, Music, Rules, TimeRange, TriggerInput, written_name
from unit.rules.strategies import rules, sessions

pytestmark = pytest.mark.heavy

# At 100 bpm and 150 bpm loops of eight bars of 4 are whole numbers of frames, so that both clocks have the same ticks.
TEMPOS: Final = {100.0: 480, 150.0: 320}
EXAMPLES: Final = 80


def of_one_tempo(soundtrack: Rules, tempo_bpm: float) -> Rules:
    """The rules without what moves the clock, and without what is drawn."""
    return replace(
        soundtrack,
        music=replace(DEFAULT_MUSIC, tempo_bpm=tempo_bpm, meter=4),
        inputs=tuple(
            replace(each, every=each.every.low)
            if isinstance(each, TriggerInput) and isinstance(each.every, TimeRange)
            else each
            for each in soundtrack.inputs
        ),
        layers=tuple(
            replace(layer, states=tuple(replace(state, music=Music(), clips=()) for state in layer.states))
            for layer in soundtrack.layers
        ),
        transitions=tuple(replace(row, chance=1.0, bridge=None) for row in soundtrack.transitions),
    )


def manifest_of(data: Mapping[str, Any], tempo_bpm: float) -> dict[str, Any]:
    """A manifest with the decisions and one loop."""
    frames = TEMPOS[tempo_bpm]
    loop = {"bars": 8, "meter": 4, "groups": [], "frames": frames, "samples": frames * 1920}
    nothing = {"baked_layers": [], "sampled_inputs": [], "input_moves": {}, "scenes": [0], "loops": [loop]}
    return {"format": "segue-bake", "version": 1, **data, **nothing}


def as_data(event: Event) -> dict[str, Any]:
    return {"reset": event.reset, "set": dict(event.set), "fire": list(event.fire)}


def directed(soundtrack: Rules, taken: Sequence[Sequence[Event]]) -> tuple[list[Any], list[list[Event]]]:
    """What the director decides in each frame, and the events that it accepts."""
    director = Director(soundtrack)
    state, frames, accepted = director.start(), [], []
    names = [layer.name for layer in soundtrack.layers]
    audio = [each.name for each in soundtrack.stingers if isinstance(each, AudioStinger)]
    for events in taken:
        state, plan = director.step(state, state.frame, events)
        ticks_of_next = state.clock.ticks
        good = {receipt.sequence for receipt in plan.receipts if receipt.accepted}
        accepted.append([event for event in events if event.sequence in good])
        begun = [
            {"index": audio.index(cue.stinger), "offset": cue.start - plan.frame * 1920}
            for cue in plan.stingers
            if cue.kind == "started" and cue.stinger in audio
        ]
        frames.append([dict(zip(names, map(written_name, plan.states), strict=True)), ticks_of_next, begun])
    return frames, accepted


def test_random_rules_have_the_states_of_the_director_in_every_frame(tmp_path: Path) -> None:
    cases: list[dict[str, Any]] = []
    expected: list[list[Any]] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        tempo_bpm = data.draw(st.sampled_from(sorted(TEMPOS)))
        soundtrack = of_one_tempo(data.draw(rules()), tempo_bpm)
        try:
            decisions = machine(soundtrack)
        except RuleError:
            return
        session = data.draw(sessions(soundtrack.inputs))
        frames, accepted = directed(soundtrack, session.events)
        expected.append(frames)
        events = {str(at): [as_data(event) for event in each] for at, each in enumerate(accepted) if each}
        cases.append({"manifest": manifest_of(decisions.data, tempo_bpm), "events": events, "frames": len(frames)})

    collect()
    results = run("probe_baked_rules.gd", cases, tmp_path)
    happened: Counter[str] = Counter()
    for number, (wanted, came) in enumerate(zip(expected, results, strict=True)):
        for frame, (director, baked) in enumerate(zip(wanted, came["frames"], strict=True)):
            states, _, ticks, stingers = baked
            assert [states, ticks, stingers] == director, f"case {number}, frame {frame}"
            happened["stingers"] += len(stingers)
            happened["changes"] += frame > 0 and states != wanted[frame - 1][0]
            happened["events"] += str(frame) in cases[number]["events"]
    # The rules are worth something: all of this happened, and often.
    assert len(cases) > EXAMPLES // 2, len(cases)
    assert min(happened[kind] for kind in ("stingers", "changes", "events")) > 50, happened
