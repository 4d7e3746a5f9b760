"""States that outlive their session: packed, shifted, reset, carried to edited rules, and forged."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any as AnyValue

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from segue_rules.director import Director, DirectorState, carry, drop_pending, pack, shift_state, unpack
from segue_rules.director.state import NEVER, LayerNow
from segue_rules.events import Event
from segue_rules.model import (
    At,
    Binding,
    ChoiceInput,
    Layer,
    LayerState,
    Length,
    Music,
    MusicalTime,
    NumberInput,
    Rules,
    Transition,
    written_name,
)
from segue_rules.plan import FramePlan
from unit.rules.playing import AT_ONCE, BAR, GO, calm, fight, is_on, layer, soundtrack
from unit.rules.shards import check_shard, in_shards
from unit.rules.strategies import Session, events, quick, rules, sessions

# Frames played after a state was taken up: past every boundary, hold and ramp of the random rules.
AFTER = 90


@st.composite
def played(draw: st.DrawFn, max_frames: int = 90) -> tuple[Rules, list[DirectorState], Session]:
    """Random rules, and the states of a random session of theirs, from before frame 0 on."""
    soundtrack = draw(rules())
    session = draw(sessions(soundtrack.inputs, max_frames=max_frames))
    director = Director(soundtrack)
    states = [director.start()]
    for frame, (now, earliest) in enumerate(zip(session.events, session.earliest, strict=True)):
        states.append(director.step(states[-1], frame, now, earliest)[0])
    return soundtrack, states, session


def plans(soundtrack: Rules, state: DirectorState, frames: int = AFTER) -> list[FramePlan]:
    director, found = Director(soundtrack), []
    for frame in range(state.frame, state.frame + frames):
        state, plan = director.step(state, frame)
        found.append(plan)
    return found


def is_playable(found: list[FramePlan]) -> bool:
    """Whether every plan can be played: shares that sum to one, a tempo, a clock that goes on."""
    for plan in found:
        assert math.isclose(sum(plan.mix), 1.0, abs_tol=1e-9)
        assert all(math.isfinite(value) and value >= 0 for value in (*plan.mix, *plan.layer_weights))
        assert 20_000 <= plan.controls.tempo_mbpm <= 300_000
        assert 1 <= plan.clock.meter <= 16
        assert 0 <= plan.controls.intensity <= 1
    ticks = [plan.clock.ticks for plan in found]
    return ticks == sorted(ticks)


# --- at another frame -----------------------------------------------------------------------------------------------


def shifted(plan: FramePlan, frames: int) -> FramePlan:
    """The plan as if it were of another frame. Events' frames appear in no record that time alone brings."""
    changes = tuple(
        change._replace(start=change.start + frames, decided=change.decided + frames) for change in plan.changes
    )
    cues = tuple(cue._replace(start=cue.start + frames * 1_920) for cue in plan.stingers)
    return plan._replace(frame=plan.frame + frames, changes=changes, stingers=cues)


@quick(max_examples=20)
@given(data=st.data(), frames=st.integers(-1_000, 100_000))
def test_a_shifted_state_gives_the_same_plans_later(data: st.DataObject, frames: int) -> None:
    soundtrack, states, _ = data.draw(played())
    state = data.draw(st.sampled_from(states))
    frames = max(frames, -state.frame)
    there = shift_state(state, frames)
    assert shift_state(there, -frames) == state
    assert plans(soundtrack, there) == [shifted(plan, frames) for plan in plans(soundtrack, state)]


# --- back at the start ----------------------------------------------------------------------------------------------


def anywhere(state: DirectorState) -> tuple[LayerNow, ...]:
    """The layers, but for the beat and bar in which a piece of a playlist began: a reset keeps the clock."""
    return tuple(now._replace(playing=now.playing and now.playing._replace(ticks=0, bar=0)) for now in state.layers)


@quick(max_examples=20)
@given(data=st.data())
def test_a_reset_state_starts_over_and_keeps_the_clock(data: st.DataObject) -> None:
    soundtrack, states, _ = data.draw(played())
    state = data.draw(st.sampled_from(states))
    again = Director(soundtrack).reset(state)
    start = shift_state(Director(soundtrack).start(), state.frame)
    assert (again.inputs, anywhere(again), again.latches, again.stingers) == (
        start.inputs,
        anywhere(start),
        start.latches,
        start.stingers,
    )
    assert (again.clock, again.switches) == (state.clock, state.switches)
    assert is_playable(plans(soundtrack, again))
    if state.frame:
        before, after = plans(soundtrack, state, 1)[0], plans(soundtrack, again, 1)[0]
        # No control moves in the frame of a change, but for those that follow an input that jumped back.
        assert before.clock == after.clock


