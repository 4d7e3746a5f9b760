"""The director's state as plain data: nested maps and lists of numbers, texts, booleans and None.

The data holds names, not indexes, so that edited rules can go on from it (`unpacking`).
"""

from __future__ import annotations

from typing import Any

from segue_rules.director.clips import NO_CLIPS
from segue_rules.director.controls import DISCRETE
from segue_rules.director.inputs import input_value
from segue_rules.director.layers import mix_frames
from segue_rules.director.levels import CONTINUOUS, TOP_LEVEL, UNDECIDED, Levels, glided
from segue_rules.director.packed_names import counter_name, latch_name, levels_before, row_name, stay_name
from segue_rules.director.state import (
    NEVER,
    ClipsNow,
    DirectorState,
    InputNow,
    LayerNow,
    StylesTempo,
    TimerNow,
    Vector,
    Visited,
)
from segue_rules.director.timers import timed
from segue_rules.director.visits import NOT_LED
from segue_rules.model import BUILT_IN_TRANSITION, Input, InputValue, Layer, Rules, TriggerInput


def pack(state: DirectorState, rules: Rules, levels: Levels | None = None) -> dict[str, Any]:
    """A state as nested maps and lists of numbers, texts, booleans and None, for MessagePack or JSON.

    Runs, cooldowns, stingers and latches that are as at the start are left out, as there may be many.

    Args:
        levels: The mix model of the rules, where it is known: making it takes longer than most of the rest.
    """
    levels = Levels(rules) if levels is None else levels
    values = {
        item.name: input_value(item, now, state.frame) for item, now in zip(rules.inputs, state.inputs, strict=True)
    }
    layers = zip(rules.layers, state.layers, state.weights or (None,) * len(rules.layers), strict=True)
    return {
        "frame": state.frame,
        "clock": [*state.clock[:-1], list(state.clock.groups)],
        "inputs": {
            item.name: _pack_input(item, now, values[item.name])
            for item, now in zip(rules.inputs, state.inputs, strict=True)
        },
        "latches": [latch_name(rules.latches[i]) for i, held in enumerate(state.latches) if held],
        "layers": {layer.name: _pack_layer(rules, layer, now, weight, state.frame) for layer, now, weight in layers},
        "stingers": {
            stinger.name: [now.waiting, _pack_time(now.start), now.origin, now.time, now.ramp]
            for stinger, now in zip(rules.stingers, state.stingers, strict=True)
            if now.waiting or now.start != NEVER
        },
        "controls": _pack_controls(levels, state, tuple(values.values())) if state.switches else {},
        "styles_tempo": _pack_styles_tempo(rules, state.styles_tempo),
        "switches": {
            name: [list(now.value) if isinstance(now.value, tuple) else now.value, _layer_name(rules, now.source)]
            for name, now in zip(DISCRETE, state.switches, strict=False)
        },
        "last_mix": _pack_mix(rules, state.last_mix),
        "led": None if state.led == NOT_LED else [*_state_names(rules, *state.led[:2]), state.led.bar],
        "visits": _pack_visits(rules, state.visits),
        # Only rules with counters, ends of states or timers have these.
        **({"counts": dict(zip(map(counter_name, rules.counters), state.counts, strict=True))} if state.counts else {}),
        **({"left": _pack_stays(rules, state.left)} if state.left else {}),
        **({"timers": _pack_timers(rules, state.timers)} if state.timers else {}),
        # Only while clips sound.
        **({"clips": _pack_clips(rules, state.clips)} if state.clips != NO_CLIPS else {}),
    }


def _pack_clips(rules: Rules, clips: ClipsNow) -> list[Any]:
    """The level of the music beside clips, and the clips that sound with the names of layer, state and clip."""
    voices = [
        [
            rules.layers[voice.layer].name,
            None if voice.state < 0 else rules.layers[voice.layer].states[voice.state].name,
            rules.clips[voice.clip].name,
            *voice[3:],
        ]
        for voice in clips.voices
    ]
    return [clips.music, voices]


def _pack_stays(rules: Rules, left: tuple[int, ...]) -> dict[str, int]:
    """When each stay that there was ended; a later frame than that of the state while it goes on."""
    ends = zip(map(stay_name, rules.stays), left, strict=True)
    return {name: end for name, end in ends if end != NEVER}


