"""A packed state back into one that the director goes on from, under the same rules or under edited ones.

What still exists by name and fits goes on; the rest starts as in a new session. Data may come from anywhere: `unpack`
gives a state that the director can go on from, or raises ValueError.
"""

from __future__ import annotations

from typing import Any, Final

from segue_rules.director import plain_data
from segue_rules.director.clips import NO_CLIPS
from segue_rules.director.controls import DISCRETE
from segue_rules.director.inputs import input_value
from segue_rules.director.levels import CONTINUOUS
from segue_rules.director.packed_names import (
    MOST_RAMP,
    SEQUENCES,
    counter_name,
    find_state,
    latch_name,
    read_mix,
    stay_name,
)
from segue_rules.director.packing import pack
from segue_rules.director.state import (
    NEVER,
    STILL,
    DirectorState,
    Glide,
    InputNow,
    Led,
    StingerNow,
    TimerNow,
    Vector,
    Visited,
    drop_pending,
)
from segue_rules.director.timers import timed
from segue_rules.director.unpacking_clips import read_clips
from segue_rules.director.unpacking_controls import read_meter, read_styles_tempo, read_switch, with_controls
from segue_rules.director.unpacking_layers import read_layer, read_weight
from segue_rules.director.visits import NOT_LED
from segue_rules.meters import beats_of, groups_of
from segue_rules.model import (
    Burst,
    ChoiceInput,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    MusicalTime,
    NumberInput,
    Rules,
    Stinger,
    TriggerInput,
)
from segue_rules.plan import TICKS_PER_BEAT, MusicalClock

_MOST_BARS: Final = 1 << 30
_MOST_FIRED: Final = 1 << 40
_FIELDS: Final = (
    "frame",
    "clock",
    "inputs",
    "latches",
    "layers",
    "stingers",
    "controls",
    "switches",
    "last_mix",
)


def unpack(data: Any, rules: Rules) -> DirectorState:
    """The state that `pack` packed, under these rules or others. Under equal rules it equals the packed one.

    Raises:
        ValueError: The data is not a packed state, or no director could go on from it.
    """
    fields = plain_data.mapping(data)
    if any(name not in fields for name in _FIELDS):
        raise ValueError(f"expected a packed director state with {', '.join(_FIELDS)}")
    frame = plain_data.integer(fields["frame"], 0, plain_data.LAST_FRAME)
    packed = {
        name: plain_data.mapping(fields[name]) for name in ("inputs", "layers", "stingers", "controls", "switches")
    }
    inputs = tuple(_read_input(item, packed["inputs"].get(item.name), frame) for item in rules.inputs)
    values = {item.name: input_value(item, now, frame) for item, now in zip(rules.inputs, inputs, strict=True)}
    held = frozenset(plain_data.text(name, 1_000) for name in plain_data.sequence(fields["latches"], 0, 8_192))
    # Before its first frame a state has neither controls nor weights: that frame gives them their values.
    begun = bool(packed["controls"])
    packed_layers, clock = packed["layers"], _read_clock(fields["clock"])
    layers = tuple(read_layer(rules, layer, packed_layers.get(layer.name), frame, clock) for layer in rules.layers)
    if not begun and any(now.start != NEVER for now in layers):
        raise ValueError("expected controls, as a layer has changed its state before")
    led, visits = _read_visits(rules, fields.get("led"), fields.get("visits", {}), clock.bar)
    state = DirectorState(
        frame=frame,
        clock=clock,
        inputs=inputs,
        latches=tuple(latch_name(latch) in held for latch in rules.latches),
        layers=layers,
        weights=tuple(read_weight(layer, packed_layers.get(layer.name), values) for layer in rules.layers)
        if begun
        else (),
        stingers=tuple(
            _read_stinger(stinger, packed["stingers"].get(stinger.name), frame) for stinger in rules.stingers
        ),
        styles_tempo=read_styles_tempo(rules, fields.get("styles_tempo"), frame),
        glides=tuple(Glide(0.0, 0, 0, "linear") for _ in CONTINUOUS),
        switches=tuple(read_switch(rules, name, packed["switches"].get(name)) for name in DISCRETE) if begun else (),
        last_mix=_read_last_mix(rules, fields["last_mix"]),
        led=led,
        visits=visits,
        counts=_read_counts(rules, fields.get("counts", {})),
        left=_read_stays(rules, fields.get("left", {}), frame),
        timers=_read_timers(rules, fields.get("timers", {}), frame),
        clips=read_clips(rules, fields.get("clips"), frame) if begun else NO_CLIPS,
    )
    return with_controls(rules, state, packed["controls"], tuple(values.values())) if begun else state


def _read_clock(data: Any) -> MusicalClock:
    # Clocks of an earlier version have no groups.
    ticks, bar, bar_ticks, beats, *groups = plain_data.sequence(data, 4, 5)
    meter = read_meter(groups[0] or beats if groups else beats)
    clock = MusicalClock(
        plain_data.integer(ticks, 0, 1 << 52),
        plain_data.integer(bar, 0, 1 << 30),
        plain_data.integer(bar_ticks, 0, 1 << 52),
        beats_of(meter),
        groups_of(meter),
    )
    if clock.meter != beats:
        raise ValueError("expected the groups of a bar to have its beats")
    if clock.bar_ticks % TICKS_PER_BEAT or not 0 <= clock.ticks - clock.bar_ticks < clock.meter * TICKS_PER_BEAT:
        raise ValueError("expected a clock within its bar, which begins at a beat")
    return clock