# --- under edited rules ---------------------------------------------------------------------------------------------


@quick(max_examples=20)
@given(data=st.data())
def test_under_the_same_rules_everything_but_pending_changes_stays(data: st.DataObject) -> None:
    soundtrack, states, _ = data.draw(played())
    for state in states:
        assert carry(state, soundtrack, soundtrack) == drop_pending(state)


@quick(max_examples=25)
@given(data=st.data())
def test_under_any_other_rules_the_music_goes_on(data: st.DataObject) -> None:
    old, states, _ = data.draw(played())
    new = data.draw(rules())
    state = data.draw(st.sampled_from(states))
    carried = carry(state, old, new)
    assert carried.frame == state.frame
    assert carried.clock == state.clock
    kept = {item.name: (item, now) for item, now in zip(old.inputs, state.inputs, strict=True)}
    for item, now in zip(new.inputs, carried.inputs, strict=True):
        if item.name in kept and kept[item.name][0] == item:
            assert now == kept[item.name][1]
    active = {found.name: found.states[now.active].name for found, now in zip(old.layers, state.layers, strict=True)}
    for found, now in zip(new.layers, carried.layers, strict=True):
        name, playing = active.get(found.name, ""), found.states[now.active]
        if name in [each.name for each in found.states]:
            assert playing.name == name
        elif written_name(name) in [each.written for each in found.states]:
            assert playing.written == written_name(name)
        else:
            assert playing.default
        assert now.pending is None
    assert is_playable(plans(new, carried))


@quick(max_examples=20)
@given(data=st.data())
def test_events_go_on_after_an_edit(data: st.DataObject) -> None:
    old, states, _ = data.draw(played())
    new = data.draw(rules())
    state, director = carry(states[-1], old, new), Director(new)
    for sequence in range(10):
        now = data.draw(events(new.inputs, sequence, hostile=False))
        state, _ = director.step(state, state.frame, (now,))
    assert is_playable(plans(new, state))


def _after(soundtrack: Rules, script: dict[int, dict[str, AnyValue]], frames: int) -> DirectorState:
    director = Director(soundtrack)
    state = director.start()
    for frame in range(frames):
        now = (Event(sequence=frame + 1, set=script[frame]),) if frame in script else ()
        state, _ = director.step(state, frame, now)
    return state


def test_times_go_on_and_a_hold_does_not_begin_again() -> None:
    held = soundtrack(layer(calm(), fight(hold_frames=20)))
    state = _after(held, {5: {"go": True}, 30: {"go": False}}, 40)
    edited = soundtrack(layer(calm(mix={"brass": 1.0}), fight(hold_frames=20, mix={"drums": 0.5, "harp": 0.5})))
    found = plans(edited, carry(state, held, edited), 20)
    assert [plan.states[0] for plan in found] == ["fight"] * 10 + ["calm"] * 10
    # The state's mix is the edited one at once: nothing was on its way.
    assert found[0].mix == (0.5, 0.5, 0.0)


def test_a_ramp_goes_on_by_the_row_of_its_pattern() -> None:
    row = Transition(to_state="fight", at=At(unit="immediate"), ramp_frames=20, curve="linear")
    old = soundtrack(layer(calm(), fight()), transitions=[row])
    new = soundtrack(layer(calm(), fight()), transitions=[AT_ONCE, row])
    state = _after(old, {10: {"go": True}}, 20)
    assert plans(new, carry(state, old, new), 30) == plans(old, state, 30)
    gone = soundtrack(layer(calm(), fight()), transitions=[AT_ONCE])
    assert plans(gone, carry(state, old, gone), 1)[0].mix == (0.0, 1.0, 0.0)


def test_a_ramp_that_is_over_stays_over_under_a_longer_one() -> None:
    def rows(frames: int) -> Rules:
        row = Transition(to_state="fight", at=At(unit="immediate"), ramp_frames=frames)
        return soundtrack(layer(calm(), fight()), transitions=[row])

    state = _after(rows(10), {5: {"go": True}}, 30)
    assert {plan.mix for plan in plans(rows(100), carry(state, rows(10), rows(100)))} == {(0.0, 1.0, 0.0)}


