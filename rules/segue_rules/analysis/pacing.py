"""States that switch back and forth, changes that are too fast for the music model, and overlapping ducks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from segue_rules.analysis.finding import Finding, frames_text, nominal, written_finding
from segue_rules.analysis.reachability import Reachability, describe, longest_on
from segue_rules.analysis.satisfiability import Leaf, leaves, whole
from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.model import (
    COMPARISONS,
    FRAME_RATE,
    FRAME_SIZE,
    SAMPLE_RATE,
    AudioStinger,
    Compare,
    Condition,
    Duck,
    InGroup,
    InputValue,
    InState,
    Lately,
    Layer,
    LayerState,
    NumberInput,
    Rules,
)

# Less than this between off and on again sounds like flapping.
CALM_FRAMES: Final = FRAME_RATE
# A loop has time to come to rest and is then watched. No model follows more than a change every two seconds.
_SETTLING_FRAMES: Final = 20 * FRAME_RATE
_WATCHED_FRAMES: Final = 20 * FRAME_RATE
_SHORTEST_CYCLE_FRAMES: Final = 2 * FRAME_RATE
_MOST_SETTINGS: Final = 64
# Plans for all settings of a loop. One that rests needs a few for each; one whose mix moves all the time, one a frame.
_MOST_PLANS: Final = 10 * (_SETTLING_FRAMES + _WATCHED_FRAMES)


def flapping(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """States that may flap, and layers that keep switching each other."""
    numbers = {item.name: item for item in rules.inputs if isinstance(item, NumberInput)}
    for layer in rules.layers:
        for state in reachability.states_of(layer):
            yield from _thresholds(numbers, layer, state)
    for loop in _loops(rules, reachability):
        yield from _restless(rules, loop, reachability)


def _thresholds(numbers: Mapping[str, NumberInput], layer: Layer, state: LayerState) -> Iterator[Finding]:
    """A number that wavers about a bare threshold switches the state each time."""
    off = nominal(state.attack_frames) + nominal(state.cooldown_frames)
    on = max(nominal(state.hold_frames), nominal(state.min_time_frames))
    # A veto ends a state whatever its hold and min_time.
    cures = ((state.when, on + off, "hold, min_time or cooldown"), (state.unless, off, "cooldown or attack"))
    for condition, calm, cure in cures:
        if calm < CALM_FRAMES:
            for compare in _bare(numbers, condition):
                text = (
                    f"{compare.input} {compare.op} {compare.value:g} switches at every crossing: "
                    f"use two thresholds, {{{compare.input}: {{enter: …, exit: …}}}}, "
                    f"or a {cure} of {frames_text(CALM_FRAMES)} or more"
                )
                yield written_finding(layer, state, "flapping_threshold", text)


def _bare(numbers: Mapping[str, NumberInput], condition: Condition | None) -> Iterator[Compare]:
    """Comparisons of numbers that hold for some values and not for others. A range may begin at the lowest value."""
    for leaf in leaves(condition):
        item = numbers.get(leaf.input) if isinstance(leaf, Compare) else None
        if item is not None and isinstance(leaf, Compare):
            test, near = COMPARISONS[leaf.op], {item.low, item.high, min(max(float(leaf.value), item.low), item.high)}
            if len({test(value, leaf.value) for value in near}) > 1:
                yield leaf


# --- loops ----------------------------------------------------------------------------------------------------------


def _loops(rules: Rules, reachability: Reachability) -> list[tuple[Layer, ...]]:
    """Groups of layers whose conditions depend on each other's states, directly or not.

    A layer whose conditions depend on its own states is such a group, too.
    """
    depends_on = {
        layer.name: {leaf.layer for leaf in _leaves(layer, reachability) if isinstance(leaf, InState | InGroup)}
        | {leaf.of.layer for leaf in _leaves(layer, reachability) if isinstance(leaf, Lately)}
        for layer in rules.layers
    }
    reached = {name: _closure(name, depends_on) for name in depends_on}
    groups: dict[frozenset[str], None] = {}
    for name in depends_on:
        group = frozenset(other for other in reached[name] if name in reached[other])
        if group:
            groups[group] = None
    return [tuple(layer for layer in rules.layers if layer.name in group) for group in groups]


def _leaves(layer: Layer, reachability: Reachability) -> Iterator[Leaf]:
    for state in reachability.states_of(layer):
        yield from leaves(whole(state))


def _closure(name: str, depends_on: dict[str, set[str]]) -> set[str]:
    """All layers that the conditions of `name` depend on, directly or not; itself only through a loop."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in depends_on[todo.pop()] - found:
            found.add(other)
            todo.append(other)
    return found


