"""Hypothesis strategies: random valid rules, built without a file, and random sessions to run them through.

Numbers come from coarse grids so that thresholds are met exactly now and then; times are short so that holds,
cool-downs, bars and ramps cross each other within a hundred frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any as AnyValue
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from segue_rules.controls import MODES
from segue_rules.events import Event
from segue_rules.model import (
    DEFAULT_MUSIC,
    All,
    Any,
    At,
    AudioStinger,
    Binding,
    Burst,
    ChoiceInput,
    Compare,
    Comparison,
    Condition,
    Duck,
    Fired,
    FlagInput,
    Input,
    InState,
    IntegerInput,
    Key,
    Latch,
    Layer,
    LayerState,
    Music,
    Not,
    NumberInput,
    OneOf,
    Prompt,
    Rules,
    Stinger,
    Style,
    Transition,
    TriggerInput,
)

STATE_NAMES = ("calm", "alert", "combat", "boss", "town")
LAYER_NAMES = ("place", "action", "mood")
STYLE_NAMES = ("harp", "choir", "drums", "brass")

# Time limits would judge the machine, not the director. What is drawn is the same in every run: no gate is a draw.
_settings: dict[str, AnyValue] = {"deadline": None, "database": None, "suppress_health_check": (HealthCheck.too_slow,)}
quick = partial(settings, derandomize=True, **_settings)
deep = partial(settings, derandomize=True, print_blob=True, **_settings)

one_in_four = st.integers(0, 3)
few_or_no_frames = st.one_of(st.just(0), st.integers(1, 6), st.integers(1, 40))
few_frames = st.one_of(st.integers(0, 6), st.integers(0, 40))
weights = st.sampled_from((0.25, 0.5, 1.0, 2.0, 3.0))
ats = st.one_of(
    st.sampled_from((At(unit="immediate"), At(unit="beat"), At(unit="bar"))),
    st.builds(lambda every: At(unit="bar", every=every), st.integers(1, 3)),
)
equality: st.SearchStrategy[Comparison] = st.sampled_from(("==", "!="))
ordering: st.SearchStrategy[Comparison] = st.sampled_from(("<", "<=", ">", ">=", "<", ">", "==", "!="))
curve_steps = st.sets(st.integers(-1, 5), min_size=2, max_size=4)
tempos = st.sampled_from((60.0, 96.7, 140.0, 200.0, 299.999, 300.0))
meters: st.SearchStrategy[int | Literal["auto"] | None] = st.none() | st.just("auto") | st.integers(1, 4)
keys: st.SearchStrategy[Key | Literal["auto"] | None] = st.one_of(
    st.none(), st.just("auto"), st.builds(lambda t, m: Key(tonic=t, mode=m), st.integers(0, 11), st.sampled_from(MODES))
)
drums: st.SearchStrategy[Literal["on", "off", "auto"] | None] = st.sampled_from((None, "on", "off", "auto"))
intensities = st.sampled_from((0.0, 0.3, 1.0))
temperatures = st.sampled_from((0.1, 1.1, 2.0))
guidances = st.sampled_from((0.0, 3.0, 10.0))
gains = st.sampled_from((-96.0, -6.0, 0.0, 12.0))
layer_weights = st.sampled_from((1.0, 0.5, 3.0, 0.0))


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


@st.composite
def inputs(draw: st.DrawFn) -> tuple[Input, ...]:
    """One or two of each kind, so that every kind of condition can be drawn."""
    found: list[Input] = [draw(numbers("threat")), draw(integers("enemies")), draw(choices("region"))]
    found += [FlagInput(name="cutscene", default=draw(st.booleans())), TriggerInput(name="hit")]
    extra: tuple[Input, ...] = (
        draw(numbers("health")),
        FlagInput(name="night"),
        TriggerInput(name="victory"),
    )
    found += [i for i in extra if draw(st.booleans())]
    return tuple(draw(st.permutations(found)))


# --- conditions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """What conditions may speak of."""

    inputs: tuple[Input, ...]
    states: dict[str, tuple[str, ...]]


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
    kind = draw(st.sampled_from(("compare", "compare", "one_of", "latch", "in_state", "fired")))
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
    triggers = [i.name for i in names.inputs if isinstance(i, TriggerInput)]
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
def bindings(draw: st.DrawFn, names: Names, values: st.SearchStrategy[float]) -> Binding:
    """A curve over a number or integer input whose points may lie beyond the input's range."""
    target = draw(st.sampled_from([i for i in names.inputs if isinstance(i, NumberInput | IntegerInput)]))
    span = target.high - target.low
    steps = sorted(draw(curve_steps))
    return Binding(input=target.name, curve=tuple((target.low + span * x / 4, draw(values)) for x in steps))