def test_controls_and_mutes_of_a_ramp_that_is_over_stay_under_a_longer_one() -> None:
    room = layer(calm(mix={"brass": 1.0}), name="room")
    fighting = layer(calm(), fight(mute=("room",), music=Music(intensity=1.0)))

    def rows(frames: int) -> Rules:
        return soundtrack(fighting, room, transitions=[Transition(at=AT_ONCE.at, ramp_frames=frames)])

    state = _after(rows(10), {5: {"go": True}}, 30)
    found = plans(rows(100), carry(state, rows(10), rows(100)))
    assert {(plan.controls.intensity, plan.layer_weights) for plan in found} == {(1.0, (1.0, 0.0))}


def test_a_ramp_whose_row_is_gone_is_over_however_often_it_is_packed() -> None:
    """It would begin again as a ramp of the built-in transition, under which a bound control does not follow."""
    fighting = layer(calm(), fight(music=Music(intensity=Binding(input="threat", curve=((0.0, 0.0), (1.0, 1.0))))))
    row = Transition(to_state="fight", at=At(unit="immediate"), ramp_frames=40)
    old, gone = soundtrack(fighting, transitions=[row]), soundtrack(fighting)
    state = carry(_after(old, {5: {"go": True}}, 10), old, gone)
    for _ in range(2):
        assert plans(gone, unpack(pack(state, gone), gone), 60) == plans(gone, state, 60)
        state = unpack(pack(state, gone), gone)
    assert {now.ramp for now in state.layers} == {0}


def test_fades_go_on_by_the_row_that_is_there() -> None:
    def rows(**fades: Length) -> Rules:
        row = Transition(at=At(unit="immediate"), ramp_frames=4, curve="linear", **fades)
        return soundtrack(layer(calm(), fight()), transitions=[row])

    beat = MusicalTime(count=Fraction(1), unit="beat")
    old = rows(fade_out_frames=20, fade_in_frames=beat)
    state = _after(old, {5: {"go": True}}, 10)
    assert unpack(pack(state, old), old) == state

    def mix(new: Rules) -> tuple[float, ...]:
        return plans(new, carry(state, old, new), 1)[0].layer_mixes[0]

    assert mix(old) == pytest.approx((0.75, 0.5, 0.0))
    # What counts beats keeps its length, and what counts frames takes the new one.
    assert mix(rows(fade_out_frames=10, fade_in_frames=beat)) == pytest.approx((0.5, 0.5, 0.0))
    assert mix(rows(fade_out_frames=beat, fade_in_frames=50)) == pytest.approx((0.75, 0.1, 0.0))
    assert mix(rows()) == (0.0, 1.0, 0.0)


def test_a_pending_change_is_decided_anew() -> None:
    old = soundtrack(layer(calm(), fight()), transitions=[Transition(at=At(unit="bar"))])
    state = _after(old, {10: {"go": True}}, 20)
    assert state.layers[0].pending is not None
    new = soundtrack(layer(calm(), fight()), transitions=[Transition(at=At(unit="beat"), ramp_frames=0)])
    found = plans(new, carry(state, old, new), 20)
    told = [(change.kind, change.decided, change.start) for plan in found for change in plan.changes]
    # At 150 bpm a beat is 10 frames, and frame 20 is one.
    assert told == [("started", 20, 20)]


def test_a_moving_number_goes_on_from_its_value_at_the_new_rate() -> None:
    def rate(fall: float) -> Rules:
        threat = NumberInput(name="threat", low=0.0, high=1.0, default=0.0, fall=fall)
        return soundtrack(layer(calm()), inputs=[threat])

    state = _after(rate(0.25), {0: {"threat": 1.0}, 1: {"threat": 0.0}}, 51)
    (before,) = plans(rate(0.25), state, 1)[0].inputs
    assert before == pytest.approx(0.5)
    found = [plan.inputs[0] for plan in plans(rate(2.5), carry(state, rate(0.25), rate(2.5)), 6)]
    assert found == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1, 0.0])


def test_what_does_not_fit_starts_as_in_a_new_session() -> None:
    old = soundtrack(
        layer(calm(), fight()),
        inputs=[
            NumberInput(name="threat", low=0.0, high=10.0, default=5.0),
            ChoiceInput(name="go", of=("a", "b"), default="b"),
        ],
    )
    state = _after(old, {3: {"threat": 9.0, "go": "a"}}, 10)
    new = soundtrack(layer(calm(), LayerState(name="other", when=is_on("go"))))
    carried = carry(state, old, new)
    values = {item.name: now.target for item, now in zip(new.inputs, carried.inputs, strict=True)}
    assert values == {"go": False, "go2": False, "stop": False, "threat": 0.0, "hit": False}