def _restless(rules: Rules, loop: Sequence[Layer], reachability: Reachability) -> Iterator[Finding]:
    """Play the loop under constant inputs, one setting after another, and watch whether it comes to rest."""
    conditions = [whole(state) for layer in loop for state in reachability.states_of(layer)]
    director, plans = Director(rules), 0
    for setting in islice(reachability.solver.settings(conditions), _MOST_SETTINGS):
        if plans >= _MOST_PLANS:
            return
        changes, played = _changes(director, setting)
        plans += played
        for layer, count in changes.items():
            if count * _SHORTEST_CYCLE_FRAMES > _WATCHED_FRAMES and layer in {member.name for member in loop}:
                held = ", ".join(f"{name} {_show(value)}" for name, value in setting.items())
                names = ", ".join(member.name for member in loop)
                text = (
                    f"`state:` conditions ({names}) keep switching it every {frames_text(_WATCHED_FRAMES / count)}"
                    f"{f' at {held}' if held else ''}: break the circle, or let a state hold on"
                )
                yield Finding(mark=loop[0].mark, where=f'layer "{loop[0].name}"', code="flapping_loop", text=text)
                return


def _changes(director: Director, setting: dict[str, InputValue]) -> tuple[dict[str, int], int]:
    """How often each layer changes while it is watched, and how many plans that took."""
    events = (Event(sequence=0, set=setting),) if setting else ()
    state, _ = director.step(director.start(), 0, events)
    counts, plans = dict.fromkeys((layer.name for layer in director.rules.layers), 0), 0
    for span in director.spans(state, _SETTLING_FRAMES + _WATCHED_FRAMES):
        plans += 1
        for change in span.plan.changes:
            if change.kind == "started" and change.start >= _SETTLING_FRAMES:
                counts[change.layer] += 1
    return counts, plans


def _show(value: InputValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


# A blend that is over within two frames is a jump to the model, which needs about a chunk (400 ms) to follow one.
SHORTEST_RAMP_FRAMES: Final = 3
# A model needs about this long to follow a style before the style changes again.
SHORTEST_STATE_FRAMES: Final = 2 * FRAME_RATE


def pace(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Ramps and states that are too short, and ducks that overlap."""
    yield from _ramps(reachability)
    yield from _brief_states(rules, reachability)
    yield from _ducks(rules)


def _ramps(reachability: Reachability) -> Iterator[Finding]:
    for row in reachability.mixing_rows:
        ramp = max(map(nominal, row.fades or (row.ramp_frames,)))
        if ramp < SHORTEST_RAMP_FRAMES:
            text = (
                f"a ramp of {frames_text(ramp)} is a jump to the music model, which needs about 0.4 s; "
                "use 100 ms or more, or a stinger for what must be heard at once"
            )
            yield Finding(mark=row.mark, where=describe(row), code="ramp_too_short", text=text)


def _brief_states(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    for layer in rules.layers:
        for state in reachability.states_of(layer):
            on = longest_on(state)
            if not state.default and state.mix and on < SHORTEST_STATE_FRAMES:
                text = (
                    f"stays on for {frames_text(on)} at most, which is over before the music model has followed; "
                    "stretch its trigger with `for`, hold it, or make it a burst (stinger with `mix`)"
                )
                yield written_finding(layer, state, "state_too_brief", text)


def _ducks(rules: Rules) -> Iterator[Finding]:
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger) and stinger.duck is not None:
            length = _duck_samples(stinger.duck)
            if nominal(stinger.cooldown_frames) * FRAME_SIZE < length:
                text = (
                    f"may come again after {frames_text(nominal(stinger.cooldown_frames))}, while the music needs "
                    f"{length / SAMPLE_RATE:.4g} s for its duck alone; give it a longer cooldown"
                )
                where = f'stinger "{stinger.name}"'
                yield Finding(mark=stinger.mark, where=where, code="duck_overlap", text=text)


def _duck_samples(duck: Duck) -> int:
    """The length of a duck without that of the stinger, which only its file knows."""
    return duck.fade_out_samples + duck.recovery_samples + duck.fade_in_samples
