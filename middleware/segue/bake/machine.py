"""A rule file's decisions as plain data, for players that have no director: inputs, conditions, states and rows.

A player that steps this data frame by frame, as SEMANTICS 1 to 8 and 11 say, has the director's states in every frame
of the same musical clock. What cannot be written as data is refused, with its place in the file. What is only heard,
and cannot be baked, is listed. rules/BAKE.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any as AnyValue
from typing import Final, NamedTuple, TypeAlias

from segue_rules.director.playlists import Playlists
from segue_rules.director.transition_rows import TransitionRows, row_text
from segue_rules.errors import RuleError
from segue_rules.model import (
    All,
    Any,
    At,
    AudioStinger,
    Burst,
    ChoiceInput,
    Compare,
    Condition,
    Counted,
    Fired,
    FlagInput,
    InGroup,
    Input,
    InState,
    IntegerInput,
    Latch,
    Lately,
    Layer,
    LayerState,
    Length,
    Not,
    NumberInput,
    OneOf,
    Rules,
    TimeRange,
    Transition,
    TriggerInput,
)
from segue_yaml.report import Problem

Data: TypeAlias = dict[str, AnyValue]
"""What JSON can hold."""

NONE: Final = -1
"""In place of an index: none."""
_NO_CUES: Final = "waits for the cue of a clip, and a bake plays none; write a beat or a bar"


class Machine(NamedTuple):
    """The decisions of a rule file.

    Attributes:
        data: The parts `inputs`, `latches`, `counters`, `stays`, `layers`, `rows` and `stingers` of a manifest.
        left_out: What is heard of the rules and will not be heard of a bake.
    """

    data: Data
    left_out: tuple[Problem, ...]


def machine(rules: Rules) -> Machine:
    """The decisions of a rule file as data.

    Raises:
        RuleError: Decisions that cannot be written as data; it names all of them.
    """
    problems = list(_refused(rules))
    if problems:
        raise RuleError(problems)
    writer = _Writer(rules)
    return Machine(writer.data(), tuple(_left_out(rules)))


def _refused(rules: Rules) -> Iterator[Problem]:
    """What decides, or sounds, and cannot be baked."""
    for item in rules.inputs:
        if isinstance(item, TriggerInput) and isinstance(item.every, TimeRange):
            text = "its 'every' is a range, which is drawn by chance, and a bake draws nothing; write one time"
            yield Problem(mark=item.mark, where=f'input "{item.name}"', text=text)
    for row in rules.transitions:
        if row.chance < 1:
            text = f"{row_text(row)} has a chance, and a bake draws nothing; remove 'chance', or the row"
            yield Problem(mark=row.mark, where="transitions", text=text)
        if row.at.unit == "cue":
            yield Problem(mark=row.mark, where="transitions", text=f"{row_text(row)} {_NO_CUES}")
    for stinger in rules.stingers:
        if stinger.at.unit == "cue":
            yield Problem(mark=stinger.mark, where=f'stinger "{stinger.name}"', text=f"it {_NO_CUES}")
    for layer in rules.layers:
        for state in layer.states:
            where = f'layer "{layer.name}", state "{state.written}"'
            if state.clips:
                text = "it plays clips, which a bake cannot render yet; give it a mix instead"
                yield Problem(mark=state.mark, where=where, text=text)
            for condition in (state.when, state.unless):
                yield from _pieces_asked_for(rules, condition, where)


def _pieces_asked_for(rules: Rules, condition: Condition | None, where: str) -> Iterator[Problem]:
    """Conditions on one piece of a playlist: a bake has one loop for a state."""
    match condition:
        case All(of=parts) | Any(of=parts):
            for part in parts:
                yield from _pieces_asked_for(rules, part, where)
        case Not(of=part):
            yield from _pieces_asked_for(rules, part, where)
        case Lately(of=InState() as of) | (InState() as of):
            layer = next(each for each in rules.layers if each.name == of.layer)
            if of.state not in {state.written for state in layer.states}:
                text = f"it asks for the piece {of.state!r} of a playlist; a bake knows whole states only"
                yield Problem(mark=condition.mark, where=where, text=text)


def _left_out(rules: Rules) -> Iterator[Problem]:
    """What will not be heard of a bake."""
    for layer in rules.layers:
        for name, pieces in _wholes(layer):
            drawn = [piece for piece in pieces if piece.piece is not None and not piece.piece.bridge]
            if len(drawn) > 1:
                text = f"of its playlist of {len(drawn)} pieces only the first is baked, {drawn[0].name!r}"
                yield Problem(mark=pieces[0].mark, where=f'layer "{layer.name}", state "{name}"', text=text)
    for row in rules.transitions:
        if row.bridge is not None:
            text = f"the bridge of {row_text(row)} is left out; the change goes without it"
            yield Problem(mark=row.mark, where="transitions", text=text)
    for stinger in rules.stingers:
        if isinstance(stinger, Burst):
            text = "it is a burst of style, which a bake leaves out; a sound file (audio:) is baked"
            yield Problem(mark=stinger.mark, where=f'stinger "{stinger.name}"', text=text)


def _wholes(layer: Layer) -> list[tuple[str, list[LayerState]]]:
    """The states of the file with their pieces, in the order of the director."""
    playlists = Playlists(layer, 0)
    return [
        (name, [layer.states[i] for i in whole]) for name, whole in zip(playlists.names, playlists.wholes, strict=True)
    ]


def states_of(layer: Layer) -> tuple[LayerState, ...]:
    """The states of the file, each by the first of its pieces that is no bridge, in the order of the machine."""
    return tuple(
        next(piece for piece in pieces if piece.piece is None or not piece.piece.bridge) for _, pieces in _wholes(layer)
    )


class _Writer:
    """Writes names as indexes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._input = {item.name: i for i, item in enumerate(rules.inputs)}
        self._layer = {layer.name: i for i, layer in enumerate(rules.layers)}
        self._states = [states_of(layer) for layer in rules.layers]
        self._rows = TransitionRows(rules)

    def data(self) -> Data:
        rules = self._rules
        return {
            "inputs": [_input(item) for item in rules.inputs],
            "latches": [[self._condition(latch.enter), self._condition(latch.exit)] for latch in rules.latches],
            "counters": [
                [self._input[each.trigger], NONE if each.after is None else self._input[each.after]]
                for each in rules.counters
            ],
            "stays": [self._condition(stay) for stay in rules.stays],
            "layers": [
                self._layer_data(layer, states) for layer, states in zip(rules.layers, self._states, strict=True)
            ],
            "rows": [_row(row) for row in self._rows.rows],
            "stingers": [
                {
                    "name": stinger.name,
                    "trigger": self._input[stinger.trigger],
                    "at": _at(stinger.at),
                    "cooldown": _length(stinger.cooldown_frames),
                    "gain_db": stinger.gain_db,
                    "duck": None
                    if stinger.duck is None
                    else {
                        "depth_db": stinger.duck.depth_db,
                        "fade_out": stinger.duck.fade_out_samples,
                        "recovery": stinger.duck.recovery_samples,
                        "fade_in": stinger.duck.fade_in_samples,
                    },
                }
                for stinger in rules.stingers
                if isinstance(stinger, AudioStinger)
            ],
        }

    def _layer_data(self, layer: Layer, states: tuple[LayerState, ...]) -> Data:
        default = layer.states[layer.default_index].written
        names = [state.written for state in states]
        return {
            "name": layer.name,
            "default": names.index(default),
            "states": [self._state(state) for state in states],
            # By the state left, then by the state entered; a state does not lead to itself.
            "rows": [
                [NONE if old == new else self._rows.choose(layer.name, old, new, 0, 0) for new in names]
                for old in names
            ],
        }

    def _state(self, state: LayerState) -> Data:
        return {
            "name": state.written,
            "when": None if state.when is None else self._condition(state.when),
            "unless": None if state.unless is None else self._condition(state.unless),
            "priority": state.priority,
            "attack": _length(state.attack_frames),
            "hold": _length(state.hold_frames),
            "min_time": _length(state.min_time_frames),
            "resist": state.resist,
            "cooldown": _length(state.cooldown_frames),
        }

    def _condition(self, condition: Condition) -> list[AnyValue]:
        """A condition as its kind and what that kind takes."""
        match condition:
            case Compare(input=name, op=op, value=value):
                return ["compare", self._input[name], op, value]
            case OneOf(input=name, values=values):
                return ["one_of", self._input[name], list(values)]
            case Latch(index=index):
                return ["latch", index]
            case InState(layer=layer, state=state):
                at = self._layer[layer]
                return ["in", at, [i for i, each in enumerate(self._states[at]) if each.written == state]]
            case InGroup(layer=layer, group=group):
                at = self._layer[layer]
                return ["in", at, [i for i, each in enumerate(self._states[at]) if group in each.groups]]
            case Fired(trigger=trigger, frames=frames):
                return ["fired", self._input[trigger], frames]
            case Counted(index=index, op=op, value=number):
                return ["counted", index, op, number]
            case Lately(index=index, frames=frames):
                return ["lately", index, frames]
            case All(of=parts):
                return ["all", *map(self._condition, parts)]
            case Any(of=parts):
                return ["any", *map(self._condition, parts)]
            case Not(of=part):
                return ["not", self._condition(part)]


def _input(item: Input) -> Data:
    match item:
        case NumberInput():
            kind = {"type": "number", "low": item.low, "high": item.high, "rise": item.rise, "fall": item.fall}
        case IntegerInput():
            kind = {"type": "integer", "low": item.low, "high": item.high}
        case ChoiceInput():
            kind = {"type": "choice", "of": list(item.of)}
        case FlagInput():
            kind = {"type": "flag"}
        case TriggerInput():
            return {"name": item.name, "type": "trigger", "every": item.every}
    return {"name": item.name, **kind, "default": item.default}


def _length(length: Length | None) -> AnyValue:
    """Frames, or beats or bars as a fraction; None for none."""
    if length is None or isinstance(length, int):
        return length
    return {"count": [length.count.numerator, length.count.denominator], "unit": length.unit}


def _at(at: At) -> Data:
    return {"unit": at.unit, "every": at.every, "first": at.first}


def _row(row: Transition) -> Data:
    return {
        "at": _at(row.at),
        "max_wait": _length(row.max_wait_frames),
        "ramp": _length(row.ramp_frames),
        "curve": row.curve,
        "fade_out": _length(row.fade_out_frames),
        "fade_in": _length(row.fade_in_frames),
    }