def test_a_control_whose_source_is_gone_goes_on_from_its_value() -> None:
    fast = fight(music=Music(tempo_bpm=200.0))
    old = soundtrack(layer(calm(), fast))
    state = _after(old, {0: {"go": True}}, 60)
    new = soundtrack(layer(calm(), fight()))
    tempi = [plan.controls.tempo_mbpm for plan in plans(new, carry(state, old, new), 60)]
    assert tempi[0] == 200_000
    assert tempi[-1] == 150_000
    assert tempi == sorted(tempi, reverse=True)


# --- invalid bytes --------------------------------------------------------------------------------------------------

STRANGE: tuple[AnyValue, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**31, 2**40, 2**53, 2**64, -(2**40), -(2**63), 10**400, 0.0, -0.5, 0.25, 1e308),
    *(math.nan, math.inf, -math.inf, NEVER, "", "fight", "calm", "harp", "x" * 2_000, b"", b"fight", [], {}, [[]]),
    *([None] * 5, [0, 0, 0, 0], {"harp": 1}, {"harp": -1.0}, {1: 2}, {"calm": [True, 0]}, [1.0, 2.0], ["action"]),
)
NUDGES = (-(2**40), -1_000, -1, 1, 100, 2**31, 2**52, -0.5, 0.5, 1e6)


def places(data: AnyValue, path: tuple[AnyValue, ...] = ()) -> list[tuple[AnyValue, ...]]:
    """Where every value of packed data stands."""
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


def with_value(data: AnyValue, path: tuple[AnyValue, ...], change: Callable[[AnyValue], AnyValue]) -> AnyValue:
    key, *rest = path
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[key] = with_value(copy[key], tuple(rest), change) if rest else change(copy[key])
    return copy


def forged(packed: AnyValue, dice: random.Random) -> AnyValue:
    """The data with one to three values replaced, or a number changed, which fits its type and perhaps nothing else."""
    for _ in range(dice.randint(1, 3)):
        path = dice.choice(places(packed))
        strange, nudge = dice.choice(STRANGE), dice.choice(NUDGES)

        def change(old: AnyValue, strange: AnyValue = strange, nudge: float = nudge) -> AnyValue:
            # A value replaced before may be too large to change.
            is_number = isinstance(old, int | float) and not isinstance(old, bool) and abs(old) < 2.0**64
            return old + nudge if is_number and dice.random() < 0.7 else strange

        packed = with_value(packed, path, change)
    return packed


def forge(data: st.DataObject) -> None:
    """Many forged copies of one state: each is refused or can be played."""
    soundtrack, states, _ = data.draw(played(max_frames=40))
    state = data.draw(st.sampled_from(states))
    packed = pack(state, soundtrack)
    assert Director(soundtrack).pack(state) == packed
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    taken = 0
    for _ in range(30):
        try:
            state = unpack(forged(packed, dice), soundtrack)
        except ValueError:
            continue
        taken += 1
        assert is_playable(plans(soundtrack, state, 25))
    event(f"taken up: {10 * (taken // 10)}s")


@quick(max_examples=10)
@given(data=st.data())
def test_a_forged_state_is_refused_or_playable(data: st.DataObject) -> None:
    forge(data)


@pytest.mark.heavy
@in_shards
def test_forged_states_at_length(shard: int) -> None:
    check_shard(forge, shard, examples=1_000)


def test_a_state_without_controls_but_with_a_change_behind_it_is_refused() -> None:
    room = layer(calm(mix={"brass": 1.0}), name="room")
    rules = soundtrack(
        layer(calm(), fight(mute=("room",))), room, transitions=[Transition(at=AT_ONCE.at, ramp_frames=40)]
    )
    packed = pack(_after(rules, {5: {"go": True}}, 10), rules)
    assert packed["controls"]
    without_parts = with_value(packed, ("layers", "action", "parts"), lambda _: None)
    with pytest.raises(ValueError):
        unpack(without_parts | {"controls": {}}, rules)


@pytest.mark.parametrize("data", STRANGE, ids=lambda value: repr(value)[:20])
def test_data_that_is_not_a_state_is_refused(data: AnyValue) -> None:
    rules = soundtrack(layer(calm(), fight()))
    packed = pack(Director(rules).start(), rules)
    with pytest.raises(ValueError):
        unpack(data, rules)
    with pytest.raises(ValueError):
        unpack(packed | {"clock": data}, rules)