def control(draw: st.DrawFn, names: Names, values: st.SearchStrategy[float]) -> float | Binding | None:
    kind = draw(one_in_four)
    return draw(bindings(names, values)) if kind == 3 else draw(values) if kind == 2 else None


@st.composite
def music(draw: st.DrawFn, names: Names) -> Music:
    return Music(
        tempo_bpm="auto" if draw(one_in_four) == 0 else control(draw, names, tempos),
        meter=draw(meters),
        key=draw(keys),
        drums=draw(drums),
        intensity=control(draw, names, intensities),
        temperature=control(draw, names, temperatures),
        guidance=control(draw, names, guidances),
        gain_db=control(draw, names, gains),
    )


def complete(partial: Music) -> Music:
    """Every control set, as at the top level of a file."""
    given_or_default = {
        name: getattr(DEFAULT_MUSIC if getattr(partial, name) is None else partial, name)
        for name in ("tempo_bpm", "meter", "key", "drums", "intensity", "temperature", "guidance", "gain_db")
    }
    return Music(**given_or_default)


# --- layers, transitions, stingers ----------------------------------------------------------------------------------


def mixes(styles: Sequence[Style], min_size: int = 1) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from([style.name for style in styles]), weights, min_size=min_size, max_size=3)


@st.composite
def layers(draw: st.DrawFn, name: str, names: Names, styles: Sequence[Style], found: list[Latch]) -> Layer:
    default = draw(st.sampled_from(names.states[name]))
    states = []
    for state in names.states[name]:
        mix = draw(mixes(styles, min_size=draw(st.sampled_from((1, 1, 1, 0)))))
        controls = draw(music(names)) if draw(st.booleans()) else Music()
        if state == default:
            states.append(LayerState(name=state, default=True, mix=mix, music=controls))
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
                cooldown_frames=draw(few_or_no_frames),
                mix=mix,
                music=controls,
            )
        )
    weight = draw(bindings(names, layer_weights)) if draw(one_in_four) == 3 else draw(layer_weights)
    return Layer(
        name=name, states=tuple(states), weight=weight, weight_ramp_frames=draw(st.sampled_from((0, 1, 5, 12)))
    )


@st.composite
def transitions(draw: st.DrawFn, names: Names) -> tuple[Transition, ...]:
    rows: dict[tuple[str | None, str | None, str | None], Transition] = {}
    every_state = sorted({state for states in names.states.values() for state in states})
    for _ in range(draw(st.integers(0, 6))):
        layer = draw(st.none() | st.sampled_from(sorted(names.states)))
        end = st.none() | st.sampled_from(every_state if layer is None else names.states[layer])
        row = Transition(
            layer=layer,
            from_state=draw(end),
            to_state=draw(end),
            at=draw(ats),
            max_wait_frames=draw(st.none() | few_frames),
            ramp_frames=draw(few_frames),
            curve=draw(st.sampled_from(("linear", "smooth", "equal_power"))),
        )
        rows[row.layer, row.from_state, row.to_state] = row
    return tuple(rows.values())


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
    ramp = draw(st.integers(0, 8))
    time = 2 * ramp + draw(st.integers(0, 20))
    return Burst(
        name=name,
        trigger=trigger,
        mix=draw(mixes(styles)),
        time_frames=max(1, time),
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
    names = Names(inputs=draw(inputs()), states=states)
    found: list[Latch] = []
    built = tuple(draw(layers(name, names, styles, found)) for name in layer_names)
    return Rules(
        title="random",
        seed=7,
        music=complete(draw(music(names))),
        inputs=names.inputs,
        styles=styles,
        layers=built,
        transitions=draw(transitions(names)),
        stingers=tuple(draw(stingers(f"sting{i}", names, styles)) for i in range(draw(st.integers(0, 3)))),
        latches=tuple(found),
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
