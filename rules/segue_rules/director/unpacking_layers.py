"""Layers of packed states: the active state and its ramp, a pending change, runs, cooldowns and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue_rules.controls import METER, TEMPO
from segue_rules.director import plain_data
from segue_rules.director.levels import CONTINUOUS
from segue_rules.director.packed_names import (
    MOST_RAMP,
    MOST_WEIGHT,
    RANGES,
    SEQUENCES,
    find_row,
    mix_vector,
    read_mix,
    state_index,
)
from segue_rules.director.playlists import Playlists, playing_from
from segue_rules.director.state import (
    NEVER,
    ConditionRun,
    ControlPart,
    LayerNow,
    Pending,
    PieceStart,
    PlaylistHistory,
    Vector,
)
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    Binding,
    InputValue,
    Layer,
    LayerState,
    Length,
    MusicalTime,
    Rules,
    lasting,
)
from segue_rules.plan import TICKS_PER_BEAT, Cause, MusicalClock

_SLOWEST_MBPM: Final = round(TEMPO.low * 1000)
_MOST_CAUSES: Final = 256
_MOST_DRAWS: Final = 1 << 40
_MOST_NAMES: Final = 8_192


def read_layer(rules: Rules, layer: Layer, data: Any, frame: int, clock: MusicalClock) -> LayerNow:
    """A layer as it goes on.

    Args:
        clock: Of the frame.
    """
    fields = plain_data.mapping(data) if data is not None else {}
    playlists = Playlists(layer, rules.seed)
    runs, cooldowns = plain_data.mapping(fields.get("runs", {})), plain_data.mapping(fields.get("cooldowns", {}))
    courses = _read_courses(layer, playlists, fields.get("playlists"))
    active = fields.get("active")
    found = None if active is None else state_index(layer, plain_data.text(active))
    if found is not None:
        now = _read_active(rules, layer, fields, found, frame)
        now = now._replace(
            courses=playlists.begun(courses, found),
            entered=_read_entered(now, fields.get("playlists"), frame),
            playing=_read_playing(layer.states[found], fields.get("playlists"), frame, clock),
        )
    else:
        default = playlists.next_piece(courses, playlists.whole_of[layer.default_index])
        mix = mix_vector(rules, layer.states[default].mix)
        now = LayerNow(default, NEVER, mix, len(rules.transitions), None, (), ())
        playing = None if layer.states[default].piece is None else playing_from(frame, clock)
        now = now._replace(courses=playlists.played(courses, default), playing=playing)
    written = [layer.states[whole[0]] for whole in playlists.wholes]
    drawn = any(row.chance < 1 for row in rules.transitions)
    return now._replace(
        changes=plain_data.integer(fields.get("changes", 0), 0, _MOST_DRAWS) if drawn else 0,
        runs=tuple(_read_run(runs.get(name), frame) for name in playlists.names),
        cooldowns=tuple(_read_cooldown(state, cooldowns.get(state.written), frame) for state in written),
    )


def _read_courses(layer: Layer, playlists: Playlists, data: Any) -> tuple[PlaylistHistory | None, ...]:
    """What each playlist of the rules has played, of the pieces that it still has."""
    packed = {} if data is None else plain_data.mapping(plain_data.mapping(data).get("courses", {}))
    courses = []
    for whole, course in enumerate(playlists.start()):
        found = packed.get(playlists.names[whole])
        if course is not None and found is not None:
            draws, names = plain_data.sequence(found, 2, 2)
            drawn = playlists.drawn_pieces(whole)
            last = [i for name in _names(names) for i in drawn if layer.states[i].name == name]
            course = PlaylistHistory(
                plain_data.integer(draws, 0, _MOST_DRAWS), tuple(last[-playlists.remembered(whole) :])
            )
        courses.append(course)
    return tuple(courses)


def _names(data: Any) -> list[str]:
    return [plain_data.text(name) for name in plain_data.sequence(data, 0, _MOST_NAMES)]


def _read_entered(now: LayerNow, data: Any, frame: int) -> int:
    """When the active state of the file was entered. Without playlists that is where its ramp began."""
    return now.start if data is None else plain_data.time(plain_data.mapping(data).get("entered"), frame)


def _read_playing(state: LayerState, data: Any, frame: int, clock: MusicalClock) -> PieceStart | None:
    """Where the active piece began; in this frame where the state had no playlist before."""
    packed = None if data is None else plain_data.mapping(data).get("playing")
    if state.piece is None:
        return None
    if packed is None:
        return playing_from(frame, clock)
    began, ticks, bar = plain_data.sequence(packed, 3, 3)
    return PieceStart(
        plain_data.integer(began, -plain_data.LAST_FRAME, frame),
        plain_data.integer(ticks, 0, clock.ticks + TICKS_PER_BEAT),
        plain_data.integer(bar, 0, clock.bar + 1),
    )


def _read_active(rules: Rules, layer: Layer, fields: dict[Any, Any], active: int, frame: int) -> LayerNow:
    """A layer whose active state still exists, without its runs and cooldowns."""
    start = plain_data.time(fields.get("start"), frame)
    origin = read_mix(rules, fields.get("origin"))
    row = find_row(rules, fields.get("row"))
    ramp, fades = _read_lengths(rules, row, fields, counted=start == NEVER)
    settled = plain_data.boolean(fields.get("settled", True))
    parts, muted = fields.get("parts"), fields.get("muted")
    if row is None or (settled and frame - start < max((ramp, *(fades or ())))):
        # A ramp that is over stays over under a longer one, and one of a row that is gone ends.
        origin, ramp, fades = mix_vector(rules, layer.states[active].mix), 0, None
        parts = muted = None
    pending = fields.get("pending")
    return LayerNow(
        active,
        start,
        origin,
        len(rules.transitions) if row is None else row,
        None if pending is None else _read_pending(rules, layer, active, row, pending, frame),
        (),
        (),
        ramp,
        () if parts is None or muted is None else _read_parts(parts),
        () if parts is None or muted is None else _read_muted(rules, muted),
        fades,
    )


def _read_lengths(
    rules: Rules, index: int | None, fields: dict[Any, Any], *, counted: bool
) -> tuple[int, tuple[int, int] | None]:
    """The frames of a ramp, and those of its fades if it has any: by its row, or as packed.

    Args:
        index: Of the row; None if there is none any more.
        counted: Whether the lengths are those packed, whatever the row says.
    """
    ramp = plain_data.integer(fields.get("ramp", 0), 0, MOST_RAMP)
    packed = fields.get("fades")
    fades = None
    if packed is not None:
        out, enter = (plain_data.integer(each, 0, MOST_RAMP) for each in plain_data.sequence(packed, 2, 2))
        fades = out, enter
    if index is None or counted:
        return ramp, fades
    row = (*rules.transitions, BUILT_IN_TRANSITION)[index]

    def length(written: Length, before: int) -> int:
        # A time in beats or bars was counted when the ramp began.
        return before if isinstance(written, MusicalTime) else written

    if row.fades is None:
        return length(row.ramp_frames, ramp), None
    out, enter = fades or (ramp, ramp)
    return length(row.ramp_frames, ramp), (length(row.fades[0], out), length(row.fades[1], enter))


def _read_parts(data: Any) -> tuple[ControlPart, ...]:
    """What a layer did to each continuous control."""
    named = plain_data.mapping(data)
    parts = []
    for name in CONTINUOUS:
        share, value = plain_data.sequence(named.get(name, [0.0, 0.0]), 2, 2)
        low, high = RANGES[name]
        parts.append(
            ControlPart(plain_data.real(share, 0.0, 1.0), plain_data.real(value, min(low, 0.0), max(high, 0.0)))
        )
    return tuple(parts)


def _read_muted(rules: Rules, data: Any) -> Vector:
    """How far a layer muted the layers that still exist."""
    named = plain_data.mapping(data)
    return tuple(plain_data.real(named.get(layer.name, 0.0), 0.0, 1.0) for layer in rules.layers)


def _read_pending(rules: Rules, layer: Layer, active: int, before: int | None, data: Any, frame: int) -> Pending | None:
    """A pending change whose state still exists, with the row that fits it now.

    Args:
        before: By which the active began.
    """
    # States of an earlier version do not name the row: no chance decided it then.
    state, decided, predicted, causes, *named = plain_data.sequence(data, 4, 5)
    read = tuple(_read_cause(cause) for cause in plain_data.sequence(causes, 0, _MOST_CAUSES))
    decided = plain_data.integer(decided, -plain_data.LAST_FRAME, frame)
    predicted = plain_data.integer(predicted, -plain_data.LAST_FRAME, frame + MOST_RAMP)
    found = state_index(layer, plain_data.text(state))
    if found is None:
        return None
    left, entered = layer.states[active], layer.states[found]
    if left.piece is not None and left.piece.bridge and left.written == entered.written:
        row = len(rules.transitions) if before is None else before
    else:
        fitting = TransitionRows(rules).fitting(layer.name, left.written, entered.written)
        taken = find_row(rules, named[0]) if named else None
        row = taken if taken in fitting else fitting[-1]
    return Pending(found, decided, row, predicted, read)


def _read_cause(data: Any) -> Cause:
    name, value, sequence, text = plain_data.sequence(data, 4, 4)
    return Cause(
        plain_data.text(name),
        plain_data.scalar(value),
        plain_data.integer(sequence, *SEQUENCES),
        plain_data.text(text, 1_000),
    )


def _read_run(data: Any, frame: int) -> ConditionRun:
    if data is None:
        return ConditionRun(False, NEVER)
    holds, since = plain_data.sequence(data, 2, 2)
    return ConditionRun(plain_data.boolean(holds), plain_data.time(since, frame))


def _read_cooldown(state: LayerState, data: Any, frame: int) -> int:
    most = lasting(state.cooldown_frames, _SLOWEST_MBPM, int(METER.high))
    return NEVER if data is None else min(plain_data.time(data, frame + MOST_RAMP), frame + most)


def read_weight(layer: Layer, data: Any, values: Mapping[str, InputValue]) -> float:
    """The weight of a packed layer, within the bounds of its binding; without a packed one, `first_weight`."""
    weight = None if data is None else plain_data.mapping(data).get("weight")
    if weight is None or not isinstance(layer.weight, Binding):
        return first_weight(layer, values)
    low, high = layer.weight.range
    return min(max(plain_data.real(weight, 0.0, MOST_WEIGHT), low), high)


def first_weight(layer: Layer, values: Mapping[str, InputValue]) -> float:
    """The weight of a layer that has none yet.

    Args:
        values: All inputs, as moved.
    """
    return layer.weight.value(values) if isinstance(layer.weight, Binding) else layer.weight
