"""Plays small soundtracks: short builders for rules, and one call for both directors.

At the tempo of these soundtracks, 150 bpm, a beat is 10 frames and a bar of 4 beats is 40.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any as AnyValue

import pytest

from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.model import (
    DEFAULT_MUSIC,
    At,
    Compare,
    FlagInput,
    Input,
    Latch,
    Layer,
    LayerState,
    NumberInput,
    Prompt,
    Rules,
    Stinger,
    Style,
    Transition,
    TriggerInput,
)
from segue_rules.plan import FramePlan
from unit.rules.reference_director import ReferenceDirector

MUSIC = replace(DEFAULT_MUSIC, tempo_bpm=150.0, meter=4)
BEAT, BAR = 10, 40

IMMEDIATE, ON_BEAT, ON_BAR = At(unit="immediate"), At(unit="beat"), At(unit="bar")
AT_ONCE = Transition(at=IMMEDIATE, ramp_frames=0)

GO = Compare(input="go", op="==", value=True)
STOP = Compare(input="stop", op="==", value=True)
INPUTS: tuple[Input, ...] = (
    FlagInput(name="go"),
    FlagInput(name="go2"),
    FlagInput(name="stop"),
    NumberInput(name="threat", low=0.0, high=1.0, default=0.0),
    TriggerInput(name="hit"),
)


def is_on(name: str) -> Compare:
    """The flag is on."""
    return Compare(input=name, op="==", value=True)


def layer(*states: LayerState, name: str = "action", **fields: AnyValue) -> Layer:
    return Layer(name=name, states=states, **fields)


def calm(**fields: AnyValue) -> LayerState:
    given_or_default: dict[str, AnyValue] = {"mix": {"harp": 1.0}} | fields
    return LayerState(name="calm", default=True, **given_or_default)


def fight(**fields: AnyValue) -> LayerState:
    """A state that the flag `go` asks for."""
    given_or_default: dict[str, AnyValue] = {"name": "fight", "when": GO, "mix": {"drums": 1.0}} | fields
    return LayerState(**given_or_default)


def soundtrack(
    *layers: Layer,
    transitions: Sequence[Transition] = (AT_ONCE,),
    inputs: Sequence[Input] = INPUTS,
    stingers: Sequence[Stinger] = (),
    latches: Sequence[Latch] = (),
    **music: AnyValue,
) -> Rules:
    return Rules(
        title="small",
        seed=0,
        music=replace(MUSIC, **music),
        inputs=tuple(inputs),
        styles=tuple(Style(name=name, prompts=(Prompt(text=name),)) for name in ("harp", "drums", "brass")),
        layers=layers,
        transitions=tuple(transitions),
        stingers=tuple(stingers),
        latches=tuple(latches),
    )


def play_reference(rules: Rules, events: Sequence[Iterable[Event]], earliest: Sequence[int]) -> list[FramePlan]:
    director = ReferenceDirector(rules)
    return [director.step(now, first) for now, first in zip(events, earliest, strict=True)]


def play_director(rules: Rules, events: Sequence[Sequence[Event]], earliest: Sequence[int]) -> list[FramePlan]:
    director = Director(rules)
    state, plans = director.start(), []
    for frame, (now, first) in enumerate(zip(events, earliest, strict=True)):
        state, plan = director.step(state, frame, now, first)
        plans.append(plan)
    return plans


class Player:
    """Plays scripts. Tests check both directors against expectations written by hand, so they cannot drift together."""

    def __init__(self, play: Callable[..., list[FramePlan]]) -> None:
        self._play = play

    def __call__(
        self,
        rules: Rules,
        script: Mapping[int, AnyValue],
        frames: int,
        earliest: Mapping[int, int] | None = None,
    ) -> list[FramePlan]:
        """script: by frame, what is set, the trigger fired, or an event. earliest: by frame; elsewhere the frame."""
        events: list[list[Event]] = [[] for _ in range(frames)]
        for frame, what in script.items():
            if isinstance(what, str):
                what = Event(sequence=frame, fire=(what,))
            elif not isinstance(what, Event):
                what = Event(sequence=frame, set=what)
            events[frame].append(what)
        firsts = [max(frame, (earliest or {}).get(frame, 0)) for frame in range(frames)]
        return self._play(rules, events, firsts)


both = pytest.mark.parametrize("play", [Player(play_director), Player(play_reference)], ids=["director", "reference"])


def states(plans: Iterable[FramePlan], index: int = 0) -> list[tuple[int, str]]:
    """A layer's states with the frame each began in."""
    runs: list[tuple[int, str]] = []
    for plan in plans:
        if not runs or runs[-1][1] != plan.states[index]:
            runs.append((plan.frame, plan.states[index]))
    return runs


def changes(plans: Iterable[FramePlan]) -> list[tuple[int, str, str, int]]:
    """All change records as (frame, kind, to, start)."""
    return [(p.frame, c.kind, c.to_state, c.start) for p in plans for c in p.changes]


def cues(plans: Iterable[FramePlan]) -> list[tuple[int, str, str, int]]:
    """All stinger cues as (frame, kind, stinger, start)."""
    return [(p.frame, c.kind, c.stinger, c.start) for p in plans for c in p.stingers]
