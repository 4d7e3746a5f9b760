"""Hypothesis strategies: random valid rules, built without a file, and random sessions to run them through.

Numbers come from coarse grids so that thresholds are met exactly now and then; times are short so that holds,
cool-downs, bars and ramps cross each other within a hundred frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any as AnyValue
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st

from segue_rules.bridges import with_bridges
from segue_rules.controls import MODES
from segue_rules.events import Event
from segue_rules.meters import Meter
from segue_rules.model import (
    DEFAULT_MUSIC,
    ON_RETURN,
    PLAYLIST_ORDERS,
    All,
    Any,
    At,
    AudioStinger,
    Binding,
    Bridge,
    Burst,
    ChoiceInput,
    Compare,
    Comparison,
    Condition,
    Counted,
    Counter,
    Duck,
    Fired,
    FlagInput,
    InGroup,
    Input,
    InState,
    IntegerInput,
    Key,
    Latch,
    Lately,
    Layer,
    LayerState,
    Length,
    Music,
    MusicalTime,
    Not,
    NumberInput,
    OneOf,
    Piece,
    Prompt,
    Rules,
    Stinger,
    Style,
    Theme,
    ThemeNote,
    ThemeUse,
    TimeRange,
    Transition,
    TriggerInput,
)

STATE_NAMES = ("calm", "alert", "combat", "boss", "town")
LAYER_NAMES = ("place", "action", "mood")
GROUP_NAMES = ("quiet", "loud")
STYLE_NAMES = ("harp", "choir", "drums", "brass")

quick = settings

_UNITS: tuple[Literal["beat", "bar"], ...] = ("beat", "bar")
one_in_four = st.integers(0, 3)
musical_times = st.builds(
    lambda count, unit: MusicalTime(count=count, unit=unit),
    st.sampled_from((Fraction(1, 2), Fraction(1), Fraction(3))),
    st.sampled_from(_UNITS),
)
some_frames = st.one_of(st.just(0), st.integers(1, 6), st.integers(1, 40))
few_or_no_frames: st.SearchStrategy[Length] = st.one_of(some_frames, some_frames, musical_times)
few_frames: st.SearchStrategy[Length] = st.one_of(st.integers(0, 6), st.integers(0, 40), musical_times)
weights = st.sampled_from((0.25, 0.5, 1.0, 2.0, 3.0))
ats = st.one_of(
    st.sampled_from((At(unit="immediate"), At(unit="eighth"), At(unit="beat"), At(unit="group"), At(unit="bar"))),
    st.builds(
        lambda every, first: At(unit="bar", every=every, first=first % every), st.integers(1, 3), st.integers(0, 2)
    ),
)
equality: st.SearchStrategy[Comparison] = st.sampled_from(("==", "!="))
ordering: st.SearchStrategy[Comparison] = st.sampled_from(("<", "<=", ">", ">=", "<", ">", "==", "!="))
curve_steps = st.sets(st.integers(-1, 5), min_size=2, max_size=4)
tempos = st.sampled_from((60.0, 96.7, 140.0, 200.0, 299.999, 300.0))
meters: st.SearchStrategy[Meter | Literal["auto"] | None] = (
    st.none() | st.just("auto") | st.integers(1, 4) | st.sampled_from(((2, 3), (3, 2, 2)))
)
keys: st.SearchStrategy[Key | Literal["auto"] | None] = st.one_of(
    st.none(), st.just("auto"), st.builds(lambda t, m: Key(tonic=t, mode=m), st.integers(0, 11), st.sampled_from(MODES))
)
drums: st.SearchStrategy[Literal["on", "off", "auto"] | None] = st.sampled_from((None, "on", "off", "auto"))
intensities = st.sampled_from((0.0, 0.3, 1.0))
temperatures = st.sampled_from((0.1, 1.1, 2.0))
THEMES = tuple(
    Theme(name=name, notes=(ThemeNote(start=Fraction(0), beats=Fraction(1), pitch=60, velocity=96),))
    for name in ("hero", "villain")
)
theme_uses: st.SearchStrategy[ThemeUse | None] = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        lambda name, strength: ThemeUse(name=name, strength=strength),
        st.sampled_from(("hero", "villain")),
        st.sampled_from((0.0, 0.75, 1.0)),
    ),
)
guidances = st.sampled_from((0.0, 3.0, 10.0))
# No gain between two of these is at the bound of silence where random inputs stop.
gains = st.sampled_from((-96.0, -7.0, 0.0, 12.0))
frequencies = st.sampled_from((20.0, 300.0, 777.777, 20_000.0))
reverbs = st.sampled_from((0.0, 0.4, 1.0))
widths = st.sampled_from((0.0, 1.0, 1.7))
pans = st.sampled_from((-1.0, 0.0, 0.3))
layer_weights = st.sampled_from((1.0, 0.5, 3.0, 0.0, 0.02))
factors = st.sampled_from((0.0, 0.5, 1.0))
factor_counts = st.sampled_from((0, 0, 0, 1, 2))


# --- inputs ---------------------------------------------------------------------------------------------------------


@st.composite
def numbers(draw: st.DrawFn, name: str) -> NumberInput:
    low, high = draw(st.sampled_from(((0.0, 1.0), (-2.0, 2.0), (0.0, 100.0))))
    rate = st.none() | st.sampled_from((0.3, 1.0, 2.5)).map(lambda share: share * (high - low))
    grid = st.integers(0, 4).map(lambda step: low + (high - low) * step / 4)
    return NumberInput(name=name, low=low, high=high, default=draw(grid), rise=draw(rate), fall=draw(rate))


@st.composite
def integers(draw: st.DrawFn, name: str) -> IntegerInput:
    return IntegerInput(name=name, low=-1, high=5, default=draw(st.integers(-1, 5)))


@st.composite
def choices(draw: st.DrawFn, name: str) -> ChoiceInput:
    of = ("forest", "crypt", "market")[: draw(st.integers(2, 3))]
    return ChoiceInput(name=name, of=of, default=draw(st.sampled_from(of)))


intervals: st.SearchStrategy[int | TimeRange | None] = st.one_of(
    st.none(), st.integers(1, 30), st.builds(lambda low: TimeRange(low=low, high=low + 12), st.integers(1, 20))
)


@st.composite
def inputs(draw: st.DrawFn) -> tuple[Input, ...]:
    """One or two of each kind, so that every kind of condition can be drawn."""
    found: list[Input] = [draw(numbers("threat")), draw(integers("enemies")), draw(choices("region"))]
    found += [FlagInput(name="cutscene", default=draw(st.booleans())), TriggerInput(name="hit")]
    extra: tuple[Input, ...] = (
        draw(numbers("health")),
        FlagInput(name="night"),
        TriggerInput(name="victory", every=draw(intervals)),
    )
    found += [i for i in extra if draw(st.booleans())]
    return tuple(draw(st.permutations(found)))


# --- conditions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """What conditions may speak of."""

    inputs: tuple[Input, ...]
    states: dict[str, tuple[str, ...]]
    groups: dict[str, dict[str, tuple[str, ...]]]
    """Of each layer: the groups of its states. Some group has a state."""
    counters: list[Counter] = field(default_factory=list)
    stays: list[InState | InGroup] = field(default_factory=list)


@st.composite
def comparisons(draw: st.DrawFn, names: Names) -> Compare:
    target = draw(st.sampled_from([i for i in names.inputs if not isinstance(i, TriggerInput)]))
    match target:
        case FlagInput():
            return Compare(input=target.name, op=draw(equality), value=draw(st.booleans()))
        case ChoiceInput():
            return Compare(input=target.name, op=draw(equality), value=draw(st.sampled_from(target.of)))
        case _:
            return draw(thresholds(target, ordering))


@st.composite
def thresholds(draw: st.DrawFn, target: NumberInput | IntegerInput, ops: st.SearchStrategy[Comparison]) -> Compare:
    return Compare(input=target.name, op=draw(ops), value=draw(in_range(target)))


@st.composite
def latches(draw: st.DrawFn, names: Names, index: int) -> Latch:
    kinds = [i for i in names.inputs if isinstance(i, NumberInput | IntegerInput)]
    target = draw(st.sampled_from(kinds))
    up = draw(st.booleans())
    enter = draw(thresholds(target, st.sampled_from((">", ">=") if up else ("<", "<="))))
    leave = draw(thresholds(target, st.sampled_from(("<", "<=") if up else (">", ">="))))
    return Latch(index=index, enter=enter, exit=leave)


@st.composite
def leaves(draw: st.DrawFn, names: Names, found: list[Latch]) -> Condition:
    kinds = ("compare", "compare", "one_of", "latch", "in_state", "in_group", "lately", "fired", "counted")
    kind = draw(st.sampled_from(kinds))
    if kind == "compare":
        return draw(comparisons(names))
    if kind == "one_of":
        region = next(i for i in names.inputs if isinstance(i, ChoiceInput))
        return OneOf(
            input=region.name, values=tuple(draw(st.lists(st.sampled_from(region.of), min_size=1, max_size=2)))
        )
    if kind == "latch":
        latch = draw(latches(names, len(found)))
        found.append(latch)
        return latch
    if kind == "in_state":
        layer = draw(st.sampled_from(sorted(names.states)))
        return InState(layer=layer, state=draw(st.sampled_from(names.states[layer])))
    if kind == "in_group":
        layer = draw(st.sampled_from(sorted(names.groups)))
        known = sorted({group for groups in names.groups[layer].values() for group in groups})
        if known:
            return InGroup(layer=layer, group=draw(st.sampled_from(known)))
    if kind == "lately":
        layer = draw(st.sampled_from(sorted(names.states)))
        groups = sorted({group for groups in names.groups[layer].values() for group in groups})
        stays: list[InState | InGroup] = [InState(layer=layer, state=state) for state in names.states[layer]]
        stays += [InGroup(layer=layer, group=group) for group in groups]
        of = draw(st.sampled_from(stays))
        if of not in names.stays:
            names.stays.append(of)
        return Lately(index=names.stays.index(of), of=of, frames=draw(st.sampled_from((1, 2, 5, 20))))
    triggers = [i.name for i in names.inputs if isinstance(i, TriggerInput)]
    if kind == "counted":
        counter = Counter(trigger=draw(st.sampled_from(triggers)), after=draw(st.none() | st.sampled_from(triggers)))
        index = next((i for i, each in enumerate(names.counters) if each == counter), len(names.counters))
        if index == len(names.counters):
            names.counters.append(counter)
        return Counted(index=index, counter=counter, op=draw(ordering), value=draw(st.integers(0, 3)))
    return Fired(trigger=draw(st.sampled_from(triggers)), frames=draw(st.sampled_from((1, 1, 2, 5, 20))))


@st.composite
def conditions(draw: st.DrawFn, names: Names, found: list[Latch], depth: int = 2) -> Condition:
    kind = draw(st.sampled_from(("leaf", "leaf", "leaf", "all", "any", "not"))) if depth else "leaf"
    if kind == "leaf":
        return draw(leaves(names, found))
    if kind == "not":
        return Not(of=draw(conditions(names, found, depth - 1)))
    parts = tuple(draw(conditions(names, found, depth - 1)) for _ in range(draw(st.integers(1, 3))))
    return All(of=parts) if kind == "all" else Any(of=parts)


# --- music ----------------------------------------------------------------------------------------------------------


@st.composite
def bindings(draw: st.DrawFn, names: Names, values: st.SearchStrategy[float], lowest: float = 0.0) -> Binding:
    """A curve over a number or integer input whose points may lie beyond the input's range, and factors of it.

    Args:
        lowest: The factors leave the value at or above that, where that is greater than 0.
    """
    numbers = [item for item in names.inputs if isinstance(item, NumberInput | IntegerInput)]
    plain = draw(curves(numbers, values))
    times = tuple(draw(curves(numbers, factors)) for _ in range(draw(factor_counts)))
    bound = replace(plain, times=times)
    return plain if bound.range[0] < lowest > 0.0 else bound


@st.composite
def curves(draw: st.DrawFn, inputs: Sequence[NumberInput | IntegerInput], values: st.SearchStrategy[float]) -> Binding:
    """A binding to one of the inputs, without factors."""
    target = draw(st.sampled_from(inputs))
    span = target.high - target.low
    steps = sorted(draw(curve_steps))
    return Binding(input=target.name, curve=tuple((target.low + span * x / 4, draw(values)) for x in steps))


def control(
    draw: st.DrawFn, names: Names, values: st.SearchStrategy[float], lowest: float = 0.0
) -> float | Binding | None:
    kind = draw(one_in_four)
    return draw(bindings(names, values, lowest)) if kind == 3 else draw(values) if kind == 2 else None


@st.composite
def music(draw: st.DrawFn, names: Names) -> Music:
    return Music(
        tempo_bpm="auto" if draw(one_in_four) == 0 else control(draw, names, tempos, 20.0),
        meter=draw(meters),
        key=draw(keys),
        drums=draw(drums),
        intensity=control(draw, names, intensities),
        temperature=control(draw, names, temperatures, 0.1),
        guidance=control(draw, names, guidances),
        gain_db=control(draw, names, gains),
        low_pass_hz=control(draw, names, frequencies, 20.0),
        high_pass_hz=control(draw, names, frequencies, 20.0),
        reverb=control(draw, names, reverbs),
        width=control(draw, names, widths),
        pan=control(draw, names, pans),
    )


def complete(partial: Music) -> Music:
    """Every control set, as at the top level of a file."""
    given_or_default = {
        name: getattr(DEFAULT_MUSIC if getattr(partial, name) is None else partial, name)
        for name in Music.__dataclass_fields__
        if name != "mark"
    }
    return Music(**given_or_default)


# --- layers, transitions, stingers ----------------------------------------------------------------------------------


def mixes(styles: Sequence[Style], min_size: int = 1) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from([style.name for style in styles]), weights, min_size=min_size, max_size=3)


piece_lengths: st.SearchStrategy[Length | TimeRange | None] = st.one_of(
    st.integers(1, 40),
    st.none(),
    st.builds(lambda count: MusicalTime(count=Fraction(count), unit="bar"), st.integers(1, 2)),
    st.sampled_from((MusicalTime(count=Fraction(1, 2), unit="beat"), MusicalTime(count=Fraction(3), unit="beat"))),
    st.builds(lambda low: TimeRange(low=low, high=low + 20), st.integers(1, 12)),
)


@st.composite
def pieces(draw: st.DrawFn, state: LayerState, names: Names, styles: Sequence[Style]) -> tuple[LayerState, ...]:
    """The state, or now and then one for each piece of a playlist."""
    if draw(one_in_four) != 3:
        return (state,)
    count, order = draw(st.integers(1, 3)), draw(st.sampled_from(PLAYLIST_ORDERS))
    avoided = draw(st.integers(0, count - 1))
    played = []
    for i in range(count + draw(st.integers(0, 1))):
        piece = Piece(
            order=order, avoid_last=avoided, weight=draw(weights), length=draw(piece_lengths), between=i == count
        )
        mix = draw(mixes(styles, min_size=0)) if draw(st.booleans()) else state.mix
        controls = draw(music(names)) if draw(st.booleans()) else state.music
        name = f"{state.name}/{'between' if i == count else 'abc'[i]}"
        played.append(replace(state, name=name, mix=mix, music=controls, piece=piece))
    return tuple(played)


@st.composite
def layers(draw: st.DrawFn, name: str, names: Names, styles: Sequence[Style], found: list[Latch]) -> Layer:
    default = draw(st.sampled_from(names.states[name]))
    states = []
    for state in names.states[name]:
        mix = draw(mixes(styles, min_size=draw(st.sampled_from((1, 1, 1, 0)))))
        controls = draw(music(names)) if draw(st.booleans()) else Music()
        on_return, theme = draw(st.sampled_from(ON_RETURN)), draw(theme_uses)
        others = [other for other in names.states if other != name]
        mute = tuple(draw(st.sets(st.sampled_from(others)))) if others and draw(one_in_four) == 3 else ()
        solo = draw(st.integers(0, 9)) == 9
        if state == default:
            states.append(
                LayerState(
                    name=state,
                    default=True,
                    mix=mix,
                    music=controls,
                    on_return=on_return,
                    theme=theme,
                    mute=mute,
                    solo=solo,
                    groups=names.groups[name][state],
                )
            )
            continue
        states.append(
            LayerState(
                name=state,
                when=draw(conditions(names, found) if draw(st.integers(0, 9)) else st.none()),
                unless=draw(st.none() | st.none() | conditions(names, found)),
                priority=draw(st.sampled_from((-10, 0, 0, 50))),
                attack_frames=draw(few_or_no_frames),
                hold_frames=draw(few_or_no_frames),
                min_time_frames=draw(few_or_no_frames),
                resist=draw(one_in_four) == 3,
                cooldown_frames=draw(few_or_no_frames),
                mix=mix,
                music=controls,
                on_return=on_return,
                theme=theme,
                mute=mute,
                solo=solo,
                groups=names.groups[name][state],
            )
        )
    weight = draw(bindings(names, layer_weights)) if draw(one_in_four) == 3 else draw(layer_weights)
    return Layer(
        name=name,
        states=tuple(piece for state in states for piece in draw(pieces(state, names, styles))),
        weight=weight,
        weight_ramp_frames=draw(st.sampled_from((0, 1, 5, 12))),
        theme=draw(theme_uses),
    )


@st.composite
def bridges(draw: st.DrawFn, names: Names, styles: Sequence[Style]) -> Bridge:
    return Bridge(
        bars=draw(st.integers(1, 3)),
        mix=draw(st.none() | mixes(styles)),
        music=draw(music(names)),
        theme=draw(theme_uses),
    )


@st.composite
def transitions(draw: st.DrawFn, names: Names, styles: Sequence[Style]) -> tuple[Transition, ...]:
    rows: dict[tuple[str | None, str | None, str | None], list[Transition]] = {}
    every_state = sorted({state for states in names.states.values() for state in states} | set(GROUP_NAMES))
    for _ in range(draw(st.integers(0, 6))):
        layer = draw(st.none() | st.sampled_from(sorted(names.states)))
        end = st.none() | st.sampled_from(every_state if layer is None else (*names.states[layer], *GROUP_NAMES))
        row = Transition(
            layer=layer,
            from_state=draw(end),
            to_state=draw(end),
            at=draw(ats),
            max_wait_frames=draw(st.none() | few_frames),
            ramp_frames=draw(few_frames),
            curve=draw(st.sampled_from(("linear", "smooth", "equal_power"))),
            fade_out_frames=draw(st.none() | st.none() | few_frames),
            fade_in_frames=draw(st.none() | st.none() | few_frames),
            chance=draw(st.sampled_from((1.0, 1.0, 0.5, 0.2))),
        )
        if draw(one_in_four) == 0 and (row.from_state is None or row.from_state != row.to_state):
            row = replace(row, bridge=draw(bridges(names, styles)))
        alike = rows.setdefault((row.layer, row.from_state, row.to_state), [])
        if not alike or alike[-1].chance < 1:
            alike.append(replace(row, place=len(alike)))
    return _bridges_apart([row for alike in rows.values() for row in alike])


def _bridges_apart(rows: Sequence[Transition]) -> tuple[Transition, ...]:
    """The rows without the bridges that would play as states of the same name, as no file may have them."""
    kept: list[Transition] = []
    for row in rows:
        rivals = [each for each in kept if each.bridge is not None and each.from_state == row.from_state]
        others = [each for each in rivals if (each.layer, each.to_state) != (row.layer, row.to_state)]
        chances = any(each.chance < 1 for each in rows if each.from_state == row.from_state)
        kept.append(replace(row, bridge=None) if others and chances else row)
    return tuple(kept)


@st.composite
def stingers(draw: st.DrawFn, name: str, names: Names, styles: Sequence[Style]) -> Stinger:
    trigger = draw(st.sampled_from([i.name for i in names.inputs if isinstance(i, TriggerInput)]))
    at, cooldown = draw(ats), draw(few_or_no_frames)
    if draw(st.booleans()):
        duck = Duck(depth_db=-8.0, fade_out_samples=2_400, recovery_samples=48_000, fade_in_samples=19_200)
        return AudioStinger(
            name=name,
            trigger=trigger,
            audio=Path("victory.wav"),
            at=at,
            gain_db=draw(st.sampled_from((-3.0, 0.0))),
            cooldown_frames=cooldown,
            if_late=draw(st.sampled_from(("drop", "play"))),
            duck=draw(st.none() | st.just(duck)),
        )
    ramp: Length = draw(st.integers(0, 8))
    time: Length = max(1, 2 * int(ramp) + draw(st.integers(0, 20)))
    if draw(one_in_four) == 3:
        time = draw(musical_times)
        ramp = draw(st.integers(0, 8) | musical_times)
    return Burst(
        name=name,
        trigger=trigger,
        mix=draw(mixes(styles)),
        time_frames=time,
        theme=draw(theme_uses),
        ramp_frames=ramp,
        at=at,
        cooldown_frames=cooldown,
    )


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    styles = tuple(
        Style(name=name, prompts=(Prompt(text=f"calm {name}"),), tempo_bpm=draw(tempos), meter=draw(st.integers(1, 4)))
        for name in STYLE_NAMES[: draw(st.integers(1, 4))]
    )
    layer_names = LAYER_NAMES[: draw(st.integers(1, 3))]
    some = st.permutations(STATE_NAMES)
    states = {name: tuple(draw(some))[: draw(st.sampled_from((2, 3, 4, 1)))] for name in layer_names}
    some_groups = st.permutations(GROUP_NAMES).flatmap(lambda two: st.sampled_from(((), (two[0],), tuple(two))))
    groups = {layer: {state: draw(some_groups) for state in states[layer]} for layer in layer_names}
    names = Names(inputs=draw(inputs()), states=states, groups=groups)
    found: list[Latch] = []
    built = tuple(draw(layers(name, names, styles, found)) for name in layer_names)
    rows = draw(transitions(names, styles))
    return Rules(
        title="random",
        seed=7,
        music=complete(draw(music(names))),
        inputs=names.inputs,
        styles=styles,
        layers=tuple(with_bridges(layer, rows) for layer in built),
        transitions=rows,
        themes=THEMES,
        stingers=tuple(draw(stingers(f"sting{i}", names, styles)) for i in range(draw(st.integers(0, 3)))),
        latches=tuple(found),
        counters=tuple(names.counters),
        stays=tuple(names.stays),
    )


# --- sessions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """What happens, frame by frame: the events of each frame and the first frame that can still change in it."""

    events: tuple[tuple[Event, ...], ...]
    earliest: tuple[int, ...]


def in_range(target: NumberInput | IntegerInput) -> st.SearchStrategy[float]:
    if isinstance(target, IntegerInput):
        return st.integers(target.low, target.high)
    return st.integers(0, 8).map(lambda step: target.low + (target.high - target.low) * step / 8)


hostile_values: st.SearchStrategy[AnyValue] = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=3),
    st.none(),
    st.sampled_from((math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308, -0.0, 3.0, 2.5, "forest", [], {})),
)


def fair_values(target: Input) -> st.SearchStrategy[AnyValue]:
    """What a game may send: the right type, sometimes out of range."""
    match target:
        case NumberInput():
            return st.integers(-1, 9).map(lambda step: target.low + (target.high - target.low) * step / 8)
        case IntegerInput():
            return st.integers(target.low - 1, target.high + 1)
        case ChoiceInput():
            return st.sampled_from(target.of)
        case _:
            return st.booleans()


@st.composite
def events(draw: st.DrawFn, of: Sequence[Input], sequence: int, hostile: bool) -> Event:
    """One event. A hostile one may name anything and set any value."""
    settable = [i for i in of if not isinstance(i, TriggerInput)]
    triggers = [i.name for i in of if isinstance(i, TriggerInput)]
    if hostile:
        names = st.sampled_from([i.name for i in of]) | st.sampled_from(("", "treat", "Threat", "10"))
        return Event(
            sequence=sequence,
            reset=draw(st.sampled_from((False, False, False, True))),
            set=draw(st.dictionaries(names, hostile_values, max_size=2)),
            fire=tuple(draw(st.lists(names, max_size=2))),
        )
    chosen = (
        draw(st.lists(st.sampled_from(settable), min_size=1, max_size=3, unique_by=lambda i: i.name))
        if settable
        else []
    )
    fire = draw(st.lists(st.sampled_from(triggers), max_size=2)) if triggers else []
    reset = draw(st.integers(0, 9)) == 9
    return Event(sequence=sequence, reset=reset, set={i.name: draw(fair_values(i)) for i in chosen}, fire=tuple(fire))


@st.composite
def sessions(
    draw: st.DrawFn, of: Sequence[Input], max_frames: int = 120, quiet: Sequence[int] = (0, 1, 2, 5, 12, 30)
) -> Session:
    """Bursts of events between quiet stretches; `earliest` runs ahead of the frame by a lag that changes."""
    taken: list[tuple[Event, ...]] = []
    earliest: list[int] = []
    sequence = 0
    length = draw(st.integers(1, max_frames) | st.just(max_frames))
    while len(taken) < length:
        here = []
        for _ in range(draw(st.sampled_from((1, 1, 2, 0)))):
            here.append(draw(events(of, sequence, hostile=draw(st.integers(0, 5)) == 0)))
            sequence += draw(st.integers(1, 3))
        lag = draw(st.sampled_from((0, 0, 0, 1, 7, 20)))
        for gap in range(draw(st.sampled_from(quiet)) + 1):
            earliest.append(len(taken) + lag)
            taken.append(tuple(here) if gap == 0 else ())
    return Session(events=tuple(taken[:length]), earliest=tuple(earliest[:length]))