def _pack_timers(rules: Rules, timers: tuple[TimerNow, ...]) -> dict[str, list[int]]:
    return {name: list(now) for (_, name, _), now in zip(timed(rules.inputs), timers, strict=True)}


def _pack_input(item: Input, now: InputNow, value: InputValue) -> list[Any]:
    if isinstance(item, TriggerInput):
        return [_pack_time(now.since), now.sequence]
    return [now.origin, now.target, now.since, now.sequence, value]


def _pack_layer(rules: Rules, layer: Layer, now: LayerNow, weight: float | None, frame: int) -> dict[str, Any]:
    rows = (*rules.transitions, BUILT_IN_TRANSITION)
    names = [state.name for state in layer.states]
    written = list(dict.fromkeys(state.written for state in layer.states))
    pending = now.pending
    return {
        "active": names[now.active],
        # Only where chance decides rows.
        **({"changes": now.changes} if now.changes else {}),
        "start": _pack_time(now.start),
        "row": row_name(rows[now.row]),
        "settled": frame - now.start >= max(now.ramp, mix_frames(now)),
        "ramp": now.ramp,
        "fades": now.fades and list(now.fades),
        "origin": _pack_mix(rules, now.origin),
        "weight": weight,
        "pending": pending
        and [
            names[pending.state],
            pending.decided,
            pending.predicted,
            [list(cause) for cause in pending.causes],
            row_name(rows[pending.row]),
        ],
        "runs": {
            name: [run.holds, _pack_time(run.since)]
            for name, run in zip(written, now.runs, strict=True)
            if run.holds or run.since != NEVER
        },
        "cooldowns": {name: end for name, end in zip(written, now.cooldowns, strict=True) if end != NEVER},
        "parts": {name: list(part) for name, part in zip(CONTINUOUS, now.parts, strict=True)} if now.parts else None,
        "muted": {other.name: share for other, share in zip(rules.layers, now.muted, strict=True) if share}
        if now.muted
        else None,
        # Only a layer with playlists has these.
        **({"playlists": _pack_playlists(names, written, now)} if now.courses else {}),
    }


def _pack_playlists(names: list[str], written: list[str], now: LayerNow) -> dict[str, Any]:
    """Where the present piece began, and what each playlist has played."""
    return {
        "entered": _pack_time(now.entered),
        "playing": now.playing and list(now.playing),
        "courses": {
            name: [course.draws, [names[i] for i in course.last]]
            for name, course in zip(written, now.courses, strict=True)
            if course is not None and course.draws
        },
    }


def _pack_controls(levels: Levels, state: DirectorState, values: tuple[InputValue, ...]) -> dict[str, list[Any]]:
    """The way of each continuous control after a reset or reload, and the value that it has."""
    before = levels_before(levels, state, values)
    return {
        name: [*glide, glided(i, glide, level, state.frame)]
        for i, (name, glide, level) in enumerate(zip(CONTINUOUS, state.glides, before, strict=True))
    }


def _pack_styles_tempo(rules: Rules, now: StylesTempo) -> list[Any] | None:
    """Where the tempo of the styles comes from, by name; None before it is decided."""
    if now.source == UNDECIDED:
        return None
    names = (None, None) if now.source == TOP_LEVEL else _state_names(rules, now.source, now.active)
    return [*names, *now[2:]]


def _layer_name(rules: Rules, index: int) -> str | None:
    return None if index == TOP_LEVEL else rules.layers[index].name


def _pack_mix(rules: Rules, mix: Vector) -> dict[str, float]:
    return {style.name: share for style, share in zip(rules.styles, mix, strict=True) if share != 0.0}


def _state_names(rules: Rules, layer: int, state: int) -> tuple[str, str]:
    return rules.layers[layer].name, rules.layers[layer].states[state].name


def _pack_visits(rules: Rules, visits: tuple[Visited, ...]) -> dict[str, dict[str, list[int]]]:
    packed: dict[str, dict[str, list[int]]] = {}
    for visited in visits:
        layer, state = _state_names(rules, visited.layer, visited.state)
        packed.setdefault(layer, {})[state] = [visited.begun, visited.bars]
    return packed


def _pack_time(frame: int) -> int | None:
    return None if frame == NEVER else frame