def test_every_field_but_visits_is_needed() -> None:
    rules = soundtrack(layer(calm(), fight()))
    packed = pack(Director(rules).start(), rules)
    for name in packed.keys() - {"led", "visits", "styles_tempo"}:
        with pytest.raises(ValueError):
            unpack({key: value for key, value in packed.items() if key != name}, rules)


def test_a_state_packed_before_there_were_visits_begins_its_first() -> None:
    rules = soundtrack(layer(calm(), fight()))
    packed = pack(_after(rules, {0: {"go": True}}, BAR), rules)
    assert packed["led"] == ["action", "fight", 0]
    old = unpack({key: value for key, value in packed.items() if key not in ("led", "visits")}, rules)
    assert Director(rules).step(old, BAR)[1].visit == (0, 1)


def test_controls_packed_by_an_earlier_version_move_from_the_values_that_they_had() -> None:
    """It packed the source of each control with one ramp, and layers without their part in it."""
    row = Transition(at=At(unit="immediate"), ramp_frames=40, curve="linear")
    rules = soundtrack(layer(calm(), fight(music=Music(intensity=0.9, gain_db=-12.0))), transitions=(row,))
    state = _after(rules, {5: {"go": True}}, 26)
    packed = pack(state, rules)
    del packed["styles_tempo"]
    for name in ("parts", "muted", "ramp"):
        del packed["layers"]["action"][name]
    values = {name: control[-1] for name, control in packed["controls"].items()}
    assert values["intensity"] == pytest.approx(0.71)
    packed["controls"] = {
        name: ["action", "fight", 0.5, 5, 40, "linear", value] if name == "intensity" else [None] * 6 + [value]
        for name, value in values.items()
    }
    found = plans(rules, unpack(packed, rules), 60)
    assert found[0].controls.intensity == values["intensity"]
    assert found[0].controls.gain_db == values["gain_db"]
    steps = [b.controls.intensity - a.controls.intensity for a, b in pairwise(found)]
    assert all(0.0 <= step < 0.01 for step in steps)
    assert (found[50].controls.intensity, found[50].controls.gain_db) == (0.9, -12.0)


@pytest.mark.parametrize("missing", ["parts", "muted"])
def test_a_layer_without_a_note_of_what_it_did_before_is_where_it_leads(missing: str) -> None:
    row = Transition(at=At(unit="immediate"), ramp_frames=40)
    story = layer(LayerState(name="none", default=True), fight(mute=("action",)), name="story")
    rules = soundtrack(layer(calm()), story, transitions=(row,))
    packed = pack(_after(rules, {5: {"go": True}}, 26), rules)
    packed["layers"]["story"][missing] = None
    assert plans(rules, unpack(packed, rules), 1)[0].layer_weights == (0.0, 1.0)


def test_visits_go_on_by_the_names_of_their_states() -> None:
    """Calm led the first bar and leads again since the third, which is not counted among its bars yet."""
    old = soundtrack(layer(calm(), fight(), name="action"))
    new = soundtrack(layer(fight(), calm(mix={"brass": 1.0}), name="action"), layer(calm(mix={}), name="weather"))
    state = _after(old, {BAR: {"go": True}, 2 * BAR: {"go": False}}, 3 * BAR)
    assert pack(state, old)["visits"] == {"action": {"calm": [2, 1], "fight": [1, 1]}}
    assert pack(carry(state, old, new), new)["visits"] == {"action": {"calm": [2, 1], "fight": [1, 1]}}
    assert Director(new).step(carry(state, old, new), 3 * BAR)[1].visit == (1, 2)


@pytest.mark.parametrize(
    "forged",
    [
        {"led": ["action", "calm", 7]},
        {"led": ["action", "calm"]},
        {"visits": {"action": {"calm": [-1, 0]}}},
        {"visits": {"action": {"calm": [1, 1 << 31]}}},
        {"visits": {"action": [1]}},
    ],
)
def test_forged_visits_are_refused(forged: dict[str, AnyValue]) -> None:
    rules = soundtrack(layer(calm(), fight()))
    packed = pack(_after(rules, {}, BAR), rules)
    with pytest.raises(ValueError):
        unpack(packed | forged, rules)


def test_a_layer_renamed_by_an_edit_starts_over() -> None:
    old = soundtrack(layer(calm(), fight(), name="action"))
    new = soundtrack(Layer(name="battle", states=(calm(), fight(when=replace(GO, value=False)))))
    carried = carry(_after(old, {0: {"go": True}}, 10), old, new)
    assert carried.layers[0].active == 0
    assert carried.layers[0].start == NEVER