def _read_input(item: Input, data: Any, frame: int) -> InputNow:
    if isinstance(item, TriggerInput):
        if data is None or len(plain_data.sequence(data, 2, 5)) != 2:
            return InputNow(False, False, NEVER, -1)
        return InputNow(False, False, plain_data.time(data[0], frame), plain_data.integer(data[1], *SEQUENCES))
    start = InputNow(item.default, item.default, 0, -1)
    if data is None or len(plain_data.sequence(data, 2, 5)) != 5:
        return start
    origin, target, value = (plain_data.scalar(data[i]) for i in (0, 1, 4))
    since, sequence = plain_data.time(data[2], frame), plain_data.integer(data[3], *SEQUENCES)
    if not (_fits(item, origin) and _fits(item, target) and _fits(item, value)):
        return start
    now = InputNow(origin, target, since, sequence)
    # Under another rise or fall it goes on from the value it has.
    return now if input_value(item, now, frame) == value else InputNow(value, target, frame, sequence)


def _fits(item: Input, value: InputValue) -> bool:
    """Whether the input can have the value."""
    match item:
        case NumberInput():
            return isinstance(value, int | float) and not isinstance(value, bool) and item.low <= value <= item.high
        case IntegerInput():
            return isinstance(value, int) and not isinstance(value, bool) and item.low <= value <= item.high
        case ChoiceInput():
            return isinstance(value, str) and value in item.of
        case FlagInput():
            return isinstance(value, bool)
        case TriggerInput():
            return False


def _read_counts(rules: Rules, data: Any) -> tuple[int, ...]:
    packed = plain_data.mapping(data)
    return tuple(plain_data.integer(packed.get(counter_name(each), 0), 0, _MOST_FIRED) for each in rules.counters)


def _read_stays(rules: Rules, data: Any, frame: int) -> tuple[int, ...]:
    """When each stay of the rules ended; one that was not packed has never been."""
    packed = plain_data.mapping(data)
    ends = [packed.get(stay_name(stay)) for stay in rules.stays]
    return tuple(STILL if end == STILL else plain_data.time(end, frame) for end in ends)


def _read_timers(rules: Rules, data: Any, frame: int) -> tuple[TimerNow, ...]:
    """The timers of the rules; one that was not packed begins in this frame."""
    packed, timers = plain_data.mapping(data), []
    for _, name, _ in timed(rules.inputs):
        if name not in packed:
            timers.append(TimerNow(frame, 0))
            continue
        since, fired = plain_data.sequence(packed[name], 2, 2)
        since = plain_data.integer(since, -plain_data.LAST_FRAME, frame)
        timers.append(TimerNow(since, plain_data.integer(fired, 0, _MOST_FIRED)))
    return tuple(timers)


def _read_stinger(stinger: Stinger, data: Any, frame: int) -> StingerNow:
    if data is None:
        return StingerNow(False, NEVER, 0.0)
    # States of an earlier version have no lengths; no burst counted beats then.
    waiting, begun, origin, *lengths = plain_data.sequence(data, 3, 5)
    start = plain_data.time(begun, frame)
    now = StingerNow(plain_data.boolean(waiting), start, plain_data.real(origin, 0.0, 1.0))
    time, ramp = [plain_data.integer(each, 0, MOST_RAMP) for each in lengths] if len(lengths) == 2 else (0, 0)
    if not isinstance(stinger, Burst) or start == NEVER:
        return now
    # A time in beats or bars was counted when the burst began.
    time = time if isinstance(stinger.time_frames, MusicalTime) else stinger.time_frames
    ramp = ramp if isinstance(stinger.ramp_frames, MusicalTime) else stinger.ramp_frames
    return now._replace(time=time, ramp=min(ramp, time // 2))


def _read_last_mix(rules: Rules, data: Any) -> Vector:
    """The last mix among the styles that still exist, summing to 1."""
    mix = read_mix(rules, data)
    whole = sum(mix)
    if abs(whole - 1.0) < 1e-9:
        return mix
    return tuple(share / whole for share in mix) if whole > 1e-9 else (1.0 / len(mix),) * len(mix) if mix else ()


def _read_visits(rules: Rules, led: Any, visits: Any, bar: int) -> tuple[Led, tuple[Visited, ...]]:
    """What leads and the visits of the states that still exist. States packed before there were visits have none."""
    read: dict[tuple[int, int], Visited] = {}
    for layer, states in plain_data.mapping(visits).items():
        for state, counted in plain_data.mapping(states).items():
            begun, bars = (plain_data.integer(number, 0, _MOST_BARS) for number in plain_data.sequence(counted, 2, 2))
            place = find_state(rules, plain_data.text(layer), plain_data.text(state))
            if place is not None and begun:
                read[place] = Visited(*place, begun, bars)
    now = NOT_LED
    if led is not None:
        layer, state, since = plain_data.sequence(led, 3, 3)
        since = plain_data.integer(since, 0, bar)
        place = find_state(rules, plain_data.text(layer), plain_data.text(state))
        if place in read:
            now = Led(*place, since)
    return now, tuple(read[place] for place in sorted(read))


def carry(state: DirectorState, old_rules: Rules, new_rules: Rules) -> DirectorState:
    """The state under other rules, from the same frame on. What exists by name and fits goes on.

    The musical clock goes on. Pending changes are decided anew.
    """
    return drop_pending(unpack(pack(state, old_rules), new_rules))
